// SPDX-License-Identifier: MIT
//
// Turns the entries of a layer's tar into a directory tree.
//
// The tar may be hostile. Names are made relative and refused when they contain ".." (path.hpp); parents are resolved
// inside the tree (tree.hpp); the last component is always made new (O_EXCL, symlink, mknod, link) after removing what
// was there, and is never followed. So the later of two entries wins, and a symbolic link of an earlier entry can only
// lead into the tree.
//
// The directory shows all layers below, so a whiteout deletes. A whiteout hides only what lower layers have, wherever
// it is among the entries of its own layer. What the layer has no entry for stays as it is: a directory that only gets
// new content keeps its mode, owner and times.
#pragma once

#include "archive.hpp"
#include "limits.hpp"
#include "path.hpp"
#include "tree.hpp"

#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

namespace image {

struct UnpackOptions {
    /// Nothing is below this layer, so its whiteouts hide nothing.
    bool lowest = false;
    Limits limits;
    /// How much of max_unpacked_bytes the image's other layers have used.
    std::uint64_t bytes_before = 0;
    /// For tests without root: owners and devices are left out.
    bool unprivileged = false;
};

struct UnpackResult {
    std::uint64_t entries = 0;
    std::uint64_t bytes = 0; // of the uncompressed tar
    /// What was left out and why, one line each kind.
    std::vector<std::string> warnings;
};

struct Times {
    timespec both[2]; // as futimens wants them: access, modification
};
Times times_of(archive_entry *entry);

class Unpacker {
public:
    Unpacker(int root, const UnpackOptions &options, Meter &meter);
    /// All entries of an uncompressed tar.
    UnpackResult unpack(ByteStream &tar);

private:
    /// The directory of the entry at hand.
    struct Parent {
        std::string path;
        ctr::Fd fd;
        ino_t inode = 0;
    };
    /// Times and mode of a directory are set at the end, when nothing more is put into it. There may be many
    /// directories with long, similar paths, so each stores only the difference to the path before.
    struct FinalState {
        std::string rest;         // of the path
        std::uint32_t shared = 0; // bytes at the front that are those of the path before
        mode_t mode = 0;
        ino_t inode = 0;
        Times times{};
    };

    void add_entry(Archive &archive, archive_entry *entry);
    void add_root(archive_entry *entry);
    void add_file(Archive &archive, archive_entry *entry, const std::string &name);
    void add_directory(archive_entry *entry, const std::string &path, const std::string &name);
    void add_symlink(archive_entry *entry, const std::string &name);
    void add_special(archive_entry *entry, const std::string &name);
    void add_hardlink(const std::string &target, const std::string &name);
    void write_data(Archive &archive, archive_entry *entry, int fd);

    void enter(const std::string &path);
    ctr::Fd make_directories(const std::string &path);
    void hide(const std::string &name);
    void hide_content();
    template <typename Make> void make_new(const char *syscall, const std::string &name, Make make);
    void clear_place(const std::string &name);

    void set_owner(archive_entry *entry, const std::string &name);
    void set_attributes(archive_entry *entry, int fd);
    void set_times(archive_entry *entry, const std::string &name);
    void set_xattrs(archive_entry *entry, int fd);
    void note_directory(const std::string &path, ino_t inode, mode_t mode, const Times &times);
    void finish_directories();
    void warn(const std::string &text);
    [[noreturn]] void entry_failure(const char *syscall) const;

    static std::uint64_t key(ino_t directory, const std::string &name);
    bool made(ino_t directory, const std::string &name) const { return made_.contains(key(directory, name)); }

    Tree tree_;
    UnpackOptions options_;
    Meter &meter_;
    UnpackResult result_;
    std::string entry_name_; // for messages
    Times entry_times_{};
    Parent parent_;
    bool parent_valid_ = false;
    bool root_seen_ = false;
    std::unordered_set<std::uint64_t> made_; // what this layer has made: key(). Not used for the lowest layer
    std::vector<FinalState> directories_;
    std::string last_path_;           // of directories_
    std::unordered_set<ino_t> noted_; // inodes of directories_
};

} // namespace image
