// SPDX-License-Identifier: MIT
//
// What the child kinds share: failing, and paths inside the container.
//
// The rule for every path that the image can influence: it is resolved by openat2(2) below the container's root
// (RESOLVE_IN_ROOT, no magic links), the result is a descriptor, and everything else is done to that descriptor. So a
// symbolic link always leads to something inside the container, whatever the image or a process that shares a volume
// does (CVE-2019-18837, CVE-2021-30465, CVE-2024-45310, CVE-2026-41579). Mount points are opened by open_target, which
// is stricter: links of the image may not lead to the root or to /dev, nor into /proc or /sys. In a running container
// no link is followed at all.
#pragma once

#include <ctr/cpp/mount_api.hpp>

#include <cerrno>
#include <cstring>
#include <ctr/plugin.h>
#include <sys/stat.h>

namespace kinds {

/// Says that a system call failed with errno. `hint` may be nullptr. Returns -1.
CTR_CHILD int fail(ctr_run *run, const char *syscall_name, const char *path, const char *hint = nullptr);
/// Says in words what is wrong with an argument. Returns -1.
CTR_CHILD int fail_words(ctr_run *run, ctr_error_class error_class, const char *message, const char *path,
                         const char *hint = nullptr);
/// The container's root; fails the step and gives -1 if nothing is attached yet.
CTR_CHILD int require_root(ctr_run *run);

/// For a step with several targets: fails it if one of the named arguments stands more than once, but not once for each
/// target.
CTR_CHILD int require_each(ctr_run *run, std::size_t targets, const char *const *names, std::size_t n_names);
/// The index of the argument's value for target `at`. An argument that stands once holds for all targets.
CTR_CHILD std::size_t nth(ctr_run *run, const char *name, std::size_t at);

/// openat2 below the container's root.
CTR_CHILD int open_inside(int root, const char *path, int flags, std::uint64_t resolve = 0);

/// Opens /proc/self/fd, for calls that take paths only: such a call gets a path relative to this directory. It is
/// checked that this is a real procfs with nothing mounted over it. -1 with errno. It does not matter whose /proc it
/// is, because the descriptors in self/fd are always the caller's.
CTR_CHILD int open_own_fds(int root);
/// True if `fd`, found below `root`, is a place that links of an image must not lead to: the root itself, /dev itself,
/// and anything in /proc or /sys. The runtime relies on these places, and the description was checked by name only.
/// True also if it cannot be found out.
CTR_CHILD bool is_reserved(int root, int fd);

/// What make_path makes of the last component if it is missing; the components before it become directories (0755).
enum class Make { directory, file };
/// An O_PATH descriptor of `path` below `root`, made if it is missing (`made`, if given, says so). A dangling symbolic
/// link is followed, inside.
CTR_CHILD int make_path(int root, const char *path, Make last, unsigned mode, std::uint64_t resolve = 0,
                        bool *made = nullptr);

/// How open_target takes symbolic links.
enum class Links {
    followed, // inside, but not to a place that is_reserved()
    refused   // ELOOP: because a running process could have made them, or because the path must be the real one
};
/// An O_PATH descriptor of the mount point or file `path`. `make` nullptr: it must exist. errno is EXDEV if links of
/// the image lead to a reserved place. If there are no links, one openat2 is enough.
CTR_CHILD int open_target(int root, const char *path, const Make *make, unsigned mode, Links links,
                          bool *made = nullptr);

/// Splits a target into its directory (opened, made if missing) and its last name, which is copied to `name`.
CTR_CHILD int open_parent(int root, const char *target, char (&name)[256]);

/// Remembers the directory of the previous target, because the targets of a step are mostly in one directory. Start
/// with {}; close_fd(fd) at the end.
struct Parent {
    int fd = -1;
    const char *target = nullptr; // whose directory it is
    std::size_t length = 0;       // of the directory in it
};
/// As open_parent; the descriptor is `last.fd`.
CTR_CHILD int next_parent(int root, const char *target, char (&name)[256], Parent &last);

/// A real procfs: the container's /proc (before a root is attached, the machine's) if it is one, else a new one that is
/// mounted nowhere. Files that differ by namespace or process (sys/net, self) are always the opener's, whoever mounted
/// the procfs. CVE-2019-16884, CVE-2025-52881.
CTR_CHILD int open_procfs(int root);
/// Writes to a file of that procfs. Neither symbolic links nor anything mounted over it can redirect the write.
CTR_CHILD int write_procfs(int procfs, const char *path, const char *text, std::size_t length);

/// Fails the step if the process is in one of the namespaces that its argument not_in names ("FILE:DEVICE:INODE", FILE
/// as below /proc/PID/ns). The check is repeated here because the answer may have changed since the plan was made.
CTR_CHILD int require_not_in(ctr_run *run, int procfs);

CTR_ALWAYS_INLINE bool equal(const char *a, const char *b) { return strcmp(a, b) == 0; }
CTR_ALWAYS_INLINE void close_fd(int fd) {
    const int saved = errno;
    if (fd >= 0) close(fd);
    errno = saved;
}
/// Decimal digits of `value`, a NUL; gives the length.
CTR_ALWAYS_INLINE std::size_t write_decimal(char *out, std::int64_t value) {
    char digits[24];
    std::size_t n = 0, length = 0;
    std::uint64_t rest = value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
    do
        digits[n++] = static_cast<char>('0' + rest % 10);
    while ((rest /= 10) != 0);
    if (value < 0) out[length++] = '-';
    while (n != 0)
        out[length++] = digits[--n];
    out[length] = '\0';
    return length;
}
/// makedev(3) is a function in glibc.
CTR_ALWAYS_INLINE dev_t device_number(std::uint64_t major, std::uint64_t minor) {
    return ((major & 0xfff) << 8) | ((major & ~0xfffULL) << 32) | (minor & 0xff) | ((minor & ~0xffULL) << 12);
}

} // namespace kinds
