// SPDX-License-Identifier: MIT
//
// What ctr does while a container runs in the foreground: passes its terminal and signals on, and waits.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"
#include "sys/process.hpp"

#include <csignal>
#include <optional>
#include <sys/ioctl.h>
#include <termios.h>

namespace core::cli {

/// Blocks the signals that are to be passed on, from before the launch: none is lost, and none kills ctr half-way. The old mask is back at the end.
class ForwardedSignals {
public:
    ForwardedSignals();
    ~ForwardedSignals();
    ForwardedSignals(const ForwardedSignals &) = delete;
    ForwardedSignals &operator=(const ForwardedSignals &) = delete;
    const sigset_t &old_mask() const { return old_; }
    int fd() const { return fd_.get(); }

private:
    sigset_t old_{};
    Fd fd_;
};

/// The size of the terminal behind `fd`, if it is one.
std::optional<winsize> terminal_size(int fd);

/// Whether the container's terminal is to write a newline as carriage return and newline: on a user's terminal, which attend() makes raw, it has to; in a
/// pipe or a file such lines would end in \r\n.
bool wants_carriage_returns();

/// Passes signals to the child, and bytes between ctr's stdio and the container's terminal `console` (if valid; stdin only with
/// `interactive`), until the child has ended. Then reaps it.
Result<sys::Exit> attend(const sys::Child &child, const ForwardedSignals &signals, Fd console, bool interactive);

} // namespace core::cli
