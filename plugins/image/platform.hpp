// SPDX-License-Identifier: MIT
//
// Which of an index's manifests this machine can run; words as in image-spec image-index.md (Go's GOOS and GOARCH).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace image {

struct Platform {
    std::string os;
    std::string architecture;
    std::string variant;

    std::string text() const { return os + "/" + architecture + (variant.empty() ? "" : "/" + variant); }
};

/// What a machine runs, best first, by the `machine` of uname(2).
std::vector<Platform> runnable_on(std::string_view machine);
/// The same for this machine.
std::vector<Platform> runnable_here();
/// The place of `platform` in that list, -1 if it cannot be run.
int rank_of(const std::vector<Platform> &runnable, const Platform &platform);

} // namespace image
