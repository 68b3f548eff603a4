// SPDX-License-Identifier: MIT
#include "child.hpp"

#include "program.hpp"

#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace seccomp {
namespace {

/// Where the program is read to: part of the plugin's own memory, because a mapping may fail under the container's RLIMIT_AS, which
/// is in force by now.
alignas(8) char buffer[sizeof(Header) + BPF_MAXINSNS * sizeof(sock_filter)];

} // namespace

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
    const long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, run.integer("flags"), &program);
    if (result == 0) return 0;
    if (result > 0) errno = ESRCH; // TSYNC: a thread that could not follow; there is none but this
    return run.fail("seccomp", "seccomp.program",
                    errno == EACCES ? "without no_new_privs a filter needs CAP_SYS_ADMIN: set noNewPrivileges"
                                    : nullptr);
}

} // namespace seccomp
