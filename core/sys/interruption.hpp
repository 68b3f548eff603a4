// SPDX-License-Identifier: MIT
//
// A signal that tells a command to end before it is through: while a hook hangs, while the child builds its root. The
// signals are blocked and read from a descriptor, so that what was done so far can be taken back; whoever waits for
// anything waits for that descriptor too.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"

namespace core::sys {

class Interruption {
public:
    /// `signals`: a signalfd(2) that does not block, of the signals that end a command. They are blocked by who made
    /// it.
    explicit Interruption(Fd signals) : signals_(std::move(signals)) {}

    /// Readable when there is a signal that nobody took.
    int fd() const { return signals_.get(); }
    /// Takes one, if there is one; the next is for what follows (undoing, for example).
    bool take();
    /// The first that was taken; 0: none.
    int signal() const { return first_; }
    /// What a command says that was told to end.
    Error error() const;
    /// Waits until `fd` has something to read or is hung up. Errors: told to end meanwhile.
    Result<void> wait_for(int fd);

private:
    Fd signals_;
    int first_ = 0;
};

} // namespace core::sys
