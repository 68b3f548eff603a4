// SPDX-License-Identifier: MIT
//
// What ctr does while a container runs in the foreground: passes its terminal and signals on, and waits.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"
#include "sys/interruption.hpp"
#include "sys/process.hpp"

#include <csignal>
#include <functional>
#include <optional>
#include <sys/ioctl.h>
#include <termios.h>

namespace core::cli {

/// Blocks the signals that are to be passed on, from before the launch: none is lost, and none kills ctr half-way.
/// Until the program runs, those that end a command end the launch (interruption()). The old mask is back at the end.
class ForwardedSignals {
public:
    ForwardedSignals();
    ~ForwardedSignals();
    ForwardedSignals(const ForwardedSignals &) = delete;
    ForwardedSignals &operator=(const ForwardedSignals &) = delete;
    sys::Interruption &interruption() { return ending_; }
    const sys::Interruption &interruption() const { return ending_; }
    /// Where the signals that end a command arrive, and where the others do.
    int ending_fd() const { return ending_.fd(); }
    int other_fd() const { return other_.get(); }
    /// The exit status of a command that failed: `failed`, or 128 + the signal that ended it.
    int status(int failed) const { return ending_.signal() == 0 ? failed : 128 + ending_.signal(); }

private:
    sigset_t old_{};
    Fd other_;
    sys::Interruption ending_;
};

/// The size of the terminal behind `fd`, if it is one.
std::optional<winsize> terminal_size(int fd);

/// Whether the container's terminal is to write a newline as carriage return and newline: on a user's terminal, which
/// attend() makes raw, it has to; in a pipe or a file such lines would end in \r\n.
bool wants_carriage_returns();

/// Something else that is looked after while a container runs: `ready` is called when there is something to read from
/// `fd`.
struct Watch {
    int fd = -1;
    std::function<void()> ready;
};

/// Passes signals to the child, and bytes between ctr's stdio and the container's terminal `console` (if valid; stdin
/// only with `interactive`), until the child has ended. Then reaps it and calls `ended`. What was printed last and
/// nobody has taken yet is offered to who reads ctr's standard output after that, as long as he takes any. Nobody who
/// does not read, in the container or outside, stops signals or the end.
Result<sys::Exit> attend(const sys::Child &child, ForwardedSignals &signals, Fd console, bool interactive,
                         const std::function<void(const sys::Exit &)> &ended, const Watch &watch = {});

} // namespace core::cli
