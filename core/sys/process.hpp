// SPDX-License-Identifier: MIT
//
// The only door to fork and exec in the tree (tests/lint looks for others), and waiting.
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

/// What a process must have been in before a child of it can be born in it: a pid or time namespace that is joined, a
/// user namespace from which nobody comes back.
struct Between {
    std::vector<Namespace> entered; // join_namespaces()
    bool new_time = false;          // a time namespace for the child, CLONE_NEWTIME
    std::string time_offsets;       // for /proc/self/timens_offsets of it; may be empty
    bool needed() const { return !entered.empty() || new_time; }
};

struct CloneRequest {
    std::uint64_t namespaces = 0; // CLONE_NEW* flags
    int cgroup = -1;              // cgroup v2 directory to be born in (CLONE_INTO_CGROUP), or -1
    /// If it is needed, a process between this one and the child does it and is gone then; this process never leaves
    /// its own namespaces. The child is this process's own all the same (CLONE_PARENT). The one in between closes all
    /// descriptors but `kept` first: others may see the child from its first moment on.
    Between between;
    std::vector<int> kept;        // sorted
    OwnExecutable *own = nullptr; // what the process in between lets go of, if it must and can
};

struct Child {
    int pid = 0; // as this process sees it
    Fd pidfd;
};

/// clone3(2) like fork: `run` is called in the child and must not return. Errors: EPERM without the privilege for a
/// namespace, ENOSPC too many of them, EINVAL/EOPNOTSUPP a kernel without one of the flags.
Result<Child> clone_process(const CloneRequest &request, void (*run)(void *), void *argument);

/// Joins them. Those that a user namespace in the list does not own must be entered before it, its own after it:
/// whatever is refused with EPERM at first is tried again behind it. -1 with errno; `failed` is the index then.
CTR_CHILD int join_namespaces(const Namespace *all, std::size_t n, std::size_t *failed);
/// Closes every descriptor that is not in `kept` (sorted). 0, or -1 with errno.
CTR_CHILD int close_all_but(const int *kept, std::size_t n_kept);
/// Descriptors from `first` on will be closed by execve. 0, or -1 with errno.
CTR_CHILD int close_on_exec_from(unsigned first);
/// No signal is ignored or handled any more, whatever ctr and its caller did.
CTR_CHILD void reset_signal_actions();
/// Nor blocked.
CTR_CHILD void unblock_signals();
/// All processors that the cpuset allows: where the caller of ctr was pinned to is his own affair.
CTR_CHILD void reset_affinity();
/// execve(2). Returns only on failure, with errno.
CTR_CHILD int execute(const char *path, const char *const *argv, const char *const *envp);

struct Exit {
    bool signaled = false;
    int code = 0; // exit status, or the signal's number
    /// As shells report it: 128 + signal.
    int shell_status() const { return signaled ? 128 + code : code; }
};

/// Waits for a child of this process and reaps it. Errors: ECHILD it is not ours.
Result<Exit> wait_for(const Child &child);
/// SIGKILL through the pidfd, then wait. Success if it is gone already.
void kill_and_reap(const Child &child);

/// Forks; `work` runs in the child, whose exit status is what it returns. For a monitor that must outlive its caller.
Result<int> fork_process(const std::function<int()> &work);

} // namespace core::sys
