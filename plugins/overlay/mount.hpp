// SPDX-License-Identifier: MIT
#pragma once

#include <ctr/cpp/fd.hpp>
#include <string>
#include <vector>

namespace overlay {

/// What is mounted. `dir` is the data directory; `lower` (uppermost first) and `place` are relative to it: `place` is the directory, two levels
/// deep, that has `upper`, `work` and, on older kernels, `lower`.
struct Stack {
    std::string dir;
    std::vector<std::string> lower;
    std::string place;
    std::string upper; // its name in `place`
    std::vector<std::string> options;
    bool discard = false; // overlayfs' `volatile`
};

/// Why a mount failed: the call, what it was about, and what overlayfs said.
struct MountProblem {
    int errno_value = 0;
    std::string syscall, subject, log;
};

/// A detached mount of the stack, in whichever way this kernel takes so many layers. No descriptor: *problem says why.
ctr::Fd mount_stack(const Stack &stack, MountProblem *problem);
/// Why, for a person; `hint` of the error. Empty: nothing to add.
std::string hint_of(const MountProblem &problem);

} // namespace overlay
