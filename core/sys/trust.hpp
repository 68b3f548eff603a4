// SPDX-License-Identifier: MIT
//
// Whose is it? A file or directory that decides what ctr does (a plugin, a journal, a run root) is believed only if
// nobody could have written it but root and the user whom ctr runs as.
#pragma once

#include "base/result.hpp"

#include <string>

namespace core::sys {

/// `mode` and `owner` as stat(2) has them. `sticky_ok`: others may write to a directory where they cannot replace what
/// is ours (/tmp). Errors: permission, which says what was expected, what is there, and what to do.
Result<void> check_trust(const std::string &path, unsigned mode, unsigned owner, bool sticky_ok);
/// All directories above `path`, and the links among them.
Result<void> check_parents(std::string path);
/// A directory that is ours, not a link, in trusted parents, where nobody can replace what is ours (it may be sticky,
/// as a fresh tmpfs is). That it does not exist yet is no error, but its parents are looked at.
Result<void> check_own_directory(const std::string &path);

} // namespace core::sys
