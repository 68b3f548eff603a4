// SPDX-License-Identifier: MIT
#pragma once

#include <ctr/cpp/fd.hpp>
#include <ctr/cpp/result.hpp>
#include <string>
#include <vector>

namespace overlay {

/// What is mounted. `dir` is the data directory; `lower` (uppermost first) and `place` are relative to it: `place` is
/// the directory, two levels deep, that has `upper`, `work` and, on older kernels, `lower`.
struct Stack {
    std::string dir;
    std::vector<std::string> lower;
    std::string place;
    std::string upper; // its name in `place`
    std::vector<std::string> options;
    bool discard = false; // overlayfs' `volatile`
};

/// A detached mount of the stack, made in the way that this kernel supports. The error's message is that of overlayfs,
/// if there is one.
ctr::Result<ctr::Fd> mount_stack(const Stack &stack);

} // namespace overlay
