// SPDX-License-Identifier: MIT
//
// Runs another program and waits for it. The only such programs are newuidmap, newgidmap, ps and OCI hooks.
#pragma once

#include "base/result.hpp"

#include <ctr/plugin.h>
#include <string>
#include <vector>

namespace core::sys {

/// Runs argv without input. argv[0] is looked up in the standard directories and not in PATH. The environment has only
/// PATH. Returns the exit status of a program that exited. Errors: it could not be started, or it died of a signal; the
/// hint then has what it wrote to stderr.
struct Ran {
    int status = 0;
    std::string errors; // at most 4 KiB of what it wrote to stderr
    std::string output; // what it wrote to stdout, if that was asked for; at most 16 MiB
};
Result<Ran> run_program(const std::vector<std::string> &argv, bool keep_output = false);

/// What spawn_and_wait() needs besides the plugin's request (ctr_spawn in sdk/include/ctr/host.h).
struct SpawnContext {
    const char *const *envp; // ended by nullptr
    /// Called in the new process, last before it becomes the program; may be nullptr. If it does not return 0, the
    /// program is not started (ECANCELED). It may load a filter that forbids everything that the program does not need.
    int (*confine)(void *argument);
    void *confine_argument;
    int interrupt; // when this is readable, the program is killed (sys::Interruption); -1: none
};

/// Runs the program in the namespaces of the calling process and waits for it; `how` says how it ended. Its stdin is
/// what->input, its stdout what->out; its stderr is copied to what->err (-1: the caller's). It gets no other descriptor
/// and no blocked or ignored signal, and it dies with its caller. Allocates nothing, so both sides of the clone may use
/// it.
CTR_CHILD void spawn_and_wait(const ctr_spawn *what, const SpawnContext *context, ctr_spawned *how);

} // namespace core::sys
