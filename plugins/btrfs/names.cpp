// SPDX-License-Identifier: MIT
#include "names.hpp"

#include <algorithm>

namespace btrfs {
namespace {

constexpr std::size_t sha256_digits = 64, sha512_digits = 128;
constexpr std::string_view partial_suffix = ".partial";

bool is_hex(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

} // namespace

std::optional<std::string> layer_name(std::string_view chain_id) {
    const std::string_view algorithm = chain_id.substr(0, 7);
    const std::size_t digits = algorithm == "sha256:" ? sha256_digits : algorithm == "sha512:" ? sha512_digits : 0;
    if (digits == 0 || chain_id.size() != algorithm.size() + digits) return std::nullopt;
    const std::string_view name = chain_id.substr(algorithm.size());
    return is_hex(name) ? std::optional(std::string(name)) : std::nullopt;
}

std::optional<std::string> chain_id(std::string_view layer_name) {
    if (!is_hex(layer_name)) return std::nullopt;
    if (layer_name.size() == sha256_digits) return "sha256:" + std::string(layer_name);
    if (layer_name.size() == sha512_digits) return "sha512:" + std::string(layer_name);
    return std::nullopt;
}

std::string partial_name(std::string_view operation, std::string_view layer_name) {
    return std::string(layer_name) + "." + std::string(operation) + std::string(partial_suffix);
}

bool is_partial(std::string_view name) {
    return is_component(name) && name.ends_with(partial_suffix) && chain_id(name.substr(0, name.find('.'))).has_value();
}

bool is_component(std::string_view name) {
    return !name.empty() && name != "." && name != ".." && name.size() <= 255 &&
           name.find_first_of(std::string_view("/\0", 2)) == std::string_view::npos;
}

std::string shell_quote(std::string_view text) {
    std::string quoted = "'";
    for (char c : text)
        quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return quoted + "'";
}

} // namespace btrfs
