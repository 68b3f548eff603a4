// SPDX-License-Identifier: MIT
#include "sys/process.hpp"

#include <csignal>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
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

namespace {

/// What the process in between has to say.
struct Word {
    int pid = -1;
    int errno_value = 0;
    const char *syscall = nullptr; // the text is in both processes
};

[[noreturn]] void go_between(const CloneRequest &request, int answer, void (*run)(void *), void *argument) {
    Word word;
    for (const Namespace &each : request.entered_between)
        if (word.syscall == nullptr && ::setns(each.fd, each.flags) != 0) word = {-1, errno, "setns"};
    clone_args args{};
    args.flags = request.namespaces | CLONE_PARENT | CLONE_CLEAR_SIGHAND;
    if (request.cgroup >= 0) {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = static_cast<std::uint64_t>(request.cgroup);
    }
    if (word.syscall == nullptr) {
        const long pid = ::syscall(SYS_clone3, &args, sizeof args);
        if (pid == 0) {
            run(argument);
            ::_exit(125);
        }
        word = pid > 0 ? Word{static_cast<int>(pid), 0, nullptr} : Word{-1, errno, "clone3"};
    }
    ::_exit(::write(answer, &word, sizeof word) == static_cast<ssize_t>(sizeof word) ? 0 : 1);
}

Result<Child> clone_by_go_between(const CloneRequest &request, void (*run)(void *), void *argument) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return system_error("pipe2");
    const Fd answer(ends[0]);
    Fd told(ends[1]);
    const pid_t between = ::fork();
    if (between < 0) return system_error("fork");
    if (between == 0) go_between(request, told.get(), run, argument);
    Word word;
    ssize_t got = 0;
    do
        got = ::read(answer.get(), &word, sizeof word);
    while (got < 0 && errno == EINTR);
    while (::waitpid(between, nullptr, 0) < 0 && errno == EINTR) {
    }
    if (got != static_cast<ssize_t>(sizeof word))
        return failure(ErrorClass::system, "the process in between was killed");
    if (word.syscall != nullptr) {
        errno = word.errno_value;
        return system_error(word.syscall, {}, "the container's namespaces cannot be joined");
    }
    Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, word.pid, 0U)));
    if (!pidfd.valid()) return system_error("pidfd_open", std::to_string(word.pid));
    return Child{word.pid, std::move(pidfd)};
}

} // namespace

Result<Child> clone_process(const CloneRequest &request, void (*run)(void *), void *argument) {
    if (!request.entered_between.empty()) return clone_by_go_between(request, run, argument);
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
