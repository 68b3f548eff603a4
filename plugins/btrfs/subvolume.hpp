// SPDX-License-Identifier: MIT
//
// Makes, copies, seals and deletes subvolumes through libbtrfsutil. No quota groups: they slow every snapshot down and
// leak.
#pragma once

#include <ctr/cpp/result.hpp>
#include <string>

namespace btrfs {

ctr::Result<> create_subvolume(const std::string &path);
ctr::Result<> snapshot(const std::string &source, const std::string &path);
/// Makes the subvolume read-only and writes it to the disk.
ctr::Result<> seal(const std::string &path);
/// Deletes the subvolume at `path`, whatever it contains: nested subvolumes (anybody who may make a directory may make
/// one) and read-only ones too. Success if there is nothing. A `path` that is no subvolume is left alone.
ctr::Result<> delete_subvolume(const std::string &path);
/// Makes a directory with all its parents that are missing, mode 0700. An existing one is fine.
ctr::Result<> make_directory(const std::string &path);

} // namespace btrfs
