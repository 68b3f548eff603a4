// SPDX-License-Identifier: MIT
//
// The only door to fork and exec in the tree (tests/lint looks for others), and waiting.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"

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

struct CloneRequest {
    std::uint64_t namespaces = 0; // CLONE_NEW* flags
    int cgroup = -1;              // cgroup v2 directory to be born in (CLONE_INTO_CGROUP), or -1
    /// Entered first, in that order, by a process between this one and the child: whoever joins a user namespace has no way back. The child is this
    /// process's own all the same (CLONE_PARENT).
    std::vector<Namespace> entered_between;
};

struct Child {
    int pid = 0; // as this process sees it
    Fd pidfd;
};

/// clone3(2) like fork: `run` is called in the child and must not return. Signal handlers are back to default there (CLONE_CLEAR_SIGHAND).
/// Errors: EPERM without the privilege for a namespace, ENOSPC too many of them, EINVAL/EOPNOTSUPP a kernel without one of the flags.
Result<Child> clone_process(const CloneRequest &request, void (*run)(void *), void *argument);

/// execve(2). Returns only on failure, with errno. Inherited descriptors from 3 on are made close-on-exec first, but for `keep` of them.
CTR_CHILD int execute(const char *path, const char *const *argv, const char *const *envp, unsigned keep);

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
