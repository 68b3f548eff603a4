// SPDX-License-Identifier: MIT
#include "child.hpp"

#include <climits>
#include <ctr/plugin.hpp>
#include <linux/magic.h>
#include <sys/vfs.h>

namespace kinds {
namespace {

constexpr int dangling_link = -2;

/// Makes one name in a directory and opens it. If somebody else made it in between, that one is used. A symbolic link
/// found here points to nothing, because openat2 would have followed it otherwise: dangling_link.
CTR_CHILD int make_one(int directory, const char *name, Make what, unsigned mode) {
    if (what == Make::directory) {
        if (mkdirat(directory, name, mode) != 0 && errno != EEXIST) return -1;
    } else {
        const int fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        if (fd < 0 && errno != EEXIST) return -1;
        close_fd(fd);
    }
    const int fd = open_inside(directory, name, O_PATH, RESOLVE_NO_SYMLINKS);
    return fd < 0 && errno == ELOOP ? dangling_link : fd;
}

/// Replaces the component [start, end) of `path`, a link in `directory`, by what the link says.
CTR_CHILD int splice_link(int directory, char (&path)[PATH_MAX], std::size_t start, std::size_t end) {
    char link[PATH_MAX], name[NAME_MAX + 1], rest[PATH_MAX];
    const std::size_t name_length = end - start, rest_length = strlen(path + end);
    if (name_length > NAME_MAX) return errno = ENAMETOOLONG, -1;
    memcpy(name, path + start, name_length);
    name[name_length] = '\0';
    const long n = syscall(SYS_readlinkat, directory, name, link, sizeof link - 1);
    if (n < 0) return -1;
    const std::size_t length = static_cast<std::size_t>(n), before = link[0] == '/' ? 0 : start;
    if (before + length + rest_length >= PATH_MAX) return errno = ENAMETOOLONG, -1;
    memcpy(rest, path + end, rest_length + 1);
    memcpy(path + before, link, length);
    memcpy(path + before + length, rest, rest_length + 1);
    return 0;
}

/// The directory of the last component, if it is there; `end` is where its name ends.
CTR_CHILD int open_directory_of(int root, char (&path)[PATH_MAX], std::uint64_t resolve, std::size_t &end) {
    end = strlen(path);
    while (end > 0 && path[end - 1] == '/')
        --end;
    while (end > 0 && path[end - 1] != '/')
        --end;
    if (end == 0) return -1;
    const char saved = path[end];
    path[end] = '\0';
    const int fd = open_inside(root, path, O_PATH | O_DIRECTORY, resolve);
    path[end] = saved;
    return fd;
}

/// One walk down `path`: opens each component and makes what is missing. It starts at the last directory if that exists
/// already (the usual case), else at the root. `missing`: the whole path is known to be missing. Returns dangling_link
/// if `path` was rewritten; then walk again.
CTR_CHILD int walk(int root, char (&path)[PATH_MAX], Make last, unsigned mode, std::uint64_t resolve, bool missing) {
    std::size_t end = 0;
    int here = open_directory_of(root, path, resolve, end);
    if (here < 0) {
        end = 0;
        here = open_inside(root, "/", O_PATH | O_DIRECTORY);
    }
    while (here >= 0) {
        std::size_t start = end;
        while (path[start] == '/')
            ++start;
        if (path[start] == '\0') return here;
        end = start;
        while (path[end] != '\0' && path[end] != '/')
            ++end;
        std::size_t tail = end;
        while (path[tail] == '/')
            ++tail;
        const bool is_last = path[tail] == '\0';

        const char saved = path[end];
        path[end] = '\0';
        int next = -1;
        if (is_last && missing)
            errno = ENOENT;
        else
            next = open_inside(root, path, O_PATH, resolve);
        if (next < 0 && errno == ENOENT)
            next = make_one(here, path + start, is_last ? last : Make::directory, is_last ? mode : 0755);
        path[end] = saved;
        if (next == dangling_link && (resolve & RESOLVE_NO_SYMLINKS) != 0)
            errno = ELOOP, next = -1; // somebody has just put it there
        else if (next == dangling_link && splice_link(here, path, start, end) != 0)
            next = -1;
        close_fd(here);
        here = next;
    }
    return here;
}

} // namespace

CTR_CHILD int fail(ctr_run *run, const char *syscall_name, const char *path, const char *hint) {
    return ctr::ChildRun{run}.fail(syscall_name, path, hint);
}

CTR_CHILD int fail_words(ctr_run *run, ctr_error_class error_class, const char *message, const char *path,
                         const char *hint) {
    const ctr_error error = {
        sizeof(ctr_error), static_cast<std::uint32_t>(error_class), 0, message, hint, nullptr, path};
    return ctr::host->fail(run, &error);
}

CTR_CHILD int require_root(ctr_run *run) {
    const int root = ctr::host->root_fd(run);
    if (root < 0)
        fail_words(run, CTR_E_INTERNAL, "the container has no root yet", nullptr,
                   "the step must need the token root.attached");
    return root;
}

CTR_CHILD int require_each(ctr_run *run, std::size_t targets, const char *const *names, std::size_t n_names) {
    for (std::size_t i = 0; i < n_names; ++i)
        if (const std::size_t n = ctr::host->arg_count(run, names[i]); n > 1 && n != targets)
            return fail_words(run, CTR_E_INVALID, "an argument stands more than once, but not once for each target",
                              names[i], "this is a bug of the plugin that made the step");
    return 0;
}

CTR_CHILD std::size_t nth(ctr_run *run, const char *name, std::size_t at) {
    return ctr::host->arg_count(run, name) > 1 ? at : 0;
}

CTR_CHILD int open_inside(int root, const char *path, int flags, std::uint64_t resolve) {
    // A rename anywhere on the machine during the walk gives EAGAIN (openat2(2)). The tries are limited because a
    // hostile process can go on renaming.
    for (int tries = 0; tries < 128; ++tries) {
        const int fd = ctr::openat2(root, path, static_cast<std::uint64_t>(flags | O_CLOEXEC), 0,
                                    RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve);
        if (fd >= 0 || errno != EAGAIN) return fd;
    }
    return -1;
}

CTR_CHILD int make_path(int root, const char *path, Make last, unsigned mode, std::uint64_t resolve, bool *made) {
    int fd = open_inside(root, path, O_PATH, resolve);
    if (made != nullptr) *made = fd < 0;
    if (fd >= 0 || errno != ENOENT) return fd;

    char buffer[PATH_MAX];
    const std::size_t length = strlen(path);
    if (length >= sizeof buffer) return errno = ENAMETOOLONG, -1;
    memcpy(buffer, path, length + 1);
    const mode_t mask = umask(0); // so that modes are exactly what was asked
    fd = dangling_link;
    for (int links = 0; links < 40 && fd == dangling_link; ++links)
        fd = walk(root, buffer, last, mode, resolve, links == 0);
    umask(mask);
    if (fd == dangling_link) return errno = ELOOP, -1;
    return fd;
}

CTR_CHILD int open_parent(int root, const char *target, char (&name)[256]) {
    char parent[PATH_MAX];
    std::size_t end = strlen(target);
    while (end > 0 && target[end - 1] == '/')
        --end;
    std::size_t start = end;
    while (start > 0 && target[start - 1] != '/')
        --start;
    const std::size_t length = end - start;
    if (length > NAME_MAX || start + 1 > sizeof parent) return errno = ENAMETOOLONG, -1;
    memcpy(name, target + start, length);
    name[length] = '\0';
    if (length == 0 || equal(name, ".") || equal(name, "..")) return errno = EINVAL, -1;
    memcpy(parent, target, start);
    parent[start] = '\0';
    return make_path(root, start == 0 ? "/" : parent, Make::directory, 0755);
}

CTR_CHILD int next_parent(int root, const char *target, char (&name)[256], Parent &last) {
    const char *slash = strrchr(target, '/');
    const std::size_t length = slash == nullptr ? 0 : static_cast<std::size_t>(slash - target);
    const char *rest = slash == nullptr ? "" : slash + 1;
    // Only the plain case. With a trailing slash or dots the directory is not simply the text before the last slash;
    // open_parent handles that.
    const bool plain = *rest != '\0' && !equal(rest, ".") && !equal(rest, "..") && strlen(rest) < sizeof name;
    if (plain && last.fd >= 0 && length == last.length && strncmp(target, last.target, length) == 0)
        return memcpy(name, rest, strlen(rest) + 1), last.fd;
    close_fd(last.fd);
    last = {open_parent(root, target, name), target, plain ? length : SIZE_MAX};
    return last.fd;
}

namespace {

/// inode(7) of the root of each procfs.
constexpr ino_t procfs_root = 1;

/// True if `fd` is the root of a procfs.
CTR_CHILD bool is_procfs(int fd, bool &writable) {
    struct statfs fs;
    struct stat st;
    if (fd < 0 || fstatfs(fd, &fs) != 0 || fs.f_type != PROC_SUPER_MAGIC) return false;
    if (fstat(fd, &st) != 0 || st.st_ino != procfs_root) return false;
    writable = (fs.f_flags & 1) == 0;
    return true;
}

CTR_CHILD int new_procfs() {
    const int context = ctr::fsopen("proc");
    if (context < 0) return -1;
    int fd = -1;
    if (ctr::fsconfig_create(context) == 0) fd = ctr::fsmount(context, 0);
    close_fd(context);
    return fd;
}

/// Where a descriptor is, as the process sees it.
CTR_CHILD bool place_of(int own_fds, int fd, char (&out)[PATH_MAX]) {
    char name[24];
    write_decimal(name, fd);
    const long n = syscall(SYS_readlinkat, own_fds, name, out, sizeof out - 1);
    if (n <= 0 || out[0] != '/') return false;
    out[n] = '\0';
    return true;
}

CTR_CHILD bool begins_with(const char *path, const char *directory) {
    const std::size_t length = strlen(directory);
    return strncmp(path, directory, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

} // namespace

CTR_CHILD int open_procfs(int root) {
    const int there = root >= 0 ? open_inside(root, "/proc", O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS)
                                : open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    bool writable = false;
    if (is_procfs(there, writable) && writable) return there;
    close_fd(there);
    return new_procfs();
}

CTR_CHILD int open_own_fds(int root) {
    bool writable = false;
    int procfs =
        open("/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC); // before pivot_root this is the machine's
    if (!is_procfs(procfs, writable)) {
        close_fd(procfs);
        procfs = open_procfs(root);
    }
    if (procfs < 0) return -1;
    const int fd = ctr::openat2(procfs, "self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC, 0,
                                RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV);
    close_fd(procfs);
    return fd;
}

CTR_CHILD bool is_reserved(int root, int fd) {
    char top[PATH_MAX], path[PATH_MAX];
    const int own_fds = open_own_fds(root);
    const bool known = own_fds >= 0 && place_of(own_fds, root, top) && place_of(own_fds, fd, path);
    close_fd(own_fds);
    if (!known) return true;
    if (equal(top, "/")) top[0] = '\0';
    if (!begins_with(path, top)) return true;
    const char *inside = path + strlen(top);
    return equal(inside, "") || equal(inside, "/") || equal(inside, "/dev") || begins_with(inside, "/proc") ||
           begins_with(inside, "/sys");
}

CTR_CHILD int open_target(int root, const char *path, const Make *make, unsigned mode, Links links, bool *made) {
    // First try without links, which is the usual case. If there is one, follow it and check where it leads.
    for (std::uint64_t resolve = RESOLVE_NO_SYMLINKS;; resolve = 0) {
        const int fd = make != nullptr ? make_path(root, path, *make, mode, resolve, made)
                                       : open_inside(root, path, O_PATH, resolve);
        if (fd < 0 && errno == ELOOP && resolve != 0 && links == Links::followed) continue;
        if (fd < 0 || resolve != 0 || !is_reserved(root, fd)) return fd;
        close_fd(fd);
        return errno = EXDEV, -1;
    }
}

CTR_CHILD int write_procfs(int procfs, const char *path, const char *text, std::size_t length) {
    const int fd =
        ctr::openat2(procfs, path, O_WRONLY | O_CLOEXEC, 0, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV);
    if (fd < 0) return -1;
    const long n = syscall(SYS_write, fd, text, length);
    close_fd(fd);
    return n == static_cast<long>(length) ? 0 : -1;
}

namespace {

/// Reads the decimal number at `*at` up to the character `end`, and moves `*at` behind that.
CTR_CHILD bool take_number(const char **at, char end, std::uint64_t *out) {
    const char *c = *at;
    for (*out = 0; *c >= '0' && *c <= '9'; ++c)
        *out = *out * 10 + static_cast<std::uint64_t>(*c - '0');
    const bool good = c != *at && c - *at < 20 && *c == end;
    *at = *c == '\0' ? c : c + 1;
    return good;
}

} // namespace

CTR_CHILD int require_not_in(ctr_run *run, int procfs) {
    const std::size_t n = ctr::host->arg_count(run, "not_in");
    if (n == 0) return 0;
    // Refuses anything mounted over self/ns. The file of a namespace is a magic link, so it is opened separately below.
    const int directory = ctr::openat2(procfs, "self/ns", O_PATH | O_DIRECTORY | O_CLOEXEC, 0,
                                       RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV);
    if (directory < 0) return fail(run, "openat2", "/proc/self/ns");
    int result = 0;
    for (std::size_t i = 0; i < n && result == 0; ++i) {
        const char *text = ctr::host->arg_str(run, "not_in", i).data, *colon = strchr(text, ':');
        char file[16];
        std::uint64_t device = 0, inode = 0;
        const std::size_t length = colon == nullptr ? 0 : static_cast<std::size_t>(colon - text);
        const char *at = colon == nullptr ? "" : colon + 1;
        if (length == 0 || length >= sizeof file || memchr(text, '/', length) != nullptr ||
            !take_number(&at, ':', &device) || !take_number(&at, '\0', &inode)) {
            result = fail_words(run, CTR_E_INTERNAL, "the argument not_in is no FILE:DEVICE:INODE", text);
            break;
        }
        memcpy(file, text, length);
        file[length] = '\0';
        struct stat st;
        if (fstatat(directory, file, &st, 0) != 0)
            result = fail(run, "fstatat", file, "which namespace the process is in cannot be told");
        else if (st.st_dev == device && st.st_ino == inode)
            result = fail_words(run, CTR_E_INVALID,
                                "the process is in the machine's own namespace: this would change the machine", file,
                                "the path of the namespace to join leads to another one than when the plan was made");
    }
    close_fd(directory);
    return result;
}

} // namespace kinds
