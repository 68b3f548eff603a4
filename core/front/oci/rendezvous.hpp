// SPDX-License-Identifier: MIT
//
// What an engine is told of a new process before its program runs: the terminal's master and a pidfd over its sockets,
// the pid in a file.
#pragma once

#include "container/container.hpp"
#include "front/cli/options.hpp"

namespace core::oci {

/// Does what the options --console-socket, --pidfd-socket and --pid-file ask for. Errors: the receiver is not there;
/// the file cannot be written.
Result<void> tell_engine(const cli::Arguments &arguments, const sys::Child &child, Fd &console);

/// Nothing of that is asked for: the program need not wait for it.
bool nothing_to_tell(const cli::Arguments &arguments);

/// A terminal needs somebody at its other end: --console-socket, or this process if it stays.
Result<void> check_console(const cli::Arguments &arguments, bool terminal, bool stays);

/// The descriptors that go on to the program: --preserve-fds, and those of socket activation (LISTEN_FDS,
/// sd_listen_fds(3)), for which `env` gets its variables. Errors: one of them is not open.
Result<unsigned> passed_fds(const cli::Arguments &arguments, Json &process);

} // namespace core::oci
