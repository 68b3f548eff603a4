// SPDX-License-Identifier: MIT
//
// Reads the manifests from a file's ELF notes, one for each plugin in it, without loading it: a few bounded reads of
// the program headers and the PT_NOTE segments. The file may be hostile; nothing in it is trusted (tests/fuzz).
#pragma once

#include "base/result.hpp"

#include <string>
#include <vector>

namespace core::plugin {

/// The JSON texts of the notes, at least one. Errors say the field, what was expected and what was found. `path` is for
/// messages only.
Result<std::vector<std::string>> read_manifest_notes(int fd, const std::string &path);

} // namespace core::plugin
