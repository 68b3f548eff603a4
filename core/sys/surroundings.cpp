// SPDX-License-Identifier: MIT
#include "sys/surroundings.hpp"

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace core::sys {
namespace {

mode_t umask_of_caller = 022;

/// Opens an empty file in memory that cannot grow, if the caller has no /dev/null. It must not be a file of the
/// machine, because a container may get it as its stdin.
void open_empty_file() {
    const int fd = ::memfd_create("null", MFD_ALLOW_SEALING);
    if (fd >= 0) ::fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
}

/// Opens the null device as the lowest free descriptor.
void open_null() {
    const int fd = ::open("/dev/null", O_RDWR);
    struct stat st {};
    if (fd >= 0 && ::fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == ::makedev(1, 3)) return;
    if (fd >= 0) ::close(fd);
    open_empty_file();
}

void set(int signal, void (*handler)(int)) {
    struct sigaction action {};
    action.sa_handler = handler;
    ::sigaction(signal, &action, nullptr);
}

} // namespace

void settle() {
    pollfd stdio[] = {{0, 0, 0}, {1, 0, 0}, {2, 0, 0}};
    if (::poll(stdio, 3, 0) > 0)
        for (const pollfd &each : stdio)
            if ((each.revents & POLLNVAL) != 0) open_null();
    set(SIGCHLD, SIG_DFL);
    set(SIGPIPE, SIG_IGN);
    set(SIGXFSZ, SIG_IGN);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    umask_of_caller = ::umask(022);
}

mode_t as_the_caller_wants(mode_t mode) { return mode & ~umask_of_caller; }

Result<void> check_proc() {
    char text[32];
    const ssize_t length = ::readlink("/proc/self", text, sizeof text - 1);
    constexpr const char *mount_it = "mount it: mount -t proc proc /proc";
    if (length < 0 && errno != ENOENT) return system_error("readlink", "/proc/self", mount_it);
    text[length < 0 ? 0 : length] = '\0';
    if (length > 0 && text == std::to_string(::getpid())) return {};
    return Error{.error_class = CTR_E_SYSTEM,
                 .message = length < 0
                                ? "/proc is not mounted, or is not the process file system of this pid namespace"
                                : "/proc is the process file system of another pid namespace: there this process is " +
                                      std::string(text) + ", here " + std::to_string(::getpid()),
                 .hint = mount_it};
}

} // namespace core::sys
