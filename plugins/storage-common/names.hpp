// SPDX-License-Identifier: MIT
//
// The drivers' names on disk. A layer's name is the hexadecimal part of its chain id.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace ctr::storage {

inline bool is_hex(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

inline constexpr std::size_t sha256_digits = 64, sha512_digits = 128;

/// The name of a layer: "sha256:HEX" or "sha512:HEX" without what stands before the colon. Nothing for any other text.
inline std::optional<std::string> layer_name(std::string_view chain_id) {
    const std::string_view algorithm = chain_id.substr(0, 7);
    const std::size_t digits = algorithm == "sha256:" ? sha256_digits : algorithm == "sha512:" ? sha512_digits : 0;
    if (digits == 0 || chain_id.size() != algorithm.size() + digits) return std::nullopt;
    const std::string_view name = chain_id.substr(algorithm.size());
    return is_hex(name) ? std::optional(std::string(name)) : std::nullopt;
}

/// The other way round; nothing if this is no name that layer_name() gives.
inline std::optional<std::string> chain_id(std::string_view layer_name) {
    if (!is_hex(layer_name)) return std::nullopt;
    if (layer_name.size() == sha256_digits) return "sha256:" + std::string(layer_name);
    if (layer_name.size() == sha512_digits) return "sha512:" + std::string(layer_name);
    return std::nullopt;
}

/// True if `name` is one path component that is neither "." nor "..".
inline bool is_component(std::string_view name) {
    return !name.empty() && name != "." && name != ".." && name.size() <= 255 &&
           name.find_first_of(std::string_view("/\0", 2)) == std::string_view::npos;
}

inline std::string parent_of(const std::string &path) { return path.substr(0, path.rfind('/')); }

} // namespace ctr::storage
