// SPDX-License-Identifier: MIT
//
// What the driver calls its things on disk, below data_dir:
//
//   layers/<hex>/diff           a complete layer; <hex> is the hexadecimal part of its chain id
//   tmp/<operation>-<hex>/diff  a layer that is being unpacked, renamed to layers/<hex> when it is complete
//   tmp/rm-<operation>-<hex>    a layer that is being removed
//   containers/<id>/upper       what the container wrote; work/ is overlayfs' own; lower/ and merged/ see mount.cpp
//
// There is no database, so nothing can disagree with what is on disk.
#pragma once

#include "../storage-common/names.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace overlay {

using namespace ctr::storage;

/// fsconfig(2) takes strings of at most 256 bytes with the NUL.
inline constexpr std::size_t fsconfig_string_max = 255;

/// "layers/<name>/diff"
std::string layer_diff(std::string_view layer_name);
/// A name for the unfinished layer of one operation. Two operations never share one.
std::string partial_name(std::string_view operation, std::string_view layer_name);
/// The shortest distinct names for the symbolic links to layers: one letter for the first 62, then two.
std::string link_name(std::size_t index);
/// The most layers that overlayfs stacks (OVL_MAX_STACK).
inline constexpr std::size_t most_layers = 500;

/// `lowerdir` of `count` links in pieces that fsconfig(2) takes, for kernels that put a comma between the pieces and
/// read the whole: "A:B:C\" and "C:D" become "A:B:C\,C:D", where the third link's name is "C,C". The first piece is the
/// value of `lowerdir`, all others are options without a value. One piece, without commas, as long as all fits.
struct LinkedStack {
    std::vector<std::string> names; // one a layer, uppermost first
    std::vector<std::string> pieces;
};
LinkedStack link_stack(std::size_t count);

/// "key" or "key=value" of lower-case words, and none that the driver sets itself.
bool is_mount_option(std::string_view option);

} // namespace overlay
