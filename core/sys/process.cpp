// SPDX-License-Identifier: MIT
#include "sys/process.hpp"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif
#ifndef P_PIDFD
#define P_PIDFD 3
#endif

namespace core::sys {

namespace {

clone_args args_for(const CloneRequest &request) {
    clone_args args{};
    args.flags = request.namespaces;
    if (request.cgroup >= 0) {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = static_cast<std::uint64_t>(request.cgroup);
    }
    return args;
}

/// The task of the process in between, and its result. It is in memory that both processes share.
struct Errand {
    const CloneRequest *request;
    void (*run)(void *);
    void *argument;
    int pid = -1;
    int errno_value = 0;
    const char *syscall = nullptr; // what failed
};

bool went_wrong(Errand *errand, const char *syscall) {
    errand->errno_value = errno;
    errand->syscall = syscall;
    return true;
}

/// A new time namespace is for the children of this process, and so are the offsets (time_namespaces(7)).
bool new_time_namespace_fails(Errand *errand, const std::string &offsets) {
    if (::unshare(CLONE_NEWTIME) != 0) return went_wrong(errand, "unshare(CLONE_NEWTIME)");
    if (offsets.empty()) return false;
    const Fd file(::open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC));
    if (!file.valid()) return went_wrong(errand, "open(/proc/self/timens_offsets)");
    return ::write(file.get(), offsets.data(), offsets.size()) != static_cast<ssize_t>(offsets.size()) &&
           went_wrong(errand, "write(/proc/self/timens_offsets)");
}

int go_between(void *its_errand) {
    auto *errand = static_cast<Errand *>(its_errand);
    const CloneRequest &request = *errand->request;
    std::size_t failed = 0;
    if (join_namespaces(request.between.entered.data(), request.between.entered.size(), &failed) != 0)
        return went_wrong(errand, "setns");
    if (request.between.new_time && new_time_namespace_fails(errand, request.between.time_offsets)) return 1;
    if (request.own != nullptr && let_go_of(request.own) != 0) return went_wrong(errand, "prctl(PR_SET_MM_MAP)");
    std::vector<int> kept = request.kept;
    if (request.cgroup >= 0) kept.insert(std::upper_bound(kept.begin(), kept.end(), request.cgroup), request.cgroup);
    // Processes in the joined namespaces may see the child at once; no other descriptor may be open in it.
    if (close_all_but(kept.data(), kept.size()) != 0) return went_wrong(errand, "close_range");
    clone_args args = args_for(request);
    // The child is a child of ctr, because this process ends now.
    args.flags |= CLONE_PARENT;
    const long pid = ::syscall(SYS_clone3, &args, sizeof args);
    if (pid == 0) {
        errand->run(errand->argument);
        ::_exit(125);
    }
    if (pid < 0) return went_wrong(errand, "clone3");
    errand->pid = static_cast<int>(pid);
    return 0;
}

/// Owns memory from mmap(2).
class Pages {
public:
    Pages(std::size_t size, int sharing)
        : at_(::mmap(nullptr, size, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS, -1, 0)), size_(size) {}
    ~Pages() {
        if (valid()) ::munmap(at_, size_);
    }
    Pages(const Pages &) = delete;
    Pages &operator=(const Pages &) = delete;
    bool valid() const { return at_ != MAP_FAILED; }
    void *begin() const { return at_; }
    void *end() const { return static_cast<char *>(at_) + size_; }

private:
    void *at_;
    std::size_t size_;
};

/// This process sleeps until the one in between has ended. The two share their memory, except when a time namespace is
/// joined, because then the kernel refuses a process that shares memory (EUSERS). The child runs on a copy of the
/// stack.
Result<Child> clone_by_go_between(const CloneRequest &request, void (*run)(void *), void *argument) {
    const Pages stack(std::size_t{512} << 10, MAP_PRIVATE | MAP_STACK), shared(sizeof(Errand), MAP_SHARED);
    if (!stack.valid() || !shared.valid()) return system_error("mmap");
    auto *errand = new (shared.begin()) Errand{&request, run, argument};
    const bool joins_time = std::any_of(request.between.entered.begin(), request.between.entered.end(),
                                        [](const Namespace &each) { return each.flags == CLONE_NEWTIME; });
    const int sharing = joins_time ? CLONE_VFORK : CLONE_VFORK | CLONE_VM;
    const pid_t between = ::clone(go_between, stack.end(), sharing | SIGCHLD, errand);
    if (between < 0) return system_error("clone");
    while (::waitpid(between, nullptr, 0) < 0 && errno == EINTR) {
    }
    const Errand &done = *errand;
    errno = done.errno_value;
    if (done.syscall != nullptr)
        return system_error(done.syscall, {},
                            std::strcmp(done.syscall, "setns") == 0 ? "the container's namespaces cannot be joined"
                            : std::strstr(done.syscall, "time") != nullptr
                                ? "time namespaces need Linux 5.6 with CONFIG_TIME_NS, and CAP_SYS_TIME"
                                : "");
    if (done.pid < 0) return failure(CTR_E_SYSTEM, "the process in between was killed");
    Fd pidfd = open_pidfd(done.pid);
    if (!pidfd.valid()) return system_error("pidfd_open", std::to_string(done.pid));
    return Child{done.pid, std::move(pidfd)};
}

} // namespace

Fd open_pidfd(int pid) { return Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U))); }

Result<Child> clone_process(const CloneRequest &request, void (*run)(void *), void *argument) {
    if (request.between.needed()) return clone_by_go_between(request, run, argument);
    int pidfd = -1;
    clone_args args = args_for(request);
    args.flags |= CLONE_PIDFD;
    args.pidfd = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(&pidfd));
    args.exit_signal = SIGCHLD;
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

CTR_CHILD int join_namespaces(const Namespace *all, std::size_t n, std::size_t *failed) {
    std::uint64_t again = 0;
    bool has_user = false;
    for (std::size_t i = 0; i < n; ++i)
        has_user = has_user || all[i].flags == CLONE_NEWUSER;
    for (int pass = 0; pass < 3; ++pass)
        for (std::size_t i = 0; i < n && i < 64; ++i) {
            const bool is_user = all[i].flags == CLONE_NEWUSER;
            if (pass == 1 ? !is_user : is_user || (pass == 2 && (again >> i & 1) == 0)) continue;
            if (setns(all[i].fd, all[i].flags) == 0) continue;
            *failed = i;
            if (pass != 0 || !has_user || errno != EPERM) return -1;
            again |= std::uint64_t{1} << i;
        }
    return 0;
}

namespace {

/// Uses close_range(2). If an outer filter refuses it (one written before Linux 5.9), closes the descriptors one by
/// one.
CTR_CHILD int close_between(unsigned first, unsigned last) {
    if (syscall(SYS_close_range, first, last, 0) == 0) return 0;
    rlimit64 limit;
    if (syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, nullptr, &limit) != 0) return -1;
    if (limit.rlim_max == RLIM64_INFINITY || limit.rlim_max > (1U << 20)) limit.rlim_max = 1U << 20;
    for (unsigned fd = first; fd <= last && fd < limit.rlim_max; ++fd)
        close(static_cast<int>(fd));
    return 0;
}

} // namespace

CTR_CHILD int close_all_but(const int *kept, std::size_t n_kept) {
    unsigned next = 0;
    for (std::size_t i = 0; i < n_kept; ++i) {
        if (kept[i] < 0) continue;
        const auto fd = static_cast<unsigned>(kept[i]);
        if (fd > next && close_between(next, fd - 1) != 0) return -1;
        next = fd + 1;
    }
    return close_between(next, ~0U);
}

CTR_CHILD int close_on_exec_from(unsigned first) {
    return static_cast<int>(syscall(SYS_close_range, first, ~0U, CLOSE_RANGE_CLOEXEC));
}

CTR_CHILD void reset_signal_actions() {
    const unsigned long fresh[4] = {0, 0, 0, 0}; // the kernel's struct sigaction: SIG_DFL, no flags, an empty mask
    for (int signal = 1; signal <= 64; ++signal)
        syscall(SYS_rt_sigaction, signal, fresh, nullptr, 8);
}

CTR_CHILD void unblock_signals() {
    const unsigned long none = 0;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, 8);
}

CTR_CHILD void reset_affinity() {
    unsigned char all[1024]; // for 8192 processors, the most that Linux supports
    memset(all, 0xff, sizeof all);
    syscall(SYS_sched_setaffinity, 0, sizeof all, all);
}

CTR_CHILD int execute(const char *path, const char *const *argv, const char *const *envp) {
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
