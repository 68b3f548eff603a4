// SPDX-License-Identifier: MIT
//
// Makes processes and waits for them. Only this file and sys/spawn.hpp call fork, clone and exec
// (tests/lint/one_door.sh checks that).
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"
#include "sys/own_executable.hpp"

#include <cstdint>
#include <ctr/plugin.h>
#include <functional>
#include <string>
#include <vector>

namespace core::sys {

/// A descriptor for setns(2), with the flags that go with it.
struct Namespace {
    int fd = -1;
    int flags = 0;
};

/// What a process must enter before it can clone a child into it: a pid or time namespace that is joined, or a user
/// namespace, which a process cannot leave again.
struct Between {
    std::vector<Namespace> entered; // join_namespaces()
    bool new_time = false;          // make a new time namespace for the child (CLONE_NEWTIME)
    std::string time_offsets;       // text for its /proc/self/timens_offsets; may be empty
    bool needed() const { return !entered.empty() || new_time; }
};

struct CloneRequest {
    std::uint64_t namespaces = 0; // CLONE_NEW* flags
    int cgroup = -1;              // cgroup v2 directory to be born in (CLONE_INTO_CGROUP), or -1
    /// If it is needed, a process between this one and the child enters the namespaces, clones the child and ends, so
    /// that this process never leaves its own namespaces. The child is still a child of this process (CLONE_PARENT).
    /// The process in between first closes all descriptors but `kept`, because others may see the child as soon as it
    /// exists.
    Between between;
    std::vector<int> kept;        // sorted
    OwnExecutable *own = nullptr; // what the process in between does with let_go_of(); may be nullptr
};

struct Child {
    int pid = 0; // as this process sees it
    Fd pidfd;
};

/// Clones as fork does, with clone3(2). `run` is called in the child and must not return. Errors: EPERM without the
/// privilege for a namespace; ENOSPC if there are too many of them; EINVAL or EOPNOTSUPP if the kernel does not know a
/// flag.
Result<Child> clone_process(const CloneRequest &request, void (*run)(void *), void *argument);

/// Joins the namespaces. One that the user namespace in the list does not own must be entered before it, one that it
/// owns after it. So whatever is refused with EPERM at first is tried again after the user namespace. 0, or -1 with
/// errno; `failed` is then the index.
CTR_CHILD int join_namespaces(const Namespace *all, std::size_t n, std::size_t *failed);
/// Closes every descriptor that is not in `kept` (sorted). 0, or -1 with errno.
CTR_CHILD int close_all_but(const int *kept, std::size_t n_kept);
/// Makes execve close all descriptors from `first` on. 0, or -1 with errno.
CTR_CHILD int close_on_exec_from(unsigned first);
/// Resets every signal to its default action, because ctr or its caller may have ignored some.
CTR_CHILD void reset_signal_actions();
/// Unblocks all signals.
CTR_CHILD void unblock_signals();
/// Allows all processors of the cpuset, because the caller of ctr may be pinned to some of them and the program shall
/// not be.
CTR_CHILD void reset_affinity();
/// execve(2). Returns only on failure, with errno.
CTR_CHILD int execute(const char *path, const char *const *argv, const char *const *envp);

struct Exit {
    bool signaled = false;
    int code = 0; // exit status, or the signal's number
    /// As shells report it: the exit status, or 128 + signal.
    int shell_status() const { return signaled ? 128 + code : code; }
};

/// Waits for a child of this process and reaps it. Errors: ECHILD if it is not our child.
Result<Exit> wait_for(const Child &child);
/// pidfd_open(2). Invalid, and errno says why, if there is no such process.
Fd open_pidfd(int pid);
/// Sends SIGKILL through the pidfd, then waits and reaps. Does nothing more if it is gone already.
void kill_and_reap(const Child &child);

/// Forks and returns the pid. `work` runs in the child and returns its exit status. For a process that goes on with
/// ctr's own code: a monitor that outlives its caller, or an undo (container/undo_apart.cpp).
Result<int> fork_process(const std::function<int()> &work);

} // namespace core::sys
