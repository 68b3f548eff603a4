// SPDX-License-Identifier: MIT
//
// The keyword `pattern` of a schema, by POSIX regular expressions, because they are in the C library and need neither a
// locale of C++ nor <regex>.
#pragma once

#include <regex.h>
#include <string>
#include <string_view>

namespace core::config {

/// Why this expression is refused; empty if it is not.
std::string pattern_problem(std::string_view expression);

/// A compiled expression; `valid()` is false if regcomp(3) refuses it. It does not check what pattern_problem() does.
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
