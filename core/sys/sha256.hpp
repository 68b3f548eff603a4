// SPDX-License-Identifier: MIT
//
// SHA-256 of a file. It is needed only for pinned plugins, so ctr links no crypto library for it; the kernel's own
// (AF_ALG) is not always available.
#pragma once

#include "base/result.hpp"

#include <string>

namespace core::sys {

/// The sum as 64 hexadecimal digits. Does not move the descriptor's offset. Errors: of pread(2).
Result<std::string> sha256_of_file(int fd, const std::string &path);

} // namespace core::sys
