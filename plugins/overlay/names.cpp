// SPDX-License-Identifier: MIT
#include "names.hpp"

#include <algorithm>
#include <array>

namespace overlay {
namespace {

constexpr std::string_view link_letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

bool is_word(std::string_view text, bool digits) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [digits](char c) {
        return (c >= 'a' && c <= 'z') || c == '_' || (digits && c >= '0' && c <= '9');
    });
}

} // namespace

std::string layer_diff(std::string_view layer_name) { return "layers/" + std::string(layer_name) + "/diff"; }

std::string partial_name(std::string_view operation, std::string_view layer_name) {
    return std::string(operation) + "-" + std::string(layer_name);
}

std::string link_name(std::size_t index) {
    std::string name;
    if (index >= link_letters.size()) {
        index -= link_letters.size();
        name = link_letters[index / link_letters.size() % link_letters.size()];
    }
    return name + link_letters[index % link_letters.size()];
}

LinkedStack link_stack(std::size_t count) {
    LinkedStack stack;
    std::string piece;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string name = link_name(i);
        if (!piece.empty()) piece += ':';
        // After a name there must be room for the next one, and for the backslash that may have to follow that one if
        // it is not the last.
        const std::size_t left = count - i - 1;
        const std::size_t after = left == 0 ? 0 : 1 + link_name(i + 1).size() + (left == 1 ? 0 : 1);
        if (piece.size() + name.size() + after <= fsconfig_string_max) {
            piece += name;
            stack.names.push_back(name);
            continue;
        }
        stack.names.push_back(name + "," + name);
        stack.pieces.push_back(piece + name + "\\");
        piece = name;
    }
    stack.pieces.push_back(piece);
    return stack;
}

bool is_mount_option(std::string_view option) {
    const std::size_t equals = option.find('=');
    const std::string_view key = option.substr(0, equals);
    constexpr std::array<std::string_view, 4> own = {"lowerdir", "upperdir", "workdir", "volatile"};
    if (!is_word(key, false) || std::find(own.begin(), own.end(), key) != own.end()) return false;
    return option.size() <= fsconfig_string_max &&
           (equals == std::string_view::npos || is_word(option.substr(equals + 1), true));
}

} // namespace overlay
