// SPDX-License-Identifier: MIT
//
// What the driver calls its subvolumes, below data_dir:
//
//   layers/<hex>                        a complete layer with all below it, read-only; <hex> is the hexadecimal part of
//                                       its chain id
//   layers/<hex>.<operation>.partial    a layer that is being unpacked, renamed to layers/<hex> when it is complete (in
//                                       the same directory, because a read-only subvolume cannot be moved to another)
//   containers/<id>                     a container's root: a snapshot of its uppermost layer
#pragma once

#include "../storage-common/names.hpp"

#include <string>
#include <string_view>

namespace btrfs {

using namespace ctr::storage;

/// A name for the unfinished layer of one operation. Two operations never share one.
std::string partial_name(std::string_view operation, std::string_view layer_name);
/// True for what partial_name() gives.
bool is_partial(std::string_view name);

} // namespace btrfs
