// SPDX-License-Identifier: MIT
#include "user.hpp"

namespace process {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Digits only, without leading zeros, at most id_max.
std::optional<std::int64_t> parse_id(std::string_view text) {
    if (text.empty() || text.size() > 10 || (text[0] == '0' && text.size() > 1)) return std::nullopt;
    std::int64_t id = 0;
    for (char c : text) {
        if (!is_digit(c)) return std::nullopt;
        id = id * 10 + (c - '0');
    }
    return id <= id_max ? std::optional(id) : std::nullopt;
}

/// As useradd(8) makes them: letters, digits, "_", ".", "-" (a "$" at the end for samba); no digit or "-" first.
bool is_name(std::string_view text) {
    if (text.empty() || text.size() > 255 || is_digit(text[0]) || text[0] == '-' || text[0] == '.') return false;
    if (text.size() > 1 && text.back() == '$') text.remove_suffix(1);
    for (char c : text) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !is_digit(c) && c != '_' && c != '.' && c != '-') return false;
    }
    return true;
}

} // namespace

std::optional<User> parse_user(std::string_view text) {
    const auto colon = text.find(':');
    const std::string_view user = text.substr(0, colon);
    const auto uid = parse_id(user);
    if (!uid && !is_name(user)) return std::nullopt;
    User result{false, uid.value_or(0), 0, std::string(text)};
    if (colon == std::string_view::npos) return result;
    const std::string_view group = text.substr(colon + 1);
    const auto gid = parse_id(group);
    if (!gid && !is_name(group)) return std::nullopt;
    result.gid = gid.value_or(0);
    result.numeric = uid.has_value() && gid.has_value();
    return result;
}

} // namespace process
