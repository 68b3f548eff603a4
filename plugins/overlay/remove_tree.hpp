// SPDX-License-Identifier: MIT
//
// Removes a directory tree whose content a container has chosen, so anything in it may be a trap:
//
//  - Symbolic links are never followed: each name is unlinked, or opened relative to its open parent by
//    openat2(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV). Nor are mount points entered: what somebody
//      mounted
//    there is not ours to empty, and the removal fails with EBUSY instead.
//  - Depth is unlimited in a file system, but the stack and the table of descriptors are not: below a fixed depth a
//    directory is first renamed up to the top of the tree and emptied from there.
//  - Immutable and append-only flags (a container with CAP_LINUX_IMMUTABLE can set them) are cleared where they are in
//    the way, on regular files and directories only: opening a device node or a FIFO just to look at it has effects of
//    its own.
#pragma once

#include <string>

namespace overlay {

/// Removes `name` in the directory `parent` (AT_FDCWD with a path, as in openat(2)) and all below it. It goes on past
/// errors. 0, or -1 with errno of the first error and, if `culprit` is given, the name at which it happened. Success if
/// there is nothing.
int remove_tree(int parent, const std::string &name, std::string *culprit = nullptr);

} // namespace overlay
