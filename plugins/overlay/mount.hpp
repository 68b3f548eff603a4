// SPDX-License-Identifier: MIT
#pragma once

#include <ctr/cpp/fd.hpp>
#include <string>
#include <vector>

namespace overlay {

/// What is mounted. `dir` is the data directory; `lower` (uppermost first) and `container` are relative to it.
struct Stack {
    std::string dir;
    std::vector<std::string> lower;
    std::string container;
    std::vector<std::string> options;
    bool discard = false; // overlayfs' `volatile`
};

/// Why a mount failed: the call, what it was about, and what overlayfs said.
struct MountProblem {
    int errno_value = 0;
    std::string syscall, subject, log;
};

/// A detached mount of the stack, one `lowerdir+` for each layer (Linux 6.8). No descriptor: *problem says why.
ctr::Fd mount_stack(const Stack &stack, MountProblem *problem);
/// The same for older kernels: one `lowerdir` of one-letter symbolic links, made in <container>/lower.
ctr::Fd mount_linked_stack(const Stack &stack, MountProblem *problem);

} // namespace overlay
