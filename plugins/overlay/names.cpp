// SPDX-License-Identifier: MIT
#include "names.hpp"

#include <algorithm>
#include <array>

namespace overlay {
namespace {

constexpr std::string_view link_letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::size_t sha256_digits = 64, sha512_digits = 128;

bool is_hex(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_word(std::string_view text, bool digits) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [digits](char c) {
        return (c >= 'a' && c <= 'z') || c == '_' || (digits && c >= '0' && c <= '9');
    });
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

std::string layer_diff(std::string_view layer_name) { return "layers/" + std::string(layer_name) + "/diff"; }

std::string partial_name(std::string_view operation, std::string_view layer_name) {
    return std::string(operation) + "-" + std::string(layer_name);
}

bool is_component(std::string_view name) {
    return !name.empty() && name != "." && name != ".." && name.size() <= 255 &&
           name.find_first_of(std::string_view("/\0", 2)) == std::string_view::npos;
}

std::string link_name(std::size_t index) {
    std::string name;
    if (index >= link_letters.size()) {
        index -= link_letters.size();
        name = link_letters[index / link_letters.size() % link_letters.size()];
    }
    return name + link_letters[index % link_letters.size()];
}

std::optional<std::string> linked_lowerdir(std::size_t count) {
    std::string joined;
    for (std::size_t i = 0; i < count; ++i) {
        if (i != 0) joined += ':';
        joined += link_name(i);
        if (joined.size() > fsconfig_string_max) return std::nullopt;
    }
    return joined;
}

bool is_mount_option(std::string_view option) {
    const std::size_t equals = option.find('=');
    const std::string_view key = option.substr(0, equals);
    constexpr std::array<std::string_view, 4> own = {"lowerdir", "upperdir", "workdir", "volatile"};
    if (!is_word(key, false) || std::find(own.begin(), own.end(), key) != own.end()) return false;
    return option.size() <= fsconfig_string_max &&
           (equals == std::string_view::npos || is_word(option.substr(equals + 1), true));
}

std::string shell_quote(std::string_view text) {
    std::string quoted = "'";
    for (char c : text)
        quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return quoted + "'";
}

} // namespace overlay
