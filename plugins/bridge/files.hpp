// SPDX-License-Identifier: MIT
//
// Small functions for files.
#pragma once

#include <string>
#include <vector>

namespace bridge {

/// The names in a directory without "." and "..", sorted; empty if there is no such directory.
std::vector<std::string> list_directory(const std::string &path);

/// The target of a symbolic link; empty if it is not a link.
std::string read_link(const std::string &path);

} // namespace bridge
