// SPDX-License-Identifier: MIT
#include "sys/process.hpp"

#include <csignal>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif
#ifndef P_PIDFD
#define P_PIDFD 3
#endif

namespace core::sys {

Result<Child> clone_process(const CloneRequest &request, void (*run)(void *), void *argument) {
    int pidfd = -1;
    clone_args args{};
    args.flags = request.namespaces | CLONE_PIDFD | CLONE_CLEAR_SIGHAND;
    args.pidfd = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(&pidfd));
    args.exit_signal = SIGCHLD;
    if (request.cgroup >= 0) {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = static_cast<std::uint64_t>(request.cgroup);
    }
    const long pid = ::syscall(SYS_clone3, &args, sizeof args);
    if (pid < 0)
        return system_error(
            "clone3", {}, errno == EPERM ? "a new namespace needs CAP_SYS_ADMIN, or a new user namespace with it" : "");
    if (pid == 0) {
        run(argument);
        ::_exit(125);
    }
    return Child{static_cast<int>(pid), Fd(pidfd)};
}

CTR_CHILD int execute(const char *path, const char *const *argv, const char *const *envp, unsigned keep) {
    syscall(SYS_close_range, 3U + keep, ~0U, CLOSE_RANGE_CLOEXEC);
    return static_cast<int>(syscall(SYS_execve, path, argv, envp));
}

namespace {
Exit exit_of(const siginfo_t &info) {
    if (info.si_code == CLD_EXITED) return {false, info.si_status};
    return {true, info.si_status};
}
} // namespace

Result<Exit> wait_for(const Child &child) {
    siginfo_t info{};
    for (;;) {
        const int done = ::waitid(P_PID, static_cast<id_t>(child.pid), &info, WEXITED);
        if (done == 0) return exit_of(info);
        if (errno != EINTR) return system_error("waitid", std::to_string(child.pid));
    }
}

void kill_and_reap(const Child &child) {
    if (child.pid <= 0) return;
    if (child.pidfd.valid()) ::syscall(SYS_pidfd_send_signal, child.pidfd.get(), SIGKILL, nullptr, 0U);
    static_cast<void>(wait_for(child));
}

Result<int> fork_process(const std::function<int()> &work) {
    const pid_t pid = ::fork();
    if (pid < 0) return system_error("fork");
    if (pid == 0) ::_exit(work());
    return pid;
}

} // namespace core::sys
