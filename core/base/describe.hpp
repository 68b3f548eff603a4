// SPDX-License-Identifier: MIT
//
// Describes JSON values in errors. "got ..." is short for any value.
#pragma once

#include "base/json.hpp"

#include <string>

namespace core {

/// `"abc"`, `-1`, `true`, `null`, `an array`, `an object`.
std::string got(const Json &value);

/// A place in a document. It is a list of frames on the stack and becomes a JSON pointer only for an error.
class Where {
public:
    explicit Where(std::string_view root) : token_(root) {}
    Where(const Where &up, std::string_view key) : up_(&up), token_(key) {}
    Where(const Where &up, std::size_t index) : up_(&up), index_(index), is_index_(true) {}
    std::string pointer() const;

private:
    void append_to(std::string &out) const;

    const Where *up_ = nullptr;
    std::string_view token_;
    std::size_t index_ = 0;
    bool is_index_ = false;
};

} // namespace core
