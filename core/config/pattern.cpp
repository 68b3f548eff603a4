// SPDX-License-Identifier: MIT
#include "config/pattern.hpp"

#include "base/text.hpp"

namespace core::config {
namespace {

constexpr std::size_t max_length = 256;
// glibc expands repetitions when it compiles an expression, so nested {n,m} in a small manifest could take all memory.
constexpr std::uint64_t max_repetitions = 1024;

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

/// The end of the bracket expression that begins at `at`, or npos. A ']' at its first place is a member.
std::size_t bracket_end(std::string_view text, std::size_t at) {
    std::size_t i = at + 1;
    if (i < text.size() && text[i] == '^') ++i;
    return text.find(']', i + 1);
}

/// The larger number of the repetition "{n,m}" that begins at `at`; 0 if it is not accepted.
std::uint64_t repetitions(std::string_view text, std::size_t at) {
    const std::size_t end = text.find('}', at);
    if (end == std::string_view::npos) return 0;
    const auto parts = split(text.substr(at + 1, end - at - 1), ',');
    if (parts.size() > 2) return 0;
    const auto least = parse_u64(parts.front());
    const auto most = parts.back().empty() ? least : parse_u64(parts.back());
    return least && most && *least <= *most && *most <= 255 ? std::max<std::uint64_t>(*most, 1) : 0;
}

} // namespace

std::string pattern_problem(std::string_view text) {
    if (text.empty()) return "is empty";
    if (text.size() > max_length) return "is longer than " + std::to_string(max_length) + " bytes";
    if (text.find('\0') != std::string_view::npos) return "has a NUL in it";
    std::uint64_t product = 1;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i], next = i + 1 < text.size() ? text[i + 1] : '\0';
        if (c == '\\') {
            if (next == '\0' || is_word(next))
                return "uses \\" + std::string(next ? 1 : 0, next) + ": write a class such as [0-9]";
            ++i;
        } else if (c == '[') {
            const std::size_t end = bracket_end(text, i);
            if (end == std::string_view::npos) return "has a [ without its ]";
            if (text.substr(i, end - i).find_first_of("\\[", 1) != std::string_view::npos)
                return "has a backslash or a [ inside [...]";
            i = end;
        } else if (c == '(' && next == '?') {
            return "uses (?...), which is not supported";
        } else if ((c == '*' || c == '+' || c == '?' || c == '}') && (next == '?' || next == '*' || next == '+')) {
            return "has a repetition of a repetition";
        } else if (c == '{') {
            const std::uint64_t most = repetitions(text, i);
            if (most == 0) return "has a repetition that is not {n}, {n,} or {n,m} with n <= m <= 255";
            product *= most;
            if (product > max_repetitions) return "repeats too much (all {n,m} multiplied: at most 1024)";
        }
    }
    if (!Pattern(std::string(text)).valid()) return "is no POSIX extended regular expression";
    return {};
}

Pattern::Pattern(const std::string &expression)
    : valid_(::regcomp(&regex_, expression.c_str(), REG_EXTENDED | REG_NOSUB) == 0) {}

Pattern::~Pattern() {
    if (valid_) ::regfree(&regex_);
}

bool Pattern::matches(const std::string &text) const {
    // regexec stops at a NUL and would not see what follows it.
    return valid_ && text.find('\0') == std::string::npos && ::regexec(&regex_, text.c_str(), 0, nullptr, 0) == 0;
}

} // namespace core::config
