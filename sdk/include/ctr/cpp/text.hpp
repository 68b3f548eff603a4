// SPDX-License-Identifier: MIT
//
// Small functions for text that plugins write.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ctr {

/// One word of a shell command. In the shell context the text may contain marks of values (control characters), which
/// the host turns into "${variable}"; such a word gets double quotes.
inline std::string shell_word(std::string_view text) {
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:,=@%+";
    if (!text.empty() && text.find_first_not_of(plain) == std::string_view::npos) return std::string(text);
    bool marks = false;
    for (const char c : text)
        marks = marks || (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t');
    std::string out;
    for (const char c : text) {
        if (!marks && c == '\'')
            out += "'\\'";
        else if (marks && std::string_view("\"\\$`").find(c) != std::string_view::npos)
            out += '\\';
        out += c;
    }
    return marks ? "\"" + out + "\"" : "'" + out + "'";
}

/// A number in that many lower case hexadecimal digits.
inline std::string hex(std::uint64_t number, std::size_t digits) {
    std::string out(digits, '0');
    for (std::size_t i = digits; i-- > 0; number >>= 4U)
        out[i] = "0123456789abcdef"[number & 15U];
    return out;
}

/// The bytes as lower case hexadecimal digits.
inline std::string hex(std::string_view bytes) {
    std::string out;
    for (const char c : bytes)
        out += hex(static_cast<unsigned char>(c), 2);
    return out;
}

/// A string of JSON (RFC 8259), with its quotes. The bytes must be UTF-8. Control characters are escaped, so that a
/// terminal does not act on them.
inline std::string json_string(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) {
            out += "\\u00" + hex(byte, 2);
            continue;
        }
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + "\"";
}

/// Calls each(part) for every part between separators; empty ones are left out.
template <typename Each> void each_part(std::string_view text, char separator, Each each) {
    while (!text.empty()) {
        const std::size_t end = text.find(separator);
        if (end != 0) each(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
}

inline std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    each_part(text, separator, [&](std::string_view part) { parts.emplace_back(part); });
    return parts;
}

} // namespace ctr
