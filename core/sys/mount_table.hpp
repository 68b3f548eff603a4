// SPDX-License-Identifier: MIT
//
// What is mounted where. mountinfo has a line for each mount of the machine, which may be thousands; a start needs a
// dozen of them, so they are asked for directly where the kernel can.
#pragma once

#include "base/result.hpp"

#include <string>

namespace core::sys {

/// The lines of /proc/self/mountinfo for the mounts at `path` and below it, and no others. From Linux 6.11 on by
/// listmount(2) and statmount(2); before, mountinfo is read and filtered. Of the fields in front of the dash only the
/// root and the mount point are sure to be as in mountinfo.
Result<std::string> mounts_below(const std::string &path);
/// Filters these lines from the text of mountinfo.
std::string lines_below(std::string_view mountinfo, std::string_view path);

} // namespace core::sys
