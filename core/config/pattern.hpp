// SPDX-License-Identifier: MIT
//
// `pattern` of a schema, on POSIX regular expressions: they are in the C library, need no locale of C++ and no <regex>.
#pragma once

#include <regex.h>
#include <string>
#include <string_view>

namespace core::config {

/// Why this expression is refused, or empty.
std::string pattern_problem(std::string_view expression);

/// A compiled expression; `valid()` is false for one that pattern_problem() refuses.
class Pattern {
public:
    explicit Pattern(const std::string &expression);
    ~Pattern();
    Pattern(const Pattern &) = delete;
    Pattern &operator=(const Pattern &) = delete;
    bool valid() const { return valid_; }
    bool matches(const std::string &text) const;

private:
    regex_t regex_{};
    bool valid_ = false;
};

} // namespace core::config
