// SPDX-License-Identifier: MIT
#pragma once

#include "subvolume.hpp"

#include <string>

namespace btrfs {

/// Deletes every subvolume below the open subvolume `fd`; `path` is only for messages. True, or false with *problem.
bool delete_nested(int fd, const std::string &path, Problem *problem);

} // namespace btrfs
