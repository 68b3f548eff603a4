// SPDX-License-Identifier: MIT
//
// What a process has from its caller over execve(2), and did not ask for: descriptors that are closed, signals that are
// ignored or blocked, a umask, somebody else's /proc. The program makes it what the rest of the code takes for granted,
// before anything else, so that nothing else has to think of it.
#pragma once

#include "base/result.hpp"

#include <sys/types.h>

namespace core::sys {

/// - 0, 1 and 2 are open: the next file that is opened must not be taken for standard output. What was closed reads as
///   empty and takes everything.
/// - SIGCHLD is as by default: where it is ignored the kernel reaps the children, and nobody learns how they ended
///   (waitid(2)).
/// - SIGPIPE and SIGXFSZ are ignored: a write fails with an error, and what was done is taken back.
/// - No signal is blocked.
/// - The umask is 022: files have the modes that the code says.
void settle();

/// `mode` less the caller's umask, for files that are made for the caller and not for ctr itself: an example
/// config.json, a pid file, a log.
mode_t as_the_caller_wants(mode_t mode);

/// /proc is the process file system of this process's own pid namespace. Without it pids would be those of strangers.
Result<void> check_proc();

} // namespace core::sys
