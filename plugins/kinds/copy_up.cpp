// SPDX-License-Identifier: MIT
//
// tmpcopyup: a new tmpfs begins with a copy of the directory that it covers.
//
// Everything is opened by name in a directory that is open already, and no link is followed. So a process that shares
// the directory cannot redirect the copy. Hard links become separate files. An extended attribute that tmpfs does not
// have (user.* before Linux 6.6), or that a user namespace may not set, is left out, as cp(1) does.
#include "mounting.hpp"

#include <climits>
#include <ctr/plugin.hpp>
#include <sys/stat.h>

namespace kinds {
namespace {

/// Each level holds two descriptors and a buffer on the stack.
constexpr unsigned depth_max = 128;

struct Entry { // linux_dirent64
    std::uint64_t inode;
    std::int64_t next;
    std::uint16_t size;
    std::uint8_t type;
    char name[1];
};

/// As large as the kernel's limits. Static is safe: the child is a separate process with one thread, and one entry is
/// copied at a time.
char attribute_names[65536], attribute_value[65536];

/// The calls l...xattr(2) take no directory descriptor, so the child changes its working directory; copy_up() changes
/// back.
CTR_CHILD int copy_attributes(int from, int to, const char *name) {
    if (fchdir(from) != 0) return -1;
    const long length = syscall(SYS_llistxattr, name, attribute_names, sizeof attribute_names);
    if (length < 0) return errno == ENOTSUP ? 0 : -1;
    for (long at = 0; at < length; at += static_cast<long>(strlen(attribute_names + at)) + 1) {
        const char *attribute = attribute_names + at;
        if (fchdir(from) != 0) return -1;
        const long size = syscall(SYS_lgetxattr, name, attribute, attribute_value, sizeof attribute_value);
        if (size < 0) {
            if (errno == ENODATA || errno == ENOTSUP) continue;
            return -1;
        }
        if (fchdir(to) != 0) return -1;
        if (syscall(SYS_lsetxattr, name, attribute, attribute_value, size, 0) != 0 && errno != ENOTSUP &&
            errno != EPERM)
            return -1;
    }
    return 0;
}

/// The owner first, because changing it clears set-user-ID bits and file capabilities.
CTR_CHILD int copy_metadata(int from, int to, const char *name, const struct stat &st) {
    const int link = AT_SYMLINK_NOFOLLOW;
    if (fchownat(to, name, st.st_uid, st.st_gid, link) != 0 || copy_attributes(from, to, name) != 0) return -1;
    if (!S_ISLNK(st.st_mode) && fchmodat(to, name, st.st_mode & 07777, 0) != 0) return -1;
    const struct timespec times[2] = {st.st_atim, st.st_mtim};
    return static_cast<int>(syscall(SYS_utimensat, to, name, times, link));
}

CTR_CHILD int copy_file(int from, int to, const char *name) {
    const int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (in < 0) return -1;
    const int out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    long n = -1;
    if (out >= 0) do
            n = syscall(SYS_sendfile, out, in, nullptr, std::size_t{1} << 30);
        while (n > 0 || (n < 0 && errno == EINTR));
    close_fd(out);
    close_fd(in);
    return n == 0 ? 0 : -1;
}

CTR_CHILD int copy_link(int from, int to, const char *name) {
    char text[4096];
    const long n = syscall(SYS_readlinkat, from, name, text, sizeof text - 1);
    if (n < 0) return -1;
    text[n] = '\0';
    return symlinkat(text, to, name);
}

CTR_CHILD int copy_directory(int from, int to, unsigned depth);

CTR_CHILD int copy_below(int from, int to, const char *name, unsigned depth) {
    if (depth == 0) return errno = ENAMETOOLONG, -1;
    const int source = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (source < 0) return -1;
    int target = -1, result = -1;
    if (mkdirat(to, name, 0700) == 0) target = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (target >= 0) result = copy_directory(source, target, depth - 1);
    close_fd(target);
    close_fd(source);
    return result;
}

CTR_CHILD int copy_entry(int from, int to, const char *name, unsigned depth) {
    struct stat st;
    if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) != 0) return errno == ENOENT ? 0 : -1; // gone meanwhile
    int made = -1;
    switch (st.st_mode & S_IFMT) {
    case S_IFDIR: made = copy_below(from, to, name, depth); break;
    case S_IFREG: made = copy_file(from, to, name); break;
    case S_IFLNK: made = copy_link(from, to, name); break;
    default: made = mknodat(to, name, st.st_mode & S_IFMT, st.st_rdev); break;
    }
    return made == 0 ? copy_metadata(from, to, name, st) : -1;
}

CTR_CHILD int copy_directory(int from, int to, unsigned depth) {
    alignas(8) char buffer[2048];
    for (;;) {
        const long got = syscall(SYS_getdents64, from, buffer, sizeof buffer);
        if (got <= 0) return static_cast<int>(got);
        for (long at = 0; at < got;) {
            const auto *entry = static_cast<const Entry *>(static_cast<const void *>(buffer + at));
            at += entry->size;
            if (equal(entry->name, ".") || equal(entry->name, "..")) continue;
            if (copy_entry(from, to, entry->name, depth) != 0) return -1;
        }
    }
}

/// Gives the root of the tmpfs the directory's metadata, except what the mount's options say.
CTR_CHILD int copy_root(ctr_run *raw, int from, int to, struct stat st) {
    const ctr::ChildRun run{raw};
    bool mode = true;
    for (std::size_t i = 0, n = run.count("options"); i < n; ++i) {
        const char *option = run.str("options", i);
        if (strncmp(option, "uid=", 4) == 0) st.st_uid = static_cast<uid_t>(-1);
        if (strncmp(option, "gid=", 4) == 0) st.st_gid = static_cast<gid_t>(-1);
        if (strncmp(option, "mode=", 5) == 0) mode = false;
    }
    struct stat now;
    if (fstat(to, &now) != 0) return -1;
    if (!mode) st.st_mode = now.st_mode;
    return copy_metadata(from, to, ".", st);
}

} // namespace

CTR_CHILD int copy_up(ctr_run *raw, int directory, int mount) {
    const char *target = ctr::ChildRun{raw}.str("target");
    const int from = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int to = openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int before = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct stat st;
    int result = from >= 0 && to >= 0 && before >= 0 && fstat(from, &st) == 0 ? 0 : -1;
    if (result == 0) result = copy_directory(from, to, depth_max);
    if (result == 0) result = copy_root(raw, from, to, st);
    if (result == 0) result = fchdir(before);
    if (result != 0)
        fail(raw, "tmpcopyup", target,
             errno == ENOSPC         ? "what the directory has is larger than the tmpfs"
             : errno == ENAMETOOLONG ? "directories are copied up to 128 levels deep"
                                     : nullptr);
    close_fd(before);
    close_fd(to);
    close_fd(from);
    return result;
}

} // namespace kinds
