// SPDX-License-Identifier: MIT
//
// Subvolumes through libbtrfsutil: made, copied, sealed, deleted. No quota groups: they slow every snapshot down and leak.
#pragma once

#include <string>

namespace btrfs {

/// What went wrong in libbtrfsutil or beside it.
struct Problem {
    int errno_value = 0;
    std::string what;    // the library's or the system call's name
    std::string message; // in words; may be empty
    std::string path;
};

/// Each returns true, or false with *problem.
bool create_subvolume(const std::string &path, Problem *problem);
bool snapshot(const std::string &source, const std::string &path, Problem *problem);
/// Read-only and on the disk.
bool seal(const std::string &path, Problem *problem);
/// Deletes the subvolume at `path`, whatever it contains: nested subvolumes (anybody who may make a directory may make one) and read-only
/// ones too. True if there is nothing. A `path` that is no subvolume is left alone.
bool delete_subvolume(const std::string &path, Problem *problem);
/// Makes a directory with all its parents that are missing, mode 0700. An existing one is fine.
bool make_directory(const std::string &path, Problem *problem);

} // namespace btrfs
