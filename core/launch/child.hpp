// SPDX-License-Identifier: MIT
//
// The child between clone3 and execve: it runs its steps one by one. See child.cpp.
#pragma once

#include "launch/run.hpp"
#include "sys/process.hpp"

namespace core::launch {

/// All that the child needs, prepared before the clone. The child works on its own copy.
struct ChildPlan {
    Packed *block = nullptr;
    /// Shared with the parent: the step that the child is at, or `executing`. The parent needs it because the channel
    /// also ends when a plugin's code ends the process.
    volatile std::uint32_t *progress = nullptr;
    static constexpr std::uint32_t executing = UINT32_MAX;
    int channel = -1;          // the child's end of the socket pair
    const int *kept = nullptr; // sorted descriptors; the child closes all others at once
    std::size_t n_kept = 0;
    sys::OwnExecutable own;   // what the child must still do to let go of ctr's file
    int gate = -1;            // listening socket to which `start` connects; -1: the parent opens the gate
    sys::Namespace joins[16]; // namespaces that the child itself joins
    std::size_t n_joins = 0;
    std::uint32_t mapped_by = plan::no_wait; // index of the step that writes the id maps
    bool becomes_root = false;               // it starts in a user namespace in which it must become uid 0
    const char *const *argv = nullptr;
    const char **envp = nullptr;
    static constexpr std::size_t has_home = SIZE_MAX;
    std::size_t home_at = has_home; // index in envp for HOME=..., unless the environment has one
    const char *cwd = "/";
    unsigned preserve_fds = 0;
    bool outlives_owner = false; // once the gate is open, it outlives its parent
    bool resolve_executable = true;
    bool in_container = false; // exec: it joins the container's mount namespace, so "/" is its root
};

/// Never returns.
CTR_CHILD void child_main(void *child_plan);

// Called by the host's table (run_abi.cpp) for steps of the child.

CTR_CHILD void set_root(ctr_run *run, int fd);
CTR_CHILD bool wants_home();
CTR_CHILD void set_home(const char *directory);
/// The program's environment, as far as it is known now; nullptr if there is no program.
CTR_CHILD const char *const *program_environment();
/// For a process that a step made (CTR_SPAWN_CONFINED): a function that runs in it the steps behind this one, which
/// confine it. nullptr if the step is not in phase confine. The function returns 0, or it reports the error and ends
/// the process.
CTR_CHILD int (*confinement_behind(ctr_run *run))(void *);

} // namespace core::launch
