// SPDX-License-Identifier: MIT
#include "spec/oci_rules.hpp"

#include <algorithm>

namespace core::spec {
namespace {

constexpr std::string_view rlimits[] = {"RLIMIT_AS",     "RLIMIT_CORE",   "RLIMIT_CPU",        "RLIMIT_DATA",
                                        "RLIMIT_FSIZE",  "RLIMIT_LOCKS",  "RLIMIT_MEMLOCK",    "RLIMIT_MSGQUEUE",
                                        "RLIMIT_NICE",   "RLIMIT_NOFILE", "RLIMIT_NPROC",      "RLIMIT_RSS",
                                        "RLIMIT_RTPRIO", "RLIMIT_RTTIME", "RLIMIT_SIGPENDING", "RLIMIT_STACK"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool only(std::string_view text, std::string_view allowed) {
    return text.find_first_not_of(allowed) == std::string_view::npos;
}

/// Removes "0" or a number without leading zeros from the front.
bool take_number(std::string_view &text) {
    std::size_t n = 0;
    while (n < text.size() && is_digit(text[n]))
        ++n;
    if (n == 0 || (n > 1 && text[0] == '0')) return false;
    text.remove_prefix(n);
    return true;
}

bool take(std::string_view &text, char c) {
    if (text.empty() || text[0] != c) return false;
    text.remove_prefix(1);
    return true;
}

/// Removes identifiers that are separated by dots; none may be empty. With `strict` (a pre-release) a number among them
/// has no leading zero.
bool take_identifiers(std::string_view &text, bool strict) {
    constexpr std::string_view allowed = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-";
    do {
        const std::size_t n = std::min(text.find_first_not_of(allowed), text.size());
        const std::string_view part = text.substr(0, n);
        if (part.empty()) return false;
        if (strict && part.size() > 1 && part[0] == '0' && only(part, "0123456789")) return false;
        text.remove_prefix(n);
    } while (take(text, '.'));
    return true;
}

} // namespace

bool is_environment(std::string_view text) {
    const std::size_t equals = text.find('=');
    return equals != std::string_view::npos && equals > 0;
}

bool is_version_1(std::string_view text) {
    if (!take(text, '1') || !take(text, '.') || !take_number(text) || !take(text, '.') || !take_number(text))
        return false;
    if (take(text, '-') && !take_identifiers(text, true)) return false;
    if (take(text, '+') && !take_identifiers(text, false)) return false;
    return text.empty();
}

bool is_cpu_list(std::string_view text) { return only(text, "0123456789, -"); }

bool is_page_size(std::string_view text) {
    if (text.size() < 3 || text[0] == '0' || !take_number(text)) return false;
    return text.size() == 2 && only(text.substr(0, 1), "KMG") && text[1] == 'B';
}

bool is_bandwidth_schema(std::string_view text) {
    return text.substr(0, 3) == "MB:" && text.find('\n') == std::string_view::npos;
}

std::span<const std::string_view> rlimit_names() { return rlimits; }

bool is_rlimit(std::string_view text) {
    return std::find(std::begin(rlimits), std::end(rlimits), text) != std::end(rlimits);
}

} // namespace core::spec
