// SPDX-License-Identifier: MIT
//
// Checks who could have written a file. A file or directory that decides what ctr does (a plugin, a journal, a run
// root) is trusted only if nobody but root and the user who runs ctr could have written it.
#pragma once

#include "base/result.hpp"

#include <string>

namespace core::sys {

/// `mode` and `owner` are those of stat(2). `sticky_ok`: others may write to the directory if it is sticky (/tmp),
/// because then they cannot replace our files. Errors: permission, with what was expected, what was found, and what to
/// do.
Result<void> check_trust(const std::string &path, unsigned mode, unsigned owner, bool sticky_ok);
/// Checks all directories above `path`, and the links among them.
Result<void> check_parents(std::string path);
/// Checks a directory that ctr uses as its own: it is no link, all its parents are trusted, and nobody else can replace
/// our files in it (it may be sticky, as a fresh tmpfs is). If it does not exist yet, only its parents are checked.
Result<void> check_own_directory(const std::string &path);

} // namespace core::sys
