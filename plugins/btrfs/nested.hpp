// SPDX-License-Identifier: MIT
#pragma once

#include <ctr/cpp/result.hpp>
#include <string>

namespace btrfs {

/// Deletes every subvolume below the open subvolume `fd`; `path` is only for messages.
ctr::Result<> delete_nested(int fd, const std::string &path);

} // namespace btrfs
