// SPDX-License-Identifier: MIT
//
// The numbers of ioprio_set(2), for which glibc has no header. The kernel's own, <linux/ioprio.h>, is no C++ in newer
// stable releases (6.1.192): an inline function in it has a parameter called `class`.
#pragma once

#include <cstdint>
#include <ctr/plugin.h>

namespace process {

constexpr std::int64_t ioprio_class_rt = 1, ioprio_class_be = 2, ioprio_class_idle = 3;
constexpr int ioprio_who_process = 1;

CTR_ALWAYS_INLINE constexpr std::int64_t ioprio_value(std::int64_t io_class, std::int64_t priority) {
    return io_class << 13 | priority;
}

} // namespace process
