// SPDX-License-Identifier: MIT
//
// Attends to a container in the foreground: passes its terminal and signals on, and waits for its end.
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

/// Blocks the signals that are passed on. Make it before the launch, so that no signal is lost and none kills ctr
/// half-way. Until the program runs, the signals that end a command end the launch (interruption()). The destructor
/// restores the old mask.
class ForwardedSignals {
public:
    ForwardedSignals();
    ~ForwardedSignals();
    ForwardedSignals(const ForwardedSignals &) = delete;
    ForwardedSignals &operator=(const ForwardedSignals &) = delete;
    sys::Interruption &interruption() { return ending_; }
    const sys::Interruption &interruption() const { return ending_; }
    /// Descriptors on which the signals that end a command and the other signals arrive.
    int ending_fd() const { return ending_.fd(); }
    int other_fd() const { return other_.get(); }
    /// The exit status of a command that failed: `failed`, or 128 + the signal that ended it.
    int status(int failed) const { return ending_.signal() == 0 ? failed : 128 + ending_.signal(); }

private:
    sigset_t old_{};
    Fd other_;
    sys::Interruption ending_;
};

/// The size of the terminal `fd`; std::nullopt if it is none.
std::optional<winsize> terminal_size(int fd);

/// True if the container's terminal shall write a newline as carriage return and newline. This is needed for a user's
/// terminal, which attend() makes raw; in a pipe or a file such lines would end in \r\n.
bool wants_carriage_returns();

/// Another descriptor to watch while a container runs: `ready` is called when `fd` is readable.
struct Watch {
    int fd = -1;
    std::function<void()> ready;
};

/// Passes signals to the child, and bytes between ctr's stdio and the container's terminal `console` (if valid; stdin
/// only with `interactive`), until the child has ended. Then reaps it and calls `ended`. After that it writes the rest
/// of the output, as long as the reader takes it. A process that does not read, in the container or outside, cannot
/// hold up signals or the end.
Result<sys::Exit> attend(const sys::Child &child, ForwardedSignals &signals, Fd console, bool interactive,
                         const std::function<void(const sys::Exit &)> &ended, const Watch &watch = {});

} // namespace core::cli
