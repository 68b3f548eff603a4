// SPDX-License-Identifier: MIT
//
// The first half of the unpacker: which entry becomes what, and where. attributes.cpp has the other.
#include "unpacker.hpp"

#include "failure.hpp"

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <algorithm>

namespace image {

using ctr::Fd;

namespace {

bool is_whiteout(const struct stat &about) { return S_ISCHR(about.st_mode) && about.st_rdev == 0; }

bool empty_directory(int fd) {
    bool empty = true;
    remove_content(fd, [&](ino_t, const std::string &) {
        empty = false;
        return true;
    });
    return empty;
}

} // namespace

Unpacker::Unpacker(int root, const UnpackOptions &options) : tree_(root), options_(options) {}

std::string Unpacker::key(ino_t directory, const std::string &name) {
    std::string text(sizeof directory, '\0');
    std::copy_n(reinterpret_cast<const char *>(&directory), sizeof directory, text.begin());
    return text += name;
}

void Unpacker::entry_failure(const char *syscall) const { system_failure(syscall, entry_name_); }

UnpackResult Unpacker::unpack(ByteStream &tar) {
    const Utf8Names names;
    const Fd root = tree_.open_directory("");
    if (!root.valid()) system_failure("openat2", "the directory of the layer");
    struct stat about {};
    if (fstat(root.get(), &about) != 0) system_failure("fstat", "the directory of the layer");
    root_inode_ = about.st_ino;
    const bool fresh = empty_directory(root.get());
    Archive archive(tar, Archive::Content::tar, "layer");
    while (archive_entry *entry = archive.next())
        add_entry(archive, entry);
    finish_directories();
    // Tars without an entry for "./" are common; a root that only its owner may enter is of no use.
    if (fresh && !root_seen_ && fchmod(root.get(), 0755) != 0) system_failure("fchmod", "the directory of the layer");
    return std::move(result_);
}

void Unpacker::add_entry(Archive &archive, archive_entry *entry) {
    const char *raw = archive_entry_pathname(entry);
    entry_name_ = raw == nullptr ? "" : raw;
    if (++result_.entries > options_.max_entries)
        refuse(entry_name_, "the layer has more than " + std::to_string(options_.max_entries) + " entries",
               "config key max_entries of the plugin image allows more");
    if (raw == nullptr) refuse("entry " + std::to_string(result_.entries), "has no name");
    const std::string path = normal_path(raw);
    if (path.empty()) return add_root(entry);
    const auto [directory, name] = split_path(path);
    if (path.starts_with(".wh..wh.") && mark_of(path.substr(0, path.find('/'))).mark == Mark::metadata) return;
    if (directory.starts_with(".wh.") || directory.find("/.wh.") != std::string::npos)
        refuse(entry_name_, "a whiteout cannot be a directory");

    const MarkedName marked = mark_of(name);
    if (marked.mark == Mark::metadata || (marked.mark != Mark::none && options_.lowest)) return;
    enter(directory);
    if (marked.mark == Mark::opaque) return hide_content();
    if (marked.mark == Mark::whiteout) return hide(marked.name);

    if (const char *target = archive_entry_hardlink(entry)) {
        add_hardlink(target, name);
    } else {
        switch (archive_entry_filetype(entry)) {
        case AE_IFREG: add_file(archive, entry, name); break;
        case AE_IFDIR: add_directory(entry, path, name); break;
        case AE_IFLNK: add_symlink(entry, name); break;
        case AE_IFCHR:
        case AE_IFBLK:
        case AE_IFIFO: add_special(entry, name); break;
        default: refuse(entry_name_, "is of a type that a layer cannot have");
        }
    }
    made_.insert(key(parent_.inode, name));
}

void Unpacker::add_root(archive_entry *entry) {
    if (archive_entry_filetype(entry) != AE_IFDIR) refuse(entry_name_, "the root of a layer must be a directory");
    root_seen_ = true;
    enter({});
    set_owner(entry, ".");
    set_xattrs(entry, parent_.fd.get());
    note_directory(entry, {}, parent_.inode);
}

// Makes `name` new: what stood there goes first. Nothing is ever opened through a name that the archive could have
// planted.
template <typename Make> void Unpacker::make_new(const char *syscall, const std::string &name, Make make) {
    if (make()) return;
    if (errno == EEXIST) {
        clear_place(name);
        if (make()) return;
    }
    entry_failure(syscall);
}

void Unpacker::clear_place(const std::string &name) {
    parent_valid_ = false; // its path may mean another place now
    remove_all(parent_.fd.get(), name);
}

void Unpacker::add_file(Archive &archive, archive_entry *entry, const std::string &name) {
    Fd file;
    make_new("openat", name, [&] {
        file = Fd(openat(parent_.fd.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
        return file.valid();
    });
    write_data(archive, entry, file.get());
    set_owner(entry, name);
    set_attributes(entry, file.get());
}

void Unpacker::write_data(Archive &archive, archive_entry *entry, int fd) {
    const void *bytes = nullptr;
    std::size_t size = 0;
    std::int64_t offset = 0;
    std::int64_t end = 0;
    while (archive.data(&bytes, &size, &offset)) {
        result_.bytes += size;
        if (result_.bytes > options_.max_bytes)
            refuse(entry_name_, "the layer's files hold more than " + std::to_string(options_.max_bytes) + " bytes",
                   "config key max_unpacked_bytes of the plugin image allows more");
        for (std::size_t done = 0; done < size;) {
            const ssize_t count = pwrite(fd, static_cast<const char *>(bytes) + done, size - done,
                                         offset + static_cast<std::int64_t>(done));
            if (count < 0 && errno != EINTR) entry_failure("pwrite");
            if (count > 0) done += static_cast<std::size_t>(count);
        }
        end = std::max(end, offset + static_cast<std::int64_t>(size));
    }
    // A hole at the end has no data.
    if (end != archive_entry_size(entry) && ftruncate(fd, archive_entry_size(entry)) != 0) entry_failure("ftruncate");
}

void Unpacker::add_directory(archive_entry *entry, const std::string &path, const std::string &name) {
    const std::string own_key = key(parent_.inode, name);
    if (mkdirat(parent_.fd.get(), name.c_str(), 0700) != 0) {
        struct stat about {};
        if (errno != EEXIST) entry_failure("mkdirat");
        // A directory that is there already gets more content; anything else is replaced.
        if (look(parent_.fd.get(), name, &about) && !S_ISDIR(about.st_mode)) {
            clear_place(name);
            if (mkdirat(parent_.fd.get(), name.c_str(), 0700) != 0) entry_failure("mkdirat");
        }
    }
    const Fd directory = open_child(parent_.fd.get(), name);
    struct stat about {};
    if (!directory.valid() || fstat(directory.get(), &about) != 0) entry_failure("openat");
    // Where this layer hid what was below, its own directory must not show it again.
    if (hidden_.contains(own_key)) set_opaque(directory.get());
    set_owner(entry, name);
    set_xattrs(entry, directory.get());
    note_directory(entry, path, about.st_ino);
}

void Unpacker::add_symlink(archive_entry *entry, const std::string &name) {
    const char *target = archive_entry_symlink(entry);
    if (target == nullptr || *target == '\0') refuse(entry_name_, "is a symbolic link without a target");
    make_new("symlinkat", name, [&] { return symlinkat(target, parent_.fd.get(), name.c_str()) == 0; });
    set_owner(entry, name);
    set_times(entry, name);
}

void Unpacker::add_special(archive_entry *entry, const std::string &name) {
    const mode_t type = archive_entry_filetype(entry);
    if (options_.unprivileged && type != AE_IFIFO) return warn("devices are left out: not privileged");
    const dev_t device = type == AE_IFIFO ? 0
                                          : makedev(static_cast<unsigned>(archive_entry_rdevmajor(entry)),
                                                    static_cast<unsigned>(archive_entry_rdevminor(entry)));
    make_new("mknodat", name, [&] { return mknodat(parent_.fd.get(), name.c_str(), type | 0600, device) == 0; });
    set_owner(entry, name);
    // It was just made and is no symbolic link, so following links changes nothing.
    if (fchmodat(parent_.fd.get(), name.c_str(), archive_entry_perm(entry), 0) != 0) entry_failure("fchmodat");
    set_times(entry, name);
}

void Unpacker::add_hardlink(const std::string &target, const std::string &name) {
    const auto split = split_path(normal_path(target));
    const std::string &target_name = split.second;
    if (target_name.empty()) refuse(entry_name_, "is a hard link to the root of the layer");
    const Fd directory = tree_.open_directory(split.first);
    struct stat wanted {};
    if (!directory.valid() || !look(directory.get(), target_name, &wanted))
        refuse(entry_name_, "is a hard link to '" + target + "', which is not there",
               options_.whiteouts == Whiteouts::overlay
                   ? "with this storage driver a link cannot lead into a lower layer"
                   : "");
    if (S_ISDIR(wanted.st_mode)) refuse(entry_name_, "is a hard link to the directory '" + target + "'");
    struct stat there {};
    if (look(parent_.fd.get(), name, &there) && there.st_ino == wanted.st_ino && there.st_dev == wanted.st_dev) return;
    make_new("linkat", name,
             [&] { return linkat(directory.get(), target_name.c_str(), parent_.fd.get(), name.c_str(), 0) == 0; });
}

void Unpacker::enter(const std::string &path) {
    if (parent_valid_ && parent_.path == path) return;
    parent_.fd = make_directories(path);
    struct stat about {};
    if (fstat(parent_.fd.get(), &about) != 0) entry_failure("fstat");
    parent_.path = path;
    parent_.inode = about.st_ino;
    parent_valid_ = true;
}

// The directory `path`, made where the archive has no entry for it.
Fd Unpacker::make_directories(const std::string &path) {
    Fd found = tree_.open_directory(path);
    if (found.valid()) return found;
    if (path.empty() || (errno != ENOENT && errno != ENOTDIR)) entry_failure("openat2");
    const auto [above_path, name] = split_path(path);
    const Fd above = make_directories(above_path);
    struct stat about {};
    if (fstat(above.get(), &about) != 0) entry_failure("fstat");
    const std::string own_key = key(about.st_ino, name);
    if (look(above.get(), name, &about)) {
        if (S_ISLNK(about.st_mode)) refuse(entry_name_, "'" + path + "' is a symbolic link that leads to no directory");
        if (!hidden_.contains(own_key) || !is_whiteout(about)) refuse(entry_name_, "'" + path + "' is no directory");
        if (unlinkat(above.get(), name.c_str(), 0) != 0) entry_failure("unlinkat");
    }
    if (mkdirat(above.get(), name.c_str(), 0755) != 0) entry_failure("mkdirat");
    Fd directory = open_child(above.get(), name);
    if (!directory.valid() || fchmod(directory.get(), 0755) != 0) entry_failure("openat");
    if (hidden_.contains(own_key)) set_opaque(directory.get());
    made_.insert(own_key);
    return directory;
}

void Unpacker::hide(const std::string &name) {
    const int directory = parent_.fd.get();
    if (options_.whiteouts == Whiteouts::apply) {
        parent_valid_ = false;
        return remove_all(directory, name, [this](ino_t inode, const std::string &each) { return made(inode, each); });
    }
    if (made(parent_.inode, name)) {
        // The layer's own content wins, but a directory of it must not show the lower one's.
        if (const Fd child = open_child(directory, name); child.valid()) set_opaque(child.get());
        return;
    }
    if (!hidden_.insert(key(parent_.inode, name)).second) return;
    if (mknodat(directory, name.c_str(), S_IFCHR, makedev(0, 0)) != 0) entry_failure("mknodat");
}

void Unpacker::hide_content() {
    if (options_.whiteouts == Whiteouts::overlay) {
        // Tried on Linux 6.18: overlayfs merges the roots of its layers whatever they are marked with.
        if (parent_.inode == root_inode_)
            refuse(entry_name_, "the layer hides all that is below it, which overlayfs cannot do",
                   "use --storage btrfs for this image");
        return set_opaque(parent_.fd.get());
    }
    parent_valid_ = false;
    remove_content(parent_.fd.get(), [this](ino_t inode, const std::string &each) { return made(inode, each); });
}

void Unpacker::set_opaque(int directory) {
    if (options_.whiteouts != Whiteouts::overlay) return;
    const char *name = options_.unprivileged ? "user.overlay.opaque" : "trusted.overlay.opaque";
    if (fsetxattr(directory, name, "y", 1, 0) != 0)
        system_failure("fsetxattr", entry_name_, std::string("the file system must be able to store ") + name);
}

} // namespace image
