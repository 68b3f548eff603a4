// SPDX-License-Identifier: MIT
//
// What the driver calls its subvolumes, below data_dir:
//
//   layers/<hex>                        a complete layer with all below it, read-only; <hex> is the hexadecimal part of its chain id
//   layers/<hex>.<operation>.partial    a layer that is being unpacked, renamed to layers/<hex> when it is complete (in the same
//                                       directory, because a read-only subvolume cannot be moved to another)
//   containers/<id>                     a container's root: a snapshot of its uppermost layer
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace btrfs {

/// The name of a layer's subvolume: "sha256:HEX" or "sha512:HEX" without what stands before the colon. Nothing for any other text.
std::optional<std::string> layer_name(std::string_view chain_id);
/// The other way round; nothing if this is no name that layer_name() gives.
std::optional<std::string> chain_id(std::string_view layer_name);
/// A name for the unfinished layer of one operation. Two operations never share one.
std::string partial_name(std::string_view operation, std::string_view layer_name);
/// True for what partial_name() gives.
bool is_partial(std::string_view name);
/// True if `name` is one path component that is neither "." nor "..".
bool is_component(std::string_view name);
/// `text` as one word of the shell.
std::string shell_quote(std::string_view text);

} // namespace btrfs
