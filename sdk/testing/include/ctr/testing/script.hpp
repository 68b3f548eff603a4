// SPDX-License-Identifier: MIT
//
// Writes words as the script of `ctr plan --format shell` has them. A value is a mark in a step's text, \x01NAME\x02,
// and becomes a shell variable.
#pragma once

#include <string>
#include <string_view>

namespace ctr::testing::detail {

/// "bridge_address" for "bridge.address".
inline std::string shell_variable(std::string_view value) {
    std::string name;
    for (const char c : value)
        name += (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? c : '_';
    return name;
}

/// Lines of shell: marks become "${name}", nothing else changes.
inline std::string shell_lines(std::string_view lines) {
    std::string out;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const auto end = lines[i] == '\x01' ? lines.find('\x02', i) : std::string_view::npos;
        if (end == std::string_view::npos) {
            out += lines[i];
            continue;
        }
        out += "${" + shell_variable(lines.substr(i + 1, end - i - 1)) + "}";
        i = end;
    }
    return out;
}

/// A word of a command, quoted where the shell would interpret it. (ctr writes control characters as $(printf ...);
/// here they are left as they are.)
inline std::string shell_word(std::string_view word) {
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
    std::string out, literal;
    const auto flush = [&] {
        if (!literal.empty())
            out += literal.find_first_not_of(plain) == std::string::npos ? literal : "'" + literal + "'";
        literal.clear();
    };
    for (std::size_t i = 0; i < word.size(); ++i) {
        const auto end = word[i] == '\x01' ? word.find('\x02', i) : std::string_view::npos;
        if (end != std::string_view::npos) {
            flush();
            out += "\"$" + shell_variable(word.substr(i + 1, end - i - 1)) + "\"";
            i = end;
        } else if (word[i] == '\'') {
            flush();
            out += "\\'";
        } else {
            literal += word[i];
        }
    }
    flush();
    return out.empty() ? "''" : out;
}

/// A command as one line.
inline std::string shell_command(const char *const *argv) {
    std::string line;
    for (; *argv != nullptr; ++argv)
        line += (line.empty() ? "" : " ") + shell_word(*argv);
    return line;
}

} // namespace ctr::testing::detail
