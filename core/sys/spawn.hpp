// SPDX-License-Identifier: MIT
//
// Running another program and waiting for it. Only newuidmap, newgidmap, ps and OCI hooks are run at all.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <ctr/plugin.h>
#include <string>
#include <vector>

namespace core::sys {

/// Runs argv (argv[0] is looked up in the standard directories, not in PATH) with no input, an empty environment but PATH, and its error
/// output kept. Gives its exit status if it exited; an error with what it said if it failed to start or died of a signal.
struct Ran {
    int status = 0;
    std::string errors; // at most 4 KiB of what it wrote to stderr
    std::string output; // what it wrote to stdout, if that was asked for; at most 16 MiB
};
Result<Ran> run_program(const std::vector<std::string> &argv, bool keep_output = false);

/// A program with input, an environment of its own and a time limit. All pointers are borrowed; argv and envp end with nullptr.
struct Spawn {
    const char *path = nullptr; // not looked up
    const char *const *argv = nullptr, *const *envp = nullptr;
    /// Where it runs: that directory; or that path, and where it is missing "/"; neither: where its caller is.
    int directory = -1;
    const char *cwd = nullptr;
    const char *input = nullptr;
    std::size_t input_size = 0;
    int out = -1, err = -1;   // what it writes goes to these instead of the caller's
    std::int64_t timeout = 0; // in seconds; 0: none
    /// Called in the new process as the last thing before it becomes the program; what it returns is 0, or the program is not started (ECANCELED). It may load
    /// a filter that forbids whatever the program does not need.
    int (*confine)(void *argument) = nullptr;
    void *confine_argument = nullptr;
    int interrupt = -1; // once this is readable the program is killed (sys::Interruption); -1: nothing interrupts
};

/// How it went, and the last that it wrote to stderr.
struct Spawned {
    enum class End { exited, signaled, timed_out, interrupted, not_started };
    End end = End::not_started;
    int code = 0;                  // exit status, signal, or errno
    const char *syscall = nullptr; // what failed, if it was not started
    std::size_t n_errors = 0;
    char errors[384] = "";
};

/// Runs it in the namespaces of the calling process and waits. Its stdin is the input, its stdout the caller's; what it writes to stderr goes on to
/// the caller's. No other descriptor, no blocked or ignored signal reaches it, and it dies with its caller. Allocates nothing: for both sides of the clone.
CTR_CHILD void spawn_and_wait(const Spawn *what, Spawned *how);

} // namespace core::sys
