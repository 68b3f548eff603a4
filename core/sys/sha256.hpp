// SPDX-License-Identifier: MIT
//
// SHA-256 of a file. The host needs it only for pinned plugins and links no crypto library; the kernel's own (AF_ALG)
// is not everywhere.
#pragma once

#include "base/result.hpp"

#include <string>

namespace core::sys {

/// 64 hexadecimal digits. The descriptor's offset is left alone. Errors: of pread(2).
Result<std::string> sha256_of_file(int fd, const std::string &path);

} // namespace core::sys
