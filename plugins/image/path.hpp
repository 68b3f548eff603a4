// SPDX-License-Identifier: MIT
//
// The meaning of an archive's entry names: paths below the layer's directory, and the marks of image-spec layer.md
// "Whiteouts".
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace image {

/// "a/b" for "/a//./b/"; empty for the root itself. Refuses "..", and what is too long or too deep.
std::string normal_path(std::string_view raw);

/// {"a", "b"} for "a/b"; {"", "a"} for "a".
std::pair<std::string, std::string> split_path(const std::string &path);

enum class Mark {
    none,
    whiteout, // .wh.NAME: the lower layers' NAME is gone
    opaque,   // .wh..wh..opq: all that lower layers have in this directory is gone
    metadata  // .wh..wh.*: what AUFS kept for itself; no content
};

struct MarkedName {
    Mark mark;
    std::string name; // what a whiteout hides, else the name itself
};

MarkedName mark_of(const std::string &name);

} // namespace image
