// SPDX-License-Identifier: MIT
//
// The first half of the unpacker: which entry becomes what, and where. attributes.cpp has the other.
#include "unpacker.hpp"

#include "failure.hpp"

#include <fcntl.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <functional>

namespace image {

using ctr::Fd;

namespace {

bool empty_directory(int fd) {
    bool empty = true;
    remove_content(fd, [&](ino_t, const std::string &) {
        empty = false;
        return true;
    });
    return empty;
}

} // namespace

Unpacker::Unpacker(int root, const UnpackOptions &options, Meter &meter)
    : tree_(root), options_(options), meter_(meter) {}

// A hash is enough: if two names have the same hash by accident, a whiteout only fails to delete one of them.
std::uint64_t Unpacker::key(ino_t directory, const std::string &name) {
    return std::hash<std::string>()(name) ^ (static_cast<std::uint64_t>(directory) * 0x9e3779b97f4a7c15U);
}

void Unpacker::entry_failure(const char *syscall) const { system_failure(syscall, entry_name_); }

UnpackResult Unpacker::unpack(ByteStream &tar) {
    const Utf8Names names;
    const Fd root = tree_.open_directory("");
    if (!root.valid()) system_failure("openat2", "the directory of the layer");
    const bool fresh = empty_directory(root.get());
    Archive archive(tar, Archive::Content::tar, "layer");
    while (archive_entry *entry = archive.next())
        add_entry(archive, entry);
    finish_directories();
    result_.entries = meter_.entries();
    // Tars without an entry for "./" are common. Their root gets mode 0755, because a root that only its owner may
    // enter is useless.
    if (fresh && !root_seen_ && fchmod(root.get(), 0755) != 0) system_failure("fchmod", "the directory of the layer");
    return std::move(result_);
}

void Unpacker::add_entry(Archive &archive, archive_entry *entry) {
    const char *raw = archive_entry_pathname(entry);
    entry_name_ = raw == nullptr ? "" : raw;
    entry_times_ = times_of(entry);
    meter_.entry(entry_name_, link_of(entry));
    if (raw == nullptr) refuse("entry " + std::to_string(meter_.entries()), "has no name");
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
    if (!options_.lowest) made_.insert(key(parent_.inode, name));
}

void Unpacker::add_root(archive_entry *entry) {
    if (archive_entry_filetype(entry) != AE_IFDIR) refuse(entry_name_, "the root of a layer must be a directory");
    root_seen_ = true;
    enter({});
    set_owner(entry, ".");
    set_xattrs(entry, parent_.fd.get());
    note_directory({}, parent_.inode, archive_entry_perm(entry), entry_times_);
}

// Makes `name` new, after removing what was there. Nothing is ever opened by a name that the archive could have made a
// link.
template <typename Make> void Unpacker::make_new(const char *syscall, const std::string &name, Make make) {
    if (make()) return;
    if (errno == EEXIST) {
        clear_place(name);
        if (make()) return;
    }
    entry_failure(syscall);
}

void Unpacker::clear_place(const std::string &name) {
    parent_valid_ = false; // its path may lead to another place now
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
        for (std::size_t done = 0; done < size;) {
            const ssize_t count = pwrite(fd, static_cast<const char *>(bytes) + done, size - done,
                                         offset + static_cast<std::int64_t>(done));
            if (count < 0 && errno != EINTR) entry_failure("pwrite");
            if (count > 0) done += static_cast<std::size_t>(count);
        }
        end = std::max(end, offset + static_cast<std::int64_t>(size));
    }
    // A hole at the end has no data, so the size is set here.
    if (end != archive_entry_size(entry) && ftruncate(fd, archive_entry_size(entry)) != 0) entry_failure("ftruncate");
}

void Unpacker::add_directory(archive_entry *entry, const std::string &path, const std::string &name) {
    if (mkdirat(parent_.fd.get(), name.c_str(), 0700) != 0) {
        struct stat about {};
        if (errno != EEXIST) entry_failure("mkdirat");
        // An existing directory gets more content; anything else is replaced.
        if (look(parent_.fd.get(), name, &about) && !S_ISDIR(about.st_mode)) {
            clear_place(name);
            if (mkdirat(parent_.fd.get(), name.c_str(), 0700) != 0) entry_failure("mkdirat");
        }
    }
    const Fd directory = open_child(parent_.fd.get(), name);
    struct stat about {};
    if (!directory.valid() || fstat(directory.get(), &about) != 0) entry_failure("openat");
    set_owner(entry, name);
    set_xattrs(entry, directory.get());
    note_directory(path, about.st_ino, archive_entry_perm(entry), entry_times_);
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
    // No driver has this number, and overlayfs would take it for a deleted file.
    if (type == AE_IFCHR && archive_entry_rdevmajor(entry) == 0 && archive_entry_rdevminor(entry) == 0)
        return warn("character devices with the number 0:0 are left out: overlayfs marks deleted files so");
    const dev_t device = type == AE_IFIFO ? 0
                                          : makedev(static_cast<unsigned>(archive_entry_rdevmajor(entry)),
                                                    static_cast<unsigned>(archive_entry_rdevminor(entry)));
    make_new("mknodat", name, [&] { return mknodat(parent_.fd.get(), name.c_str(), type | 0600, device) == 0; });
    set_owner(entry, name);
    // The file was just made and is no symbolic link, so it does not matter that this call follows links.
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
        refuse(entry_name_, "is a hard link to '" + brief(target) + "', which is not there");
    if (S_ISDIR(wanted.st_mode)) refuse(entry_name_, "is a hard link to the directory '" + brief(target) + "'");
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
    if (noted_.contains(about.st_ino)) return;
    // The directory is from a lower layer and keeps its metadata unless the layer has an entry for it. The root of the
    // lowest layer is treated like a directory without an entry.
    if (options_.lowest && path.empty())
        note_directory(path, about.st_ino, 0755, entry_times_);
    else
        note_directory(path, about.st_ino, about.st_mode & 07777, {{about.st_atim, about.st_mtim}});
}

// Opens the directory `path`. Makes it if neither the archive has an entry for it nor a lower layer has it.
Fd Unpacker::make_directories(const std::string &path) {
    Fd found = tree_.open_directory(path);
    if (found.valid()) return found;
    if (path.empty() || (errno != ENOENT && errno != ENOTDIR)) entry_failure("openat2");
    const auto [above_path, name] = split_path(path);
    enter(above_path);
    const int above = parent_.fd.get();
    struct stat about {};
    if (look(above, name, &about)) {
        if (S_ISLNK(about.st_mode)) refuse(entry_name_, "'" + path + "' is a symbolic link that leads to no directory");
        refuse(entry_name_, "'" + path + "' is no directory");
    }
    if (mkdirat(above, name.c_str(), 0755) != 0) entry_failure("mkdirat");
    Fd directory = open_child(above, name);
    // Below a directory with the set-group-id bit it would inherit that bit and the group.
    if (directory.valid() && !options_.unprivileged && fchown(directory.get(), 0, 0) != 0) entry_failure("fchown");
    if (!directory.valid() || fchmod(directory.get(), 0755) != 0 || fstat(directory.get(), &about) != 0)
        entry_failure("openat");
    // Not the time of day, because two imports of one image must not differ.
    note_directory(path, about.st_ino, 0755, entry_times_);
    if (!options_.lowest) made_.insert(key(parent_.inode, name));
    return directory;
}

void Unpacker::hide(const std::string &name) {
    const int directory = parent_.fd.get();
    parent_valid_ = false;
    remove_all(directory, name, [this](ino_t inode, const std::string &each) { return made(inode, each); });
}

void Unpacker::hide_content() {
    parent_valid_ = false;
    remove_content(parent_.fd.get(), [this](ino_t inode, const std::string &each) { return made(inode, each); });
}

} // namespace image
