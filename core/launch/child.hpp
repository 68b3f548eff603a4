// SPDX-License-Identifier: MIT
//
// The child between clone3 and execve: one loop over its steps. See child.cpp.
#pragma once

#include "launch/run.hpp"
#include "sys/process.hpp"

namespace core::launch {

/// All that the child needs, made before the clone; its copy belongs to the child.
struct ChildPlan {
    Packed *block = nullptr;
    /// Shared with the parent: the step that the child is at, or `executing`. Its channel also ends when somebody's
    /// code just ends the process.
    volatile std::uint32_t *progress = nullptr;
    static constexpr std::uint32_t executing = UINT32_MAX;
    int channel = -1;          // its end of the pair
    const int *kept = nullptr; // descriptors, sorted: all others it closes first of all
    std::size_t n_kept = 0;
    sys::OwnExecutable own;   // what is left to do of letting go of it
    int gate = -1;            // a listening socket on which `start` knocks; -1: the parent itself opens the gate
    sys::Namespace joins[16]; // entered then
    std::size_t n_joins = 0;
    std::uint32_t mapped_by = plan::no_wait; // the step that writes the id maps of the new user namespace
    bool becomes_root = false;               // in a user namespace that it was made in
    const char *const *argv = nullptr;
    const char **envp = nullptr;
    static constexpr std::size_t has_home = SIZE_MAX;
    std::size_t home_at = has_home; // where in envp HOME=... is to be put, unless the environment has it
    const char *cwd = "/";
    unsigned preserve_fds = 0;
    bool outlives_owner = false; // nobody's death kills it once the gate is open
    bool resolve_executable = true;
    bool in_container = false; // exec: the joined mount namespace is the container's own, so "/" is its root
};

/// Never returns.
CTR_CHILD void child_main(void *child_plan);

// What the host's table has for the child's steps (run_abi.cpp).

CTR_CHILD void set_root(ctr_run *run, int fd);
CTR_CHILD bool wants_home();
CTR_CHILD void set_home(const char *directory);
/// What the program gets, as far as it is known; nullptr: there is no program.
CTR_CHILD const char *const *program_environment();
/// What confines a process that the step made, by all steps behind it; nullptr: the step does not stand among those
/// that confine. The function returns 0 or, when it has told why, not at all.
CTR_CHILD int (*confinement_behind(ctr_run *run))(void *);

} // namespace core::launch
