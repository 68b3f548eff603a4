// SPDX-License-Identifier: MIT
//
// A subvolume cannot be deleted while it contains others, and anybody who may make a directory in a container may make
// subvolumes: nested to any depth, below paths longer than PATH_MAX (where libbtrfsutil's iterator and deletion by id
// fail with ENAMETOOLONG), or read-only (where its recursive deletion fails with EROFS). So this code walks by numbers,
// not by names: the kernel lists what is nested in a subvolume as pairs of a subvolume's id and the inode of the
// directory that holds it; a file handle made of such numbers opens either; the last component of the name is found in
// that directory.
#include "nested.hpp"

#include <btrfsutil.h>
#include <ctr/cpp/fd.hpp>
#include <dirent.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

namespace btrfs {
namespace {

using ctr::Fd;

/// The inode of every subvolume's root directory.
constexpr std::uint64_t root_inode = 256;

struct Nested {
    std::uint64_t parent;    // the subvolume that contains it
    std::uint64_t directory; // the inode there of the directory that holds it
    std::uint64_t id;
};

/// What name_to_handle_at(2) gives on btrfs, without a parent: FILEID_BTRFS_WITHOUT_PARENT.
constexpr int handle_type = 0x4d;
struct __attribute__((packed)) Handle {
    std::uint64_t inode;
    std::uint64_t subvolume;
    std::uint32_t generation; // 0: any
};

Fd open_by_number(int mount, std::uint64_t subvolume, std::uint64_t inode) {
    const Handle content = {inode, subvolume, 0};
    alignas(file_handle) unsigned char buffer[sizeof(file_handle) + sizeof content] = {};
    file_handle head{};
    head.handle_bytes = sizeof content;
    head.handle_type = handle_type;
    std::memcpy(buffer, &head, sizeof head);
    std::memcpy(buffer + offsetof(file_handle, f_handle), &content, sizeof content);
    return Fd{open_by_handle_at(mount, reinterpret_cast<file_handle *>(buffer), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
}

/// Appends the subvolumes that are directly nested in the open one.
bool children(int fd, std::uint64_t id, std::vector<Nested> *all) {
    auto answer = std::make_unique<btrfs_ioctl_get_subvol_rootref_args>();
    for (;;) {
        const int result = ioctl(fd, BTRFS_IOC_GET_SUBVOL_ROOTREF, answer.get());
        if (result != 0 && errno != EOVERFLOW) return false; // EOVERFLOW: there are more, from min_treeid on
        for (std::size_t i = 0; i < answer->num_items; ++i)
            all->push_back({id, answer->rootref[i].dirid, answer->rootref[i].treeid});
        if (result == 0) return true;
    }
}

bool make_writable(int fd) {
    bool read_only = false;
    if (btrfs_util_get_subvolume_read_only_fd(fd, &read_only) != BTRFS_UTIL_OK) return false;
    return !read_only || btrfs_util_set_subvolume_read_only_fd(fd, false) == BTRFS_UTIL_OK;
}

/// Deletes the subvolume `id` in the open directory: the entry whose number is its id (another file may have the same
/// number).
bool delete_in(int directory, std::uint64_t id) {
    const int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const std::unique_ptr<DIR, int (*)(DIR *)> stream(copy < 0 ? nullptr : fdopendir(copy), closedir);
    if (!stream) return false;
    while (const dirent *entry = (errno = 0, readdir(stream.get()))) {
        if (entry->d_ino != id) continue;
        const Fd found{openat(directory, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
        struct stat status {};
        if (!found.valid() || fstat(found.get(), &status) != 0 || status.st_ino != root_inode) continue;
        return btrfs_util_delete_subvolume_fd(directory, entry->d_name, 0) == BTRFS_UTIL_OK;
    }
    if (errno == 0) errno = ENOENT;
    return false;
}

} // namespace

ctr::Result<> delete_nested(int fd, const std::string &path) {
    const auto failed = [&](const char *what, std::uint64_t id) {
        ctr::Error error = ctr::system_error(what, path);
        error.message = "cannot delete the nested subvolume " + std::to_string(id);
        return error;
    };
    std::vector<Nested> all;
    std::uint64_t top = 0;
    if (btrfs_util_subvolume_id_fd(fd, &top) != BTRFS_UTIL_OK) return failed("btrfs_util_subvolume_id_fd", 0);
    if (!children(fd, top, &all)) return failed("BTRFS_IOC_GET_SUBVOL_ROOTREF", top);
    for (std::size_t i = 0; i < all.size(); ++i) { // the list grows: nested ones of a nested one are appended
        const std::uint64_t id = all[i].id;
        const Fd subvolume = open_by_number(fd, id, root_inode);
        if (!subvolume.valid()) return failed("open_by_handle_at", id);
        if (!make_writable(subvolume.get())) return failed("btrfs_util_set_subvolume_read_only_fd", id);
        if (!children(subvolume.get(), id, &all)) return failed("BTRFS_IOC_GET_SUBVOL_ROOTREF", id);
    }
    for (std::size_t i = all.size(); i-- > 0;) {
        const Nested &each = all[i];
        const Fd directory = open_by_number(fd, each.parent, each.directory);
        if (!directory.valid()) return failed("open_by_handle_at", each.id);
        if (!delete_in(directory.get(), each.id)) return failed("btrfs_util_delete_subvolume_fd", each.id);
    }
    return {};
}

} // namespace btrfs
