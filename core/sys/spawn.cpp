// SPDX-License-Identifier: MIT
#include "sys/spawn.hpp"

#include "base/fd.hpp"
#include "sys/files.hpp"
#include "sys/process.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif
#ifndef P_PIDFD
#define P_PIDFD 3
#endif

namespace core::sys {
namespace {

std::string find_program(const std::string &name) {
    if (name.find('/') != std::string::npos) return name;
    for (const char *directory : {"/usr/local/sbin/", "/usr/local/bin/", "/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"})
        if (::access((directory + name).c_str(), X_OK) == 0) return directory + name;
    return {};
}

std::string read_errors(int fd) {
    std::string text;
    char buffer[1024];
    for (ssize_t n; (n = ::read(fd, buffer, sizeof buffer)) > 0;)
        if (text.size() < 4096) text.append(buffer, static_cast<std::size_t>(n));
    while (!text.empty() && text.back() == '\n')
        text.pop_back();
    return text;
}

} // namespace

Result<Ran> run_program(const std::vector<std::string> &argv, bool keep_output) {
    const std::string path = find_program(argv[0]);
    if (path.empty()) return failure(CTR_E_NOT_FOUND, argv[0] + " is not installed");
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return system_error("pipe2");
    Fd reading(ends[0]), writing(ends[1]);

    std::vector<char *> words;
    for (const auto &word : argv)
        words.push_back(const_cast<char *>(word.c_str()));
    words.push_back(nullptr);
    char path_variable[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    char *environment[] = {path_variable, nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    // A file in memory and not a second pipe, because then nobody has to read it while the program runs.
    const Fd output(keep_output ? ::memfd_create("output", MFD_CLOEXEC) : -1);
    if (output.valid())
        posix_spawn_file_actions_adddup2(&actions, output.get(), 1);
    else
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, writing.get(), 2);
    // The program must not inherit the signals that ctr ignores and blocks.
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t all, none;
    ::sigfillset(&all);
    ::sigemptyset(&none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    pid_t pid = -1;
    const int wrong = ::posix_spawn(&pid, path.c_str(), &actions, &attributes, words.data(), environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (wrong != 0) return errno = wrong, system_error("posix_spawn", path);

    writing.reset();
    Ran ran;
    ran.errors = read_errors(reading.get());
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0)
        if (errno != EINTR) return system_error("waitpid", path);
    if (!WIFEXITED(status)) return failure(CTR_E_SYSTEM, path + " was killed", ran.errors);
    ran.status = WEXITSTATUS(status);
    if (output.valid()) {
        ::lseek(output.get(), 0, SEEK_SET);
        CTR_ASSIGN(ran.output, read_fd(output.get(), path, std::size_t{16} << 20));
    }
    return ran;
}

namespace {

/// A timeout of this many seconds (31 years) or more counts as none.
constexpr std::int64_t longest_timeout = 1000000000;

struct Descriptors {
    int input, errors_in, errors_out, report_in, report_out, pidfd;
};

CTR_CHILD void close_all(Descriptors *all) {
    for (int *fd : {&all->input, &all->errors_in, &all->errors_out, &all->report_in, &all->report_out, &all->pidfd}) {
        if (*fd >= 0) close(*fd);
        *fd = -1;
    }
}

/// Moves a descriptor above 2. If the caller's stdio is closed, a new descriptor may get a number that the program's
/// stdio needs.
CTR_CHILD int above_stdio(int fd) {
    if (fd < 0 || fd > 2) return fd;
    const int higher = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    close(fd);
    return higher;
}

CTR_CHILD int make_pipe(int *in, int *out) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return -1;
    *in = above_stdio(ends[0]);
    *out = above_stdio(ends[1]);
    return *in < 0 || *out < 0 ? -1 : 0;
}

/// A file and not a pipe, so that a program that does not read its input cannot block or kill (SIGPIPE) its caller.
CTR_CHILD int make_input(const char *text, std::size_t size) {
    long fd = syscall(SYS_memfd_create, "input", MFD_CLOEXEC | MFD_NOEXEC_SEAL);
    if (fd < 0 && errno == EINVAL) fd = syscall(SYS_memfd_create, "input", MFD_CLOEXEC); // before Linux 6.3
    const int input = above_stdio(static_cast<int>(fd));
    for (std::size_t at = 0; input >= 0 && at < size;) {
        const ssize_t n = write(input, text + at, size - at);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return close(input), -1;
        at += static_cast<std::size_t>(n);
    }
    if (input >= 0) lseek(input, 0, SEEK_SET);
    return input;
}

CTR_CHILD int enter_directory(const ctr_spawn *what) {
    if (what->directory >= 0) return fchdir(what->directory);
    if (what->cwd == nullptr || chdir(what->cwd) == 0) return 0;
    return chdir("/");
}

/// Runs in the new process. If it cannot become the program, it sends its errno to the caller.
[[noreturn]] CTR_CHILD void become(const ctr_spawn *what, const SpawnContext *context, const Descriptors *fds,
                                   int caller) {
    // The program must not outlive its caller, which may have died before the prctl.
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != caller) _exit(127);
    reset_signal_actions();
    unblock_signals();
    reset_affinity();
    int wrong = 0;
    if (enter_directory(what) != 0) wrong = errno;
    if (dup2(fds->input, STDIN_FILENO) < 0 || dup2(fds->errors_out, STDERR_FILENO) < 0) wrong = errno;
    if (what->out >= 0 && dup2(what->out, STDOUT_FILENO) < 0) wrong = errno;
    // The program must not get descriptors of ctr or of the machine.
    if (wrong == 0 && close_on_exec_from(3) != 0) wrong = errno;
    if (wrong == 0 && context->confine != nullptr && context->confine(context->confine_argument) != 0)
        wrong = ECANCELED;
    if (wrong == 0) {
        execute(what->path, what->argv, context->envp);
        wrong = errno;
    }
    if (write(fds->report_out, &wrong, sizeof wrong) < 0) _exit(126);
    _exit(127);
}

/// Reads what is there, passes it on, and keeps the last part of it. Returns false at the end of file.
CTR_CHILD bool take_errors(const ctr_spawn *what, int fd, ctr_spawned *how) {
    char text[4096];
    const ssize_t got = read(fd, text, sizeof text);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) return false;
    auto n = static_cast<std::size_t>(got);
    const char *from = text;
    if (write(what->err >= 0 ? what->err : STDERR_FILENO, text, n) < 0) errno = 0; // nobody reads it
    if (n > sizeof how->errors) {
        from += n - sizeof how->errors;
        n = sizeof how->errors;
    }
    const std::size_t room = sizeof how->errors - n, keep = how->n_errors < room ? how->n_errors : room;
    memmove(how->errors, how->errors + how->n_errors - keep, keep);
    memcpy(how->errors + keep, from, n);
    how->n_errors = static_cast<std::uint32_t>(keep + n);
    return true;
}

/// Waits for the end of the program, at most until its time is over or an interruption comes. CTR_SPAWN_EXITED: it
/// ended by itself. Else the caller must kill it.
CTR_CHILD ctr_spawn_end wait_within(const ctr_spawn *what, int interrupt, Descriptors *fds, ctr_spawned *how) {
    const bool limited = what->timeout > 0 && what->timeout < longest_timeout;
    timespec start, now;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &start);
    for (;;) {
        timespec left = {what->timeout, 0};
        if (limited) {
            syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
            left.tv_sec -= now.tv_sec - start.tv_sec;
            left.tv_nsec -= now.tv_nsec - start.tv_nsec;
            if (left.tv_nsec < 0) left.tv_nsec += 1000000000, --left.tv_sec;
            if (left.tv_nsec >= 1000000000) left.tv_nsec -= 1000000000, ++left.tv_sec;
            if (left.tv_sec < 0) return CTR_SPAWN_TIMED_OUT;
        }
        pollfd polled[3] = {{fds->pidfd, POLLIN, 0}, {fds->errors_in, POLLIN, 0}, {interrupt, POLLIN, 0}};
        if (ppoll(polled, 3, limited ? &left : nullptr, nullptr) < 0 && errno != EINTR) return CTR_SPAWN_TIMED_OUT;
        if (polled[1].revents != 0 && !take_errors(what, fds->errors_in, how)) {
            close(fds->errors_in);
            fds->errors_in = -1;
        }
        if (polled[0].revents != 0) return CTR_SPAWN_EXITED;
        if (polled[2].revents != 0) return CTR_SPAWN_INTERRUPTED;
    }
}

CTR_CHILD void not_started(ctr_spawned *how, const char *syscall_name) {
    how->end = CTR_SPAWN_NOT_STARTED;
    how->syscall = syscall_name;
    how->code = errno;
}

} // namespace

CTR_CHILD void spawn_and_wait(const ctr_spawn *what, const SpawnContext *context, ctr_spawned *how) {
    Descriptors fds = {-1, -1, -1, -1, -1, -1};
    how->n_errors = 0;
    how->code = 0;
    fds.input = make_input(what->input, what->input_size);
    if (fds.input < 0) return not_started(how, "memfd_create");
    if (make_pipe(&fds.errors_in, &fds.errors_out) != 0 || make_pipe(&fds.report_in, &fds.report_out) != 0) {
        not_started(how, "pipe2");
        return close_all(&fds);
    }
    // A process that the program leaves behind may keep the other end open; nobody waits for that process.
    fcntl(fds.errors_in, F_SETFL, O_NONBLOCK);
    fcntl(fds.report_in, F_SETFL, O_NONBLOCK);

    clone_args args;
    memset(&args, 0, sizeof args);
    args.flags = CLONE_PIDFD;
    args.pidfd = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(&fds.pidfd));
    args.exit_signal = SIGCHLD;
    const int caller = getpid();
    const long pid = syscall(SYS_clone3, &args, sizeof args);
    if (pid == 0) become(what, context, &fds, caller);
    if (pid < 0) {
        not_started(how, "clone3");
        return close_all(&fds);
    }
    close(fds.errors_out);
    close(fds.report_out);
    fds.errors_out = fds.report_out = -1;

    const ctr_spawn_end end = wait_within(what, context->interrupt, &fds, how);
    if (end != CTR_SPAWN_EXITED) syscall(SYS_pidfd_send_signal, fds.pidfd, SIGKILL, nullptr, 0);
    siginfo_t info;
    memset(&info, 0, sizeof info);
    while (syscall(SYS_waitid, P_PIDFD, fds.pidfd, &info, WEXITED, nullptr) != 0 && errno == EINTR) {
    }
    for (int i = 0; i < 16 && fds.errors_in >= 0; ++i) { // bounded: a process that is left behind may go on
        pollfd more = {fds.errors_in, POLLIN, 0};
        if (poll(&more, 1, 0) != 1 || !take_errors(what, fds.errors_in, how)) break;
    }
    int wrong = 0;
    how->end = end == CTR_SPAWN_EXITED && info.si_code != CLD_EXITED ? CTR_SPAWN_SIGNALED : end;
    how->code = info.si_status;
    if (read(fds.report_in, &wrong, sizeof wrong) == static_cast<ssize_t>(sizeof wrong)) {
        errno = wrong;
        not_started(how, "execve");
    }
    close_all(&fds);
}

} // namespace core::sys
