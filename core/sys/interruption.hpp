// SPDX-License-Identifier: MIT
//
// A signal that tells a command to end before it is done, for example while a hook hangs or the child builds its root.
// The signals are blocked and read from a descriptor, so that what was done so far can be undone. Everything that waits
// also waits for this descriptor.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"

namespace core::sys {

class Interruption {
public:
    /// `signals`: a non-blocking signalfd(2) of the signals that end a command. Its maker has blocked these signals.
    explicit Interruption(Fd signals) : signals_(std::move(signals)) {}

    /// Readable when there is a signal that was not taken yet.
    int fd() const { return signals_.get(); }
    /// Takes one signal, if there is one. The next one interrupts what follows (the undoing, for example).
    bool take();
    /// The number of the first signal that was taken; 0: none.
    int signal() const { return first_; }
    /// The error of a command that was told to end.
    Error error() const;
    /// Waits until `fd` is readable or hung up. Errors: error() if a signal comes first; of poll(2).
    Result<void> wait_for(int fd);

private:
    Fd signals_;
    int first_ = 0;
};

} // namespace core::sys
