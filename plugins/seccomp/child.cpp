// SPDX-License-Identifier: MIT
#include "child.hpp"

#include "program.hpp"

#include <linux/seccomp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace seccomp {
namespace {

/// near_end is this process's end of the socket pair on which the filter's descriptor is announced. The program is read
/// into `buffer`, which is static because a new mapping may fail: the container's RLIMIT_AS is in force by now.
int near_end = -1;

alignas(8) char buffer[sizeof(Header) + BPF_MAXINSNS * sizeof(sock_filter)];

/// Only read(2) and write(2) from here on, because the filter may forbid everything else.
CTR_CHILD int announce(const ctr::ChildRun &run, long listener) {
    const int number = static_cast<int>(listener);
    char answer = 0;
    if (write(near_end, &number, sizeof number) == static_cast<ssize_t>(sizeof number) &&
        read(near_end, &answer, sizeof answer) == static_cast<ssize_t>(sizeof answer))
        return 0;
    return run.fail("write", "seccomp listener", "the filter must let read and write through");
}

} // namespace

CTR_CHILD int channel_in_child(ctr_run *raw) {
    const ctr::ChildRun run{raw};
    int ends[2];
    if (syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return run.fail("socketpair", "seccomp listener");
    near_end = ends[0];
    return run.output_fd("peer", ends[1]);
}

CTR_CHILD int load_in_child(ctr_run *raw) {
    const ctr::ChildRun run{raw};
    const ssize_t got = pread(run.fd("program"), buffer, sizeof buffer, 0);
    Header header;
    if (got < static_cast<ssize_t>(sizeof header)) return run.fail("pread", "seccomp.program");
    __builtin_memcpy(&header, buffer, sizeof header);
    if (header.count > BPF_MAXINSNS ||
        static_cast<std::size_t>(got) < sizeof header + header.count * sizeof(sock_filter)) {
        errno = EBADMSG;
        return run.fail("pread", "seccomp.program");
    }
    sock_fprog program{static_cast<unsigned short>(header.count), nullptr};
    program.filter = static_cast<sock_filter *>(static_cast<void *>(buffer + sizeof header));
    const bool listens = run.count("peer") != 0;
    if (listens)
        close(run.fd("peer")); // the parent has it; it sees the end of this process only if no other copy is open
    const long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, run.integer("flags"), &program);
    if (result >= 0 && listens) return announce(run, result);
    if (result == 0) return 0;
    if (result > 0) errno = ESRCH; // TSYNC: the id of a thread that could not follow; there is only this one
    return run.fail("seccomp", "seccomp.program",
                    errno == EACCES ? "without no_new_privs a filter needs CAP_SYS_ADMIN: set noNewPrivileges"
                                    : nullptr);
}

} // namespace seccomp
