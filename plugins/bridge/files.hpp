// SPDX-License-Identifier: MIT
//
// Small things about files.
#pragma once

#include <string>
#include <vector>

namespace bridge {

/// The names in a directory without "." and "..", sorted; empty if there is no such directory.
std::vector<std::string> list_directory(const std::string &path);

/// Where a symbolic link points; empty if it is none.
std::string read_link(const std::string &path);

} // namespace bridge
