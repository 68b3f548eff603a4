// SPDX-License-Identifier: MIT
//
// A directory out of which no path leads. Every directory is opened by openat2(RESOLVE_IN_ROOT): "/" and ".." and
// symbolic links of the tree mean places in the tree, whoever wrote them; the last component of what is made, linked or
// removed is never followed.
#pragma once

#include <ctr/cpp/fd.hpp>
#include <sys/stat.h>
#include <sys/types.h>

#include <functional>
#include <string>

namespace image {

class Tree {
public:
    /// `root` stays the caller's.
    explicit Tree(int root) : root_(root) {}
    int root() const { return root_; }

    /// Opens the directory `path` ("" is the root), for reading. Not open and errno, if there is none.
    ctr::Fd open_directory(const std::string &path) const;

private:
    int root_;
};

/// True and *about, if there is a `name` in the directory; a symbolic link is not followed.
bool look(int directory, const std::string &name, struct stat *about);

/// Opens a directory that is no symbolic link. Not open and errno, if it is none.
ctr::Fd open_child(int directory, const std::string &name);

/// Removes `name` and all below it; success if it is not there. With `keep`, what it names stays, and so do the
/// directories above that: keep(inode of the directory, name).
using Keep = std::function<bool(ino_t, const std::string &)>;
void remove_all(int directory, const std::string &name, const Keep &keep = {});
/// The same for all that a directory contains.
void remove_content(int directory, const Keep &keep = {});

} // namespace image
