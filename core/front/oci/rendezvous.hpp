// SPDX-License-Identifier: MIT
//
// What an engine is told about a new process before its program runs: the terminal's master and a pidfd through its
// sockets, the pid in a file.
#pragma once

#include "container/container.hpp"
#include "front/cli/options.hpp"

namespace core::oci {

/// Carries out --console-socket (which closes `console`), --pidfd-socket and --pid-file. Errors: nobody listens; the
/// file cannot be written.
Result<void> tell_engine(const cli::Arguments &arguments, const sys::Child &child, Fd &console);

/// True if none of these options is given, so that the program need not wait.
bool nothing_to_tell(const cli::Arguments &arguments);

/// Checks that a terminal has somebody at its other end: --console-socket, or this process if it stays.
Result<void> check_console(const cli::Arguments &arguments, bool terminal, bool stays);

/// The number of descriptors from 3 on that are passed to the program: --preserve-fds, and those of socket activation
/// (LISTEN_FDS, sd_listen_fds(3)), for which the process gets the variables. Errors: one of them is not open.
Result<unsigned> passed_fds(const cli::Arguments &arguments, Json &process);

} // namespace core::oci
