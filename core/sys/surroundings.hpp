// SPDX-License-Identifier: MIT
//
// What a process inherits from its caller over execve(2) without asking for it: closed descriptors, ignored or blocked
// signals, a umask, somebody else's /proc. The program first brings all this into the state that the rest of the code
// expects.
#pragma once

#include "base/result.hpp"

#include <sys/types.h>

namespace core::sys {

/// Afterwards:
/// - 0, 1 and 2 are open, because the next file that is opened must not become standard output. What was closed reads
///   as empty; what is written to it is lost.
/// - SIGCHLD has its default action. If it were ignored, the kernel would reap the children and nobody would learn how
///   they ended (waitid(2)).
/// - SIGPIPE and SIGXFSZ are ignored, so that a write fails with an error and what was done can be undone.
/// - No signal is blocked.
/// - The umask is 022, so that files have the modes that the code says.
void settle();

/// `mode` without the bits of the caller's umask, for files that are made for the caller and not for ctr itself: an
/// example config.json, a pid file, a log.
mode_t as_the_caller_wants(mode_t mode);

/// Checks that /proc is the process file system of this process's pid namespace. Else pids in it would be those of
/// other processes.
Result<void> check_proc();

} // namespace core::sys
