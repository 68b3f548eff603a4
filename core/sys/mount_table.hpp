// SPDX-License-Identifier: MIT
//
// What is mounted where. Reading mountinfo costs what the machine has mounted, which may be thousands of lines; a start
// wants a dozen of them.
#pragma once

#include "base/result.hpp"

#include <string>

namespace core::sys {

/// The lines of /proc/self/mountinfo for what is mounted at `path` and below it, of which other mounts than these have
/// no part (Linux 6.11: listmount(2), statmount(2); before, mountinfo is read and filtered). Of the fields in front of
/// the dash only the root and the mount point are sure to be as in mountinfo.
Result<std::string> mounts_below(const std::string &path);
/// The same out of the text of mountinfo.
std::string lines_below(std::string_view mountinfo, std::string_view path);

} // namespace core::sys
