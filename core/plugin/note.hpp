// SPDX-License-Identifier: MIT
//
// Reads the manifest out of a plugin's ELF note without loading it: a few bounded reads of the program headers and the PT_NOTE segments.
// The file may be hostile; nothing in it is trusted (tests/fuzz).
#pragma once

#include "base/result.hpp"

#include <string>

namespace core::plugin {

/// The JSON text of the note. Errors say field, expected and got. `path` is for messages only.
Result<std::string> read_manifest_note(int fd, const std::string &path);

} // namespace core::plugin
