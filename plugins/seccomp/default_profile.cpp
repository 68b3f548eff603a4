// SPDX-License-Identifier: MIT
//
// What programs need is allowed, by topic; the rest is refused with EPERM. Left out on purpose are calls that work
// outside any namespace (keyrings, modules, kexec, swap, quota), calls with a history of exploits (userfaultfd,
// io_uring, bpf, perf), calls that change namespaces and mounts, and calls that nobody has used for decades (uselib,
// ustat, vm86). Some of them are allowed to a container with the capability that the kernel demands for them.
#include "default_profile.hpp"

#include "syscalls.hpp"

#include <cerrno>
#include <linux/seccomp.h>

namespace seccomp {
namespace {

/// To which containers a line of the table applies: all, those with a capability, those without it.
enum class Whom { all, with, without };

struct Line {
    Whom whom;
    const char *capability;
    Action action;
    const char *names;
    std::optional<Condition> condition;
};

constexpr Line always(const char *names) { return {Whom::all, nullptr, SECCOMP_RET_ALLOW, names, std::nullopt}; }
constexpr Line with(const char *capability, const char *names) {
    return {Whom::with, capability, SECCOMP_RET_ALLOW, names, std::nullopt};
}
constexpr Line if_equal(const char *names, unsigned index, std::uint64_t value) {
    return {Whom::all, nullptr, SECCOMP_RET_ALLOW, names, Condition{index, Compare::eq, value, 0}};
}
/// A condition on the low 32 bits. The kernel reads an int there, so a caller could defeat a plain "not equal" by
/// setting higher bits.
constexpr Line if_bits(const char *names, unsigned index, std::uint64_t mask, std::uint64_t value) {
    return {Whom::all, nullptr, SECCOMP_RET_ALLOW, names, Condition{index, Compare::masked_eq, mask, value}};
}

/// CLONE_NEWNS NEWCGROUP NEWUTS NEWIPC NEWUSER NEWPID NEWNET
constexpr std::uint64_t namespace_flags = 0x7e020000;
#if defined(__s390x__)
constexpr unsigned clone_flags_index = 1;
#else
constexpr unsigned clone_flags_index = 0;
#endif

constexpr Line table[] = {
    // Files: content
    always("read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 open openat openat2 creat close "
           "close_range dup dup2 "
           "dup3 lseek _llseek pipe pipe2 fcntl fcntl64 ioctl flock sendfile sendfile64 splice tee vmsplice "
           "copy_file_range readahead "
           "fadvise64 fadvise64_64 arm_fadvise64_64 sync_file_range sync_file_range2 arm_sync_file_range fallocate "
           "truncate truncate64 "
           "ftruncate ftruncate64 fsync fdatasync sync syncfs cachestat io_setup io_submit io_cancel io_getevents "
           "io_pgetevents "
           "io_pgetevents_time64 io_destroy"),
    // Files: metadata
    always("stat stat64 fstat fstat64 lstat lstat64 fstatat64 newfstatat statx statfs statfs64 fstatfs fstatfs64 "
           "statmount listmount access "
           "faccessat faccessat2 chmod fchmod fchmodat fchmodat2 chown chown32 fchown fchown32 fchownat lchown "
           "lchown32 utime utimes "
           "utimensat utimensat_time64 futimesat umask getxattr lgetxattr fgetxattr getxattrat setxattr lsetxattr "
           "fsetxattr setxattrat "
           "listxattr llistxattr flistxattr listxattrat removexattr lremovexattr fremovexattr removexattrat "
           "file_getattr file_setattr"),
    // Directories and links
    always("mkdir mkdirat rmdir rename renameat renameat2 link linkat unlink unlinkat symlink symlinkat readlink "
           "readlinkat mknod mknodat "
           "chdir fchdir getcwd getdents getdents64 readdir name_to_handle_at inotify_init inotify_init1 "
           "inotify_add_watch "
           "inotify_rm_watch fanotify_mark"),
    // Memory
    always("brk mmap mmap2 munmap mprotect mremap msync madvise mincore mlock mlock2 mlockall munlock munlockall mseal "
           "membarrier "
           "memfd_create memfd_secret pkey_alloc pkey_free pkey_mprotect remap_file_pages map_shadow_stack "
           "process_mrelease"),
    // Processes and threads
    always("fork vfork execve execveat exit exit_group wait4 waitid waitpid getpid getppid gettid getpgid getpgrp "
           "setpgid getsid setsid "
           "prctl arch_prctl modify_ldt set_thread_area get_thread_area set_tid_address set_robust_list "
           "get_robust_list rseq "
           "restart_syscall pidfd_open pidfd_send_signal ptrace process_vm_readv process_vm_writev seccomp "
           "landlock_create_ruleset "
           "landlock_add_rule landlock_restrict_self lsm_get_self_attr lsm_list_modules uretprobe uprobe"),
    // Signals
    always("kill tkill tgkill pause alarm signal sigaction sigaltstack sigpending sigprocmask sigreturn sigsuspend "
           "signalfd signalfd4 "
           "rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait "
           "rt_sigtimedwait_time64 "
           "rt_tgsigqueueinfo"),
    // User and group ids, capabilities
    always("getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32 getresuid getresuid32 getresgid "
           "getresgid32 getgroups "
           "getgroups32 setuid setuid32 setgid setgid32 setreuid setreuid32 setregid setregid32 setresuid setresuid32 "
           "setresgid "
           "setresgid32 setgroups setgroups32 setfsuid setfsuid32 setfsgid setfsgid32 capget capset"),
    // Scheduling and limits
    always("sched_yield sched_getaffinity sched_setaffinity sched_getattr sched_setattr sched_getparam sched_setparam "
           "sched_getscheduler "
           "sched_setscheduler sched_get_priority_max sched_get_priority_min sched_rr_get_interval "
           "sched_rr_get_interval_time64 getpriority "
           "setpriority nice ioprio_get ioprio_set getrlimit ugetrlimit setrlimit prlimit64 getrusage times getcpu"),
    // Time
    always("time gettimeofday nanosleep clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep "
           "clock_nanosleep_time64 adjtimex clock_adjtime clock_adjtime64 getitimer setitimer timer_create "
           "timer_delete timer_getoverrun "
           "timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd_create timerfd_gettime "
           "timerfd_gettime64 timerfd_settime "
           "timerfd_settime64"),
    // Waiting for each other
    always("futex futex_time64 futex_waitv futex_wake futex_wait futex_requeue select _newselect pselect6 "
           "pselect6_time64 poll ppoll "
           "ppoll_time64 epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_wait epoll_wait_old epoll_pwait "
           "epoll_pwait2 eventfd "
           "eventfd2"),
    // Sockets
    always("socketpair socketcall bind connect listen accept accept4 getsockname getpeername getsockopt setsockopt "
           "shutdown send sendto "
           "sendmsg sendmmsg recv recvfrom recvmsg recvmmsg recvmmsg_time64"),
    // All families but AF_VSOCK (40, binary 101000), which knows no network namespace: one line for each bit in which a
    // number differs.
    if_bits("socket", 0, 1, 1),
    if_bits("socket", 0, 2, 2),
    if_bits("socket", 0, 4, 4),
    if_bits("socket", 0, 8, 0),
    if_bits("socket", 0, 16, 16),
    if_bits("socket", 0, 32, 0),
    // System V and POSIX messages, semaphores, shared memory
    always("ipc shmget shmat shmdt shmctl semget semop semctl semtimedop semtimedop_time64 msgget msgsnd msgrcv msgctl "
           "mq_open mq_unlink "
           "mq_timedsend mq_timedsend_time64 mq_timedreceive mq_timedreceive_time64 mq_notify mq_getsetattr"),
    // The machine
    always("uname sysinfo getrandom"),
    // Calls that only some architectures have
    always("cacheflush breakpoint set_tls get_tls swapcontext s390_pci_mmio_read s390_pci_mmio_write "
           "s390_runtime_instr s390_sthyi "
           "s390_guarded_storage riscv_flush_icache riscv_hwprobe"),
    // Personalities that do not weaken protections against exploits: Linux and 32-bit Linux, both also with the kernel
    // version shown as 2.6; and the query of the current one.
    if_equal("personality", 0, 0x0),
    if_equal("personality", 0, 0x8),
    if_equal("personality", 0, 0x20000),
    if_equal("personality", 0, 0x20008),
    if_equal("personality", 0, 0xffffffff),

    // Threads and processes, but no namespaces. The flags of clone3 are behind a pointer: ENOSYS makes the C library
    // use clone.
    with("SYS_ADMIN", "clone clone3"),
    if_bits("clone", clone_flags_index, namespace_flags, 0),
    {Whom::without, "SYS_ADMIN", SECCOMP_RET_ERRNO | ENOSYS, "clone3", std::nullopt},

    with(
        "SYS_ADMIN",
        "mount umount umount2 mount_setattr move_mount open_tree open_tree_attr fsopen fsconfig fsmount fspick setns "
        "unshare "
        "listns sethostname setdomainname bpf perf_event_open fanotify_init lookup_dcookie quotactl quotactl_fd syslog "
        "lsm_set_self_attr"),
    with("BPF", "bpf"),
    with("PERFMON", "perf_event_open"),
    with("SYSLOG", "syslog"),
    with("DAC_READ_SEARCH", "open_by_handle_at"),
    with("SYS_BOOT", "reboot"),
    with("SYS_CHROOT", "chroot"),
    with("SYS_MODULE", "init_module finit_module delete_module"),
    with("SYS_NICE", "get_mempolicy set_mempolicy set_mempolicy_home_node mbind migrate_pages move_pages"),
    with("SYS_PACCT", "acct"),
    with("SYS_PTRACE", "kcmp pidfd_getfd process_madvise"),
    with("SYS_RAWIO", "ioperm iopl"),
    with("SYS_TIME", "settimeofday stime clock_settime clock_settime64"),
    with("SYS_TTY_CONFIG", "vhangup"),
};

constexpr std::string_view looked_at[] = {"BPF",        "DAC_READ_SEARCH", "PERFMON",    "SYSLOG",        "SYS_ADMIN",
                                          "SYS_BOOT",   "SYS_CHROOT",      "SYS_MODULE", "SYS_NICE",      "SYS_PACCT",
                                          "SYS_PTRACE", "SYS_RAWIO",       "SYS_TIME",   "SYS_TTY_CONFIG"};

consteval bool all_looked_at() {
    for (const auto &line : table) {
        bool found = line.whom == Whom::all;
        for (const auto &name : looked_at)
            found = found || name == line.capability;
        if (!found) return false;
    }
    return true;
}
static_assert(all_looked_at(), "a capability of the table is missing in looked_at");

/// FNV-1a over the content of the table.
consteval std::uint64_t revision_of_table() {
    std::uint64_t hash = 0xcbf29ce484222325;
    const auto mix = [&hash](std::uint64_t value) { hash = (hash ^ value) * 0x100000001b3; };
    const auto mix_text = [&mix](std::string_view text) {
        for (const char c : text)
            mix(static_cast<std::uint64_t>(c));
        mix(0);
    };
    for (const auto &line : table) {
        mix(static_cast<std::uint64_t>(line.whom));
        mix_text(line.capability == nullptr ? "" : line.capability);
        mix(line.action);
        mix_text(line.names);
        if (!line.condition) continue;
        mix(line.condition->index);
        mix(static_cast<std::uint64_t>(line.condition->compare));
        mix(line.condition->value);
        mix(line.condition->value_two);
    }
    return hash;
}

std::vector<std::string> words(std::string_view text) {
    std::vector<std::string> all;
    for (std::size_t from = 0; from < text.size();) {
        const auto to = std::min(text.find(' ', from), text.size());
        all.emplace_back(text.substr(from, to - from));
        from = to + 1;
    }
    return all;
}

} // namespace

Profile default_profile(const std::set<std::string> &capabilities) {
    Profile profile;
    profile.default_action = SECCOMP_RET_ERRNO | EPERM;
    for (const auto &abi : native_family())
        profile.architectures.emplace_back(abi.oci_name);
    for (const auto &line : table) {
        const bool has = line.whom != Whom::all && capabilities.count(line.capability) != 0;
        auto names = words(line.names);
        if (line.whom == Whom::all || has == (line.whom == Whom::with)) {
            profile.rules.push_back({line.action, std::move(names), {}});
            if (line.condition) profile.rules.back().conditions.push_back(*line.condition);
        } else {
            for (auto &name : names)
                profile.known.push_back(std::move(name));
        }
    }
    return profile;
}

std::span<const std::string_view> default_profile_looks_at() { return looked_at; }

std::uint64_t default_profile_revision() {
    constexpr std::uint64_t revision = revision_of_table();
    return revision;
}

} // namespace seccomp
