// SPDX-License-Identifier: MIT
#include "names.hpp"

namespace netdevices {

bool is_name(std::string_view name, bool pattern) {
    if (name.empty() || name.size() > 15 || name == "." || name == "..") return false;
    std::size_t percent = 0;
    for (std::size_t i = 0; i < name.size(); ++i) {
        const char c = name[i];
        if (c == '/' || c == ':' || c == 0x7f || (c >= 0 && c <= ' ')) return false;
        if (c != '%') continue;
        if (!pattern || ++percent > 1 || i + 1 == name.size() || name[i + 1] != 'd') return false;
    }
    return true;
}

std::string numbered(const std::string &pattern, int number) {
    const auto at = pattern.find("%d");
    if (at == std::string::npos) return pattern;
    return std::string(pattern).replace(at, 2, std::to_string(number));
}

} // namespace netdevices
