// SPDX-License-Identifier: MIT
#include "base/arguments.hpp"

namespace core {

std::optional<Argument> parse_argument(std::string_view name, std::string_view notation) {
    Argument out;
    out.name = name;
    const std::size_t type_end = notation.find_first_of("?*+|");
    const std::string_view type = notation.substr(0, type_end);
    if (type == "int")
        out.type = ArgumentType::integer;
    else if (type == "str")
        out.type = ArgumentType::text;
    else if (type == "fd")
        out.type = ArgumentType::fd;
    else
        return std::nullopt;
    for (const char mark : notation.substr(type.size())) {
        const ArgumentMarks bit = mark == '?'   ? optional_mark
                                  : mark == '*' ? list_mark
                                  : mark == '+' ? per_target
                                  : mark == '|' ? either_mark
                                                : once;
        if (bit == once || (out.marks & bit) != 0) return std::nullopt;
        out.marks = static_cast<std::uint8_t>(out.marks | bit);
    }
    return out;
}

} // namespace core
