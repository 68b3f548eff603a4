// SPDX-License-Identifier: MIT
//
// Turns the entries of a layer's tar into a directory tree.
//
// The tar may be hostile. Names are made relative and refused when they contain ".." (path.hpp); parents are resolved
// inside the tree (tree.hpp); the last component is always made new (O_EXCL, symlink, mknod, link), never opened
// through: what stood there goes first. So the later of two entries wins, and a symbolic link that an earlier entry
// planted leads nowhere but into the tree.
//
// Whiteouts say what a layer takes away from those below it, in one of two ways. `apply`: the directory shows the lower
// layers (a snapshot), so the hidden file is deleted from it. `overlay`: the directory has this layer alone, so the
// mark is stored as overlayfs wants it. Either way a mark hides only what lower layers have, wherever it stands among
// the entries of its own layer.
#pragma once

#include "archive.hpp"
#include "path.hpp"
#include "tree.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <unordered_set>
#include <vector>

namespace image {

enum class Whiteouts { apply, overlay };

struct UnpackOptions {
    Whiteouts whiteouts = Whiteouts::apply;
    /// Nothing is below this layer, so its whiteouts hide nothing.
    bool lowest = false;
    std::uint64_t max_entries = 10'000'000;
    std::uint64_t max_bytes = std::numeric_limits<std::uint64_t>::max();
    /// For tests without root: owners and devices are left out, and an opaque directory is marked user.overlay.opaque.
    bool unprivileged = false;
};

struct UnpackResult {
    std::uint64_t entries = 0;
    std::uint64_t bytes = 0;
    /// What was left out and why, one line each kind.
    std::vector<std::string> warnings;
};

class Unpacker {
public:
    Unpacker(int root, const UnpackOptions &options);
    /// All entries of an uncompressed tar.
    UnpackResult unpack(ByteStream &tar);

private:
    /// The directory of the entry at hand.
    struct Parent {
        std::string path;
        ctr::Fd fd;
        ino_t inode = 0;
    };
    /// Times and mode of a directory are set when nothing more is put into it.
    struct FinalState {
        std::string path;
        ino_t inode;
        mode_t mode;
        timespec times[2];
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
    void set_opaque(int directory);
    template <typename Make> void make_new(const char *syscall, const std::string &name, Make make);
    void clear_place(const std::string &name);

    void set_owner(archive_entry *entry, const std::string &name);
    void set_attributes(archive_entry *entry, int fd);
    void set_times(archive_entry *entry, const std::string &name);
    void set_xattrs(archive_entry *entry, int fd);
    void note_directory(archive_entry *entry, const std::string &path, ino_t inode);
    void finish_directories();
    void warn(const std::string &text);
    [[noreturn]] void entry_failure(const char *syscall) const;

    static std::string key(ino_t directory, const std::string &name);
    bool made(ino_t directory, const std::string &name) const { return made_.contains(key(directory, name)); }

    Tree tree_;
    UnpackOptions options_;
    UnpackResult result_;
    std::string entry_name_; // for messages
    Parent parent_;
    bool parent_valid_ = false;
    ino_t root_inode_ = 0;
    bool root_seen_ = false;
    std::unordered_set<std::string> made_;   // what this layer has put where: key()
    std::unordered_set<std::string> hidden_; // whiteouts stored by this layer
    std::vector<FinalState> directories_;
};

} // namespace image
