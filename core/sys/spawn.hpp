// SPDX-License-Identifier: MIT
//
// Running another program and waiting for it. Only newuidmap, newgidmap, ps and OCI hooks are run at all.
#pragma once

#include "base/result.hpp"

#include <ctr/plugin.h>
#include <string>
#include <vector>

namespace core::sys {

/// Runs argv (argv[0] is looked up in the standard directories, not in PATH) with no input, an empty environment but
/// PATH, and its error output kept. Gives its exit status if it exited; an error with what it said if it failed to
/// start or died of a signal.
struct Ran {
    int status = 0;
    std::string errors; // at most 4 KiB of what it wrote to stderr
    std::string output; // what it wrote to stdout, if that was asked for; at most 16 MiB
};
Result<Ran> run_program(const std::vector<std::string> &argv, bool keep_output = false);

/// What spawn_and_wait() needs besides what a plugin says (ctr_spawn of sdk/include/ctr/host.h).
struct SpawnContext {
    const char *const *envp; // ended by nullptr
    /// Called in the new process as the last thing before it becomes the program; what it returns is 0, or the program
    /// is not started (ECANCELED). It may load a filter that forbids whatever the program does not need. nullptr:
    /// nothing.
    int (*confine)(void *argument);
    void *confine_argument;
    int interrupt; // once this is readable the program is killed (sys::Interruption); -1: nothing interrupts
};

/// Runs it in the namespaces of the calling process and waits. Its stdin is the input, its stdout the caller's; what it
/// writes to stderr goes on to the caller's. No other descriptor, no blocked or ignored signal reaches it, and it dies
/// with its caller. Allocates nothing: for both sides of the clone.
CTR_CHILD void spawn_and_wait(const ctr_spawn *what, const SpawnContext *context, ctr_spawned *how);

} // namespace core::sys
