// SPDX-License-Identifier: MIT
#include "remove_tree.hpp"

#include <ctr/cpp/fd.hpp>
#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace overlay {
namespace {

using ctr::Fd;

constexpr unsigned depth_max = 64;

/// Opens one name inside `dir`; EBUSY if it is a mount point.
int open_inside(int dir, const char *name, int flags) {
    open_how how{};
    how.flags = static_cast<__u64>(flags | O_NOFOLLOW | O_CLOEXEC);
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
    const long fd = syscall(SYS_openat2, dir, name, &how, sizeof how);
    if (fd < 0 && errno == EXDEV) errno = EBUSY;
    return static_cast<int>(fd);
}

/// Clears the immutable and append-only flags of an open file. True if it had any.
bool thaw(int fd) {
    int flags = 0;
    if (ioctl(fd, FS_IOC_GETFLAGS, &flags) != 0) return false;
    const int wanted = flags & ~(FS_IMMUTABLE_FL | FS_APPEND_FL);
    return wanted != flags && ioctl(fd, FS_IOC_SETFLAGS, &wanted) == 0;
}

class TreeRemover {
public:
    explicit TreeRemover(int top) : top_(top) {}
    void empty_top();
    int error() const { return error_; }
    const std::string &culprit() const { return culprit_; }

private:
    void empty(DIR *dir, unsigned depth);
    void remove_entry(int dir, const char *name, unsigned char type, unsigned depth);
    void remove_directory(int dir, const char *name, unsigned depth);
    bool unlink_entry(int dir, const char *name, int flags);
    bool hoist(int dir, const char *name);
    void note(const char *name) {
        if (error_ == 0) error_ = errno, culprit_ = name;
    }

    int top_;
    unsigned long hoisted_ = 0, next_name_ = 0;
    int error_ = 0;
    std::string culprit_;
};

/// unlinkat(2). If protecting flags prevent it, they are cleared and it is tried again.
bool TreeRemover::unlink_entry(int dir, const char *name, int flags) {
    if (unlinkat(dir, name, flags) == 0 || errno == ENOENT) return true;
    if (errno != EPERM) return false;
    bool thawed = thaw(dir);
    struct stat status {};
    if (fstatat(dir, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)))
        if (const Fd entry{open_inside(dir, name, O_RDONLY | O_NONBLOCK)}; entry.valid())
            thawed = thaw(entry.get()) || thawed;
    errno = EPERM;
    return thawed && (unlinkat(dir, name, flags) == 0 || errno == ENOENT);
}

/// Moves a directory to the top, where it is emptied later. If the container has a file with the new name there, the
/// next name is tried.
bool TreeRemover::hoist(int dir, const char *name) {
    for (;;) {
        const std::string there = ".ctr-hoisted-" + std::to_string(next_name_++);
        if (renameat2(dir, name, top_, there.c_str(), RENAME_NOREPLACE) == 0) return ++hoisted_, true;
        if (errno == EPERM && thaw(dir)) continue;
        if (errno != EEXIST) return false;
    }
}

void TreeRemover::remove_directory(int dir, const char *name, unsigned depth) {
    Fd fd{open_inside(dir, name, O_RDONLY | O_DIRECTORY)};
    if (!fd.valid()) {
        if (errno != ENOENT) note(name);
        return;
    }
    if (depth >= depth_max) {
        thaw(fd.get()); // moving a directory changes its "..", which the flags forbid too
        if (!hoist(dir, name)) note(name);
        return;
    }
    DIR *stream = fdopendir(fd.get());
    if (!stream) return note(name);
    static_cast<void>(fd.release());
    empty(stream, depth);
    closedir(stream);
    if (!unlink_entry(dir, name, AT_REMOVEDIR)) note(name);
}

void TreeRemover::remove_entry(int dir, const char *name, unsigned char type, unsigned depth) {
    if (type != DT_DIR) {
        if (unlink_entry(dir, name, 0)) return;
        // EISDIR tells a directory whose type readdir(3) did not know.
        if (errno != EISDIR) return note(name);
    }
    remove_directory(dir, name, depth + 1);
}

void TreeRemover::empty(DIR *dir, unsigned depth) {
    errno = 0;
    while (const dirent *entry = readdir(dir)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            remove_entry(dirfd(dir), entry->d_name, entry->d_type, depth);
        errno = 0;
    }
    if (errno != 0) note("readdir");
}

void TreeRemover::empty_top() {
    const int copy = fcntl(top_, F_DUPFD_CLOEXEC, 3);
    DIR *stream = copy < 0 ? nullptr : fdopendir(copy);
    if (!stream) {
        note(".");
        if (copy >= 0) close(copy);
        return;
    }
    unsigned long before = 0;
    do { // readdir(3) need not show what was hoisted meanwhile
        before = hoisted_;
        rewinddir(stream);
        empty(stream, 0);
    } while (hoisted_ != before);
    closedir(stream);
}

} // namespace

int remove_tree(int parent, const std::string &name, std::string *culprit) {
    const Fd top{openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (!top.valid()) return errno == ENOENT ? 0 : -1;
    TreeRemover remover{top.get()};
    remover.empty_top();
    if (remover.error() == 0) {
        if (unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return 0;
        if (errno == EPERM && thaw(top.get()) && unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0) return 0;
        if (culprit) *culprit = name;
        return -1;
    }
    if (culprit) *culprit = remover.culprit();
    errno = remover.error();
    return -1;
}

} // namespace overlay
