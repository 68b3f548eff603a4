// SPDX-License-Identifier: MIT
//
// Which arguments a kind of step takes. A step is checked when a plugin adds it, because otherwise an unknown argument
// would be ignored, and a missing one would count as nothing (a umask of 0). The declarations are in the manifests, in
// the notation of sdk/include/ctr/kinds.h:
//
//     int, str or fd, then any of these marks:
//         ?  may be missing
//         *  a list: any number of times
//         +  once for all targets of the step, or once for each
//         |  at least one of the arguments with this mark must be there
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace core {

/// A kind declares no more arguments than that.
inline constexpr std::size_t max_arguments = 24;

enum class ArgumentType : std::uint8_t { integer, text, fd };

enum ArgumentMarks : std::uint8_t { once = 0, optional_mark = 1, list_mark = 2, per_target = 4, either_mark = 8 };

struct Argument {
    std::string_view name;
    ArgumentType type = ArgumentType::text;
    std::uint8_t marks = once;

    constexpr bool has(ArgumentMarks mark) const { return (marks & mark) != 0; }
    /// True if a step without it is wrong.
    constexpr bool required() const { return !has(optional_mark) && !has(list_mark) && !has(either_mark); }
    constexpr bool repeats() const { return has(list_mark) || has(per_target); }
};

/// Parses the notation of one argument ("int?"); std::nullopt if it is wrong.
std::optional<Argument> parse_argument(std::string_view name, std::string_view notation);

} // namespace core
