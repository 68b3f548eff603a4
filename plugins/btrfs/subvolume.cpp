// SPDX-License-Identifier: MIT
#include "subvolume.hpp"

#include "nested.hpp"

#include <btrfsutil.h>
#include <ctr/cpp/fd.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace btrfs {
namespace {

using ctr::Fd;

bool failed(Problem *problem, const char *what, const std::string &path) {
    *problem = {errno, what, {}, path};
    return false;
}

/// Says in the library's words what it could not do; errno is what the kernel said.
bool check(btrfs_util_error error, const char *what, const std::string &path, Problem *problem) {
    if (error == BTRFS_UTIL_OK) return true;
    *problem = {errno, what, btrfs_util_strerror(error), path};
    if (error == BTRFS_UTIL_ERROR_NOT_BTRFS || problem->errno_value == ENOTTY)
        problem->message = "this is not on a btrfs file system";
    return false;
}

} // namespace

bool make_directory(const std::string &path, Problem *problem) {
    if (mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return true;
    const std::size_t slash = path.rfind('/');
    if (errno != ENOENT || slash == std::string::npos || slash == 0) return failed(problem, "mkdir", path);
    if (!make_directory(path.substr(0, slash), problem)) return false;
    return mkdir(path.c_str(), 0700) == 0 || errno == EEXIST || failed(problem, "mkdir", path);
}

bool create_subvolume(const std::string &path, Problem *problem) {
    if (!check(btrfs_util_create_subvolume(path.c_str(), 0, nullptr, nullptr), "btrfs_util_create_subvolume", path,
               problem))
        return false;
    return chmod(path.c_str(), 0755) == 0 || failed(problem, "chmod", path);
}

bool snapshot(const std::string &source, const std::string &path, Problem *problem) {
    const Fd fd{open(source.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (!fd.valid()) return failed(problem, "open", source);
    return check(btrfs_util_create_snapshot_fd(fd.get(), path.c_str(), 0, nullptr, nullptr),
                 "btrfs_util_create_snapshot_fd", path, problem);
}

bool seal(const std::string &path, Problem *problem) {
    const Fd fd{open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (!fd.valid()) return failed(problem, "open", path);
    if (!check(btrfs_util_set_subvolume_read_only_fd(fd.get(), true), "btrfs_util_set_subvolume_read_only_fd", path,
               problem))
        return false;
    return syncfs(fd.get()) == 0 || failed(problem, "syncfs", path);
}

bool delete_subvolume(const std::string &path, Problem *problem) {
    const std::size_t slash = path.rfind('/');
    const std::string directory = path.substr(0, slash), name = path.substr(slash + 1);
    const Fd parent{open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!parent.valid()) return errno == ENOENT || failed(problem, "open", directory);
    const Fd subvolume{openat(parent.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (!subvolume.valid()) return errno == ENOENT || failed(problem, "open", path);
    if (!check(btrfs_util_is_subvolume_fd(subvolume.get()), "btrfs_util_is_subvolume_fd", path, problem)) return false;

    // Most have nothing nested, and the kernel says so faster than a search of the trees.
    btrfs_util_error error = btrfs_util_delete_subvolume_fd(parent.get(), name.c_str(), 0);
    if (error != BTRFS_UTIL_OK && errno == ENOTEMPTY) {
        bool read_only = false;
        if (btrfs_util_get_subvolume_read_only_fd(subvolume.get(), &read_only) == BTRFS_UTIL_OK && read_only)
            btrfs_util_set_subvolume_read_only_fd(subvolume.get(), false);
        if (!delete_nested(subvolume.get(), path, problem)) return false;
        error = btrfs_util_delete_subvolume_fd(parent.get(), name.c_str(), 0);
    }
    return check(error, "btrfs_util_delete_subvolume_fd", path, problem);
}

} // namespace btrfs
