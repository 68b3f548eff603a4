// SPDX-License-Identifier: MIT
//
// A directory tree that no path can leave. Every directory is opened by openat2(RESOLVE_IN_ROOT), so "/", ".." and
// symbolic links of the tree always lead to places in the tree. When something is made, linked or removed, the last
// component is never followed.
#pragma once

#include <ctr/cpp/fd.hpp>
#include <sys/stat.h>
#include <sys/types.h>

#include <functional>
#include <string>

namespace image {

class Tree {
public:
    /// The caller still owns `root`.
    explicit Tree(int root) : root_(root) {}
    int root() const { return root_; }

    /// Opens the directory `path` ("" is the root), for reading. If there is none, the result is not valid, with errno.
    ctr::Fd open_directory(const std::string &path) const;

private:
    int root_;
};

/// True and *about, if there is a `name` in the directory; a symbolic link is not followed.
bool look(int directory, const std::string &name, struct stat *about);

/// Opens a directory, but no symbolic link to one. On failure the result is not valid, with errno.
ctr::Fd open_child(int directory, const std::string &name);

/// Removes `name` and everything below it; success if it does not exist. Entries for which keep(inode of the directory,
/// name) is true stay, and so do the directories above them.
using Keep = std::function<bool(ino_t, const std::string &)>;
void remove_all(int directory, const std::string &name, const Keep &keep = {});
/// The same for all that a directory contains.
void remove_content(int directory, const Keep &keep = {});

} // namespace image
