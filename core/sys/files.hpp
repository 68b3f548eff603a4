// SPDX-License-Identifier: MIT
//
// Helpers for files and directories.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace core::sys {

/// Reads a whole file. Errors: invalid if it has more than `limit` bytes; of open(2) and read(2).
Result<std::string> read_file(const std::string &path, std::size_t limit = std::size_t{16} << 20);
Result<std::string> read_fd(int fd, const std::string &path, std::size_t limit);
/// Writes all of it. Errors: of write(2), ENOSPC included.
Result<void> write_all(int fd, std::string_view text, const std::string &path);
/// Replaces a file atomically: writes a temporary file beside it and renames it (rename(2)).
Result<void> replace_file(const std::string &path, std::string_view text, unsigned mode);
/// mkdir -p; existing directories keep their mode.
Result<void> make_directories(const std::string &path, unsigned mode);
/// The names in a directory, sorted, without "." and "..".
Result<std::vector<std::string>> list_directory(const std::string &path);
/// rm -rf without following links. A missing path is no error.
Result<void> remove_tree(const std::string &path);
/// The id of this boot (random(4)), or "unknown". Kernel objects of another boot are gone.
const std::string &boot_id();
/// Field 22 of /proc/PID/stat: when the process started, in clock ticks after boot; 0 if there is no such process or it
/// is a zombie.
std::uint64_t process_start_time(int pid);

} // namespace core::sys
