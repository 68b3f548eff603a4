// SPDX-License-Identifier: MIT
//
// The second half of the unpacker: owner, mode, extended attributes and times. The kernel demands this order: chown
// clears set-id bits and capabilities, so it comes first; writing changes times, so they come last.
#include "failure.hpp"
#include "unpacker.hpp"

#include <fcntl.h>
#include <sys/xattr.h>

#include <algorithm>
#include <string_view>

namespace image {

using ctr::Fd;

namespace {

// What a layer may set. trusted.* belongs to the machine (trusted.overlay.redirect would show other layers' files),
// security.selinux, ima and evm to its policy; user.overlay.* is overlayfs again.
bool wanted_xattr(std::string_view name) {
    if (name.starts_with("user.")) return !name.starts_with("user.overlay.");
    return name == "security.capability" || name == "system.posix_acl_access" || name == "system.posix_acl_default";
}

} // namespace

Times times_of(archive_entry *entry) {
    const timespec modified = {archive_entry_mtime(entry), archive_entry_mtime_nsec(entry)};
    if (archive_entry_atime_is_set(entry) == 0) return {{modified, modified}};
    return {{{archive_entry_atime(entry), archive_entry_atime_nsec(entry)}, modified}};
}

void Unpacker::set_owner(archive_entry *entry, const std::string &name) {
    const std::int64_t uid = archive_entry_uid(entry);
    const std::int64_t gid = archive_entry_gid(entry);
    // -1 would mean "do not change", and larger numbers would wrap around, for example to root.
    if (uid < 0 || gid < 0 || uid >= 0xffffffff || gid >= 0xffffffff)
        refuse(entry_name_,
               "belongs to " + std::to_string(uid) + ":" + std::to_string(gid) + ", which are no user and group ids");
    if (options_.unprivileged) return;
    if (fchownat(parent_.fd.get(), name.c_str(), static_cast<uid_t>(uid), static_cast<gid_t>(gid),
                 AT_SYMLINK_NOFOLLOW) != 0)
        entry_failure("fchownat");
}

void Unpacker::set_attributes(archive_entry *entry, int fd) {
    if (fchmod(fd, archive_entry_perm(entry)) != 0) entry_failure("fchmod");
    set_xattrs(entry, fd);
    if (futimens(fd, times_of(entry).both) != 0) entry_failure("futimens");
}

void Unpacker::set_times(archive_entry *entry, const std::string &name) {
    if (utimensat(parent_.fd.get(), name.c_str(), times_of(entry).both, AT_SYMLINK_NOFOLLOW) != 0)
        entry_failure("utimensat");
}

void Unpacker::set_xattrs(archive_entry *entry, int fd) {
    if (archive_entry_acl_types(entry) != 0 &&
        archive_entry_acl_count(entry, ARCHIVE_ENTRY_ACL_TYPE_ACCESS | ARCHIVE_ENTRY_ACL_TYPE_DEFAULT) != 0)
        warn("access control lists in tar's own form (tar --acls) are left out");
    if (archive_entry_xattr_reset(entry) == 0) return;
    const char *name = nullptr;
    const void *value = nullptr;
    std::size_t size = 0;
    while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK) {
        if (name == nullptr) continue;
        if (!wanted_xattr(name)) {
            warn("extended attribute " + brief(name, 100) + " is left out: not for an image to set");
            continue;
        }
        if (fsetxattr(fd, name, value, size, 0) == 0) continue;
        const bool capability = std::string_view(name) == "security.capability";
        if ((errno == EOPNOTSUPP && !capability) || options_.unprivileged)
            warn("extended attribute " + brief(name, 100) + " is left out: the file system does not take it");
        else
            system_failure("fsetxattr", entry_name_, std::string("attribute ") + name);
    }
}

void Unpacker::note_directory(const std::string &path, ino_t inode, mode_t mode, const Times &times) {
    const auto differ = std::mismatch(path.begin(), path.end(), last_path_.begin(), last_path_.end()).first;
    const auto shared = static_cast<std::size_t>(differ - path.begin());
    directories_.push_back({path.substr(shared), static_cast<std::uint32_t>(shared), mode, inode, times});
    last_path_ = path;
    noted_.insert(inode);
}

// If a directory has two entries, the later one applies.
void Unpacker::finish_directories() {
    std::string path;
    for (const FinalState &each : directories_) {
        path.resize(each.shared);
        path += each.rest;
        entry_name_ = path;
        const Fd directory = tree_.open_directory(path);
        struct stat about {};
        // A later entry may have replaced the directory.
        if (!directory.valid() || fstat(directory.get(), &about) != 0 || about.st_ino != each.inode) continue;
        if ((about.st_mode & 07777) != each.mode && fchmod(directory.get(), each.mode) != 0) entry_failure("fchmod");
        if (futimens(directory.get(), each.times.both) != 0) entry_failure("futimens");
    }
}

void Unpacker::warn(const std::string &text) {
    if (std::find(result_.warnings.begin(), result_.warnings.end(), text) == result_.warnings.end() &&
        result_.warnings.size() < 20)
        result_.warnings.push_back(text);
}

} // namespace image
