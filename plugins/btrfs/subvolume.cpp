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
using ctr::Result;
using ctr::system_error;

/// An error with the library's words and the kernel's errno.
Result<> check(btrfs_util_error code, const char *what, const std::string &path) {
    if (code == BTRFS_UTIL_OK) return {};
    ctr::Error error = system_error(what, path);
    const bool elsewhere = code == BTRFS_UTIL_ERROR_NOT_BTRFS || error.errno_value == ENOTTY;
    error.message = elsewhere ? "this is not on a btrfs file system" : btrfs_util_strerror(code);
    return error;
}

} // namespace

Result<> make_directory(const std::string &path) {
    if (mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
    const std::size_t slash = path.rfind('/');
    if (errno != ENOENT || slash == std::string::npos || slash == 0) return system_error("mkdir", path);
    CTR_TRY(make_directory(path.substr(0, slash)));
    return mkdir(path.c_str(), 0700) == 0 || errno == EEXIST ? Result<>() : system_error("mkdir", path);
}

Result<> create_subvolume(const std::string &path) {
    CTR_TRY(check(btrfs_util_create_subvolume(path.c_str(), 0, nullptr, nullptr), "btrfs_util_create_subvolume", path));
    return chmod(path.c_str(), 0755) == 0 ? Result<>() : system_error("chmod", path);
}

Result<> snapshot(const std::string &source, const std::string &path) {
    const Fd fd{open(source.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (!fd.valid()) return system_error("open", source);
    return check(btrfs_util_create_snapshot_fd(fd.get(), path.c_str(), 0, nullptr, nullptr),
                 "btrfs_util_create_snapshot_fd", path);
}

Result<> seal(const std::string &path) {
    const Fd fd{open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (!fd.valid()) return system_error("open", path);
    CTR_TRY(
        check(btrfs_util_set_subvolume_read_only_fd(fd.get(), true), "btrfs_util_set_subvolume_read_only_fd", path));
    return syncfs(fd.get()) == 0 ? Result<>() : system_error("syncfs", path);
}

Result<> delete_subvolume(const std::string &path) {
    const std::size_t slash = path.rfind('/');
    const std::string directory = path.substr(0, slash), name = path.substr(slash + 1);
    const Fd parent{open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!parent.valid()) return errno == ENOENT ? Result<>() : system_error("open", directory);
    const Fd subvolume{openat(parent.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (!subvolume.valid()) return errno == ENOENT ? Result<>() : system_error("open", path);
    CTR_TRY(check(btrfs_util_is_subvolume_fd(subvolume.get()), "btrfs_util_is_subvolume_fd", path));

    // Most have nothing nested, so try a plain deletion first; that is faster than a search of the trees.
    btrfs_util_error error = btrfs_util_delete_subvolume_fd(parent.get(), name.c_str(), 0);
    if (error != BTRFS_UTIL_OK && errno == ENOTEMPTY) {
        bool read_only = false;
        if (btrfs_util_get_subvolume_read_only_fd(subvolume.get(), &read_only) == BTRFS_UTIL_OK && read_only)
            btrfs_util_set_subvolume_read_only_fd(subvolume.get(), false);
        CTR_TRY(delete_nested(subvolume.get(), path));
        error = btrfs_util_delete_subvolume_fd(parent.get(), name.c_str(), 0);
    }
    return check(error, "btrfs_util_delete_subvolume_fd", path);
}

} // namespace btrfs
