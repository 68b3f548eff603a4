// SPDX-License-Identifier: MIT
#include "path.hpp"

#include "failure.hpp"

#include <limits.h>

namespace image {

namespace {

// Deeper trees than this are no root file system, and removing them would need that many open directories.
constexpr int max_depth = 256;

} // namespace

std::string normal_path(std::string_view raw) {
    std::string path;
    int depth = 0;
    for (std::size_t begin = 0; begin <= raw.size();) {
        const std::size_t end = std::min(raw.find('/', begin), raw.size());
        const std::string_view part = raw.substr(begin, end - begin);
        begin = end + 1;
        if (part.empty() || part == ".") continue;
        if (part == "..")
            refuse(std::string(raw), "the path of an archive's entry has '..' in it",
                   "the archive is hostile or broken");
        if (part.size() > NAME_MAX) refuse(std::string(raw), "a file name in the archive is longer than 255 bytes");
        if (++depth > max_depth) refuse(std::string(raw), "a path in the archive is deeper than 256 directories");
        if (!path.empty()) path += '/';
        path += part;
    }
    if (path.size() >= PATH_MAX) refuse(path, "a path in the archive is longer than 4095 bytes");
    return path;
}

std::pair<std::string, std::string> split_path(const std::string &path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return {{}, path};
    return {path.substr(0, slash), path.substr(slash + 1)};
}

MarkedName mark_of(const std::string &name) {
    constexpr std::string_view prefix = ".wh.";
    if (!name.starts_with(prefix)) return {Mark::none, name};
    if (name == ".wh..wh..opq") return {Mark::opaque, name};
    if (name.starts_with(".wh..wh.")) return {Mark::metadata, name};
    std::string hidden = name.substr(prefix.size());
    if (hidden.empty() || hidden == "." || hidden == "..")
        refuse(name, "this whiteout names nothing that can be hidden");
    return {Mark::whiteout, std::move(hidden)};
}

} // namespace image
