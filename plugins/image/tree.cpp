// SPDX-License-Identifier: MIT
#include "tree.hpp"

#include "failure.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#include <memory>
#include <string_view>
#include <vector>

namespace image {

using ctr::Fd;

namespace {

// All names of a directory, read before anything is removed.
std::vector<std::string> names_in(int directory) {
    Fd copy(openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!copy.valid()) system_failure("open", "a directory of the layer");
    const std::unique_ptr<DIR, int (*)(DIR *)> stream(fdopendir(copy.get()), closedir);
    if (!stream) system_failure("fdopendir", "a directory of the layer");
    copy.release();
    std::vector<std::string> names;
    errno = 0;
    while (const dirent *entry = readdir(stream.get())) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") names.emplace_back(name);
    }
    if (errno != 0) system_failure("readdir", "a directory of the layer");
    return names;
}

void unlink_name(int directory, const std::string &name, int flags) {
    if (unlinkat(directory, name.c_str(), flags) == 0 || errno == ENOENT) return;
    // The directory has entries that were kept.
    if ((flags & AT_REMOVEDIR) != 0 && (errno == ENOTEMPTY || errno == EEXIST)) return;
    system_failure("unlinkat", name);
}

void remove_from(int directory, ino_t inode, const std::string &name, const Keep &keep) {
    struct stat about {};
    if (!look(directory, name, &about)) return;
    const bool kept = keep && keep(inode, name);
    if (!S_ISDIR(about.st_mode)) {
        if (!kept) unlink_name(directory, name, 0);
        return;
    }
    const Fd child = open_child(directory, name);
    if (!child.valid()) system_failure("open", name);
    for (const std::string &each : names_in(child.get()))
        remove_from(child.get(), about.st_ino, each, keep);
    if (!kept) unlink_name(directory, name, AT_REMOVEDIR);
}

ino_t inode_of(int fd) {
    struct stat about {};
    if (fstat(fd, &about) != 0) system_failure("fstat", "a directory of the layer");
    return about.st_ino;
}

} // namespace

Fd Tree::open_directory(const std::string &path) const {
    open_how how{};
    how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
    long fd = -1;
    // EAGAIN: something in the tree was renamed meanwhile, so ".." could not be proved to stay inside.
    for (int tries = 0; tries < 32; ++tries) {
        fd = syscall(SYS_openat2, root_, path.empty() ? "." : path.c_str(), &how, sizeof how);
        if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) break;
    }
    return Fd(static_cast<int>(fd));
}

bool look(int directory, const std::string &name, struct stat *about) {
    if (fstatat(directory, name.c_str(), about, AT_SYMLINK_NOFOLLOW) == 0) return true;
    if (errno == ENOENT) return false;
    system_failure("fstatat", name);
}

Fd open_child(int directory, const std::string &name) {
    return Fd(openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

void remove_all(int directory, const std::string &name, const Keep &keep) {
    remove_from(directory, inode_of(directory), name, keep);
}

void remove_content(int directory, const Keep &keep) {
    const ino_t inode = inode_of(directory);
    for (const std::string &each : names_in(directory))
        remove_from(directory, inode, each, keep);
}

} // namespace image
