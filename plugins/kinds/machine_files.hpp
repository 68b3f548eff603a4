// SPDX-License-Identifier: MIT
//
// Files of the machine, for the parent's kinds.
#pragma once

#include <ctr/plugin.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <sys/types.h>

namespace kinds {

/// The whole file; nothing, with errno, if it cannot be read or is longer than `limit` bytes (EFBIG).
std::optional<std::string> read_file(const std::string &path, std::size_t limit);
/// Replaces a file atomically: writes a temporary file beside it, then rename(2). 0, or the step has failed.
int replace_file(ctr::Run run, const std::string &path, const std::string &content, mode_t mode);
/// The program's path. Looks in the standard directories, not in PATH; empty if it is in none of them.
std::string find_program(const std::string &name);

} // namespace kinds
