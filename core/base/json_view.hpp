// SPDX-License-Identifier: MIT
//
// JSON read where it stands. A view is a value inside a text that was checked as a whole; its members are found by walking over the text, and
// only what is asked for is copied out. For the manifests: each start reads those of all plugins and needs little of most.
#pragma once

#include "base/json.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace core {

class JsonView {
public:
    /// Accepts what parse_json(text, what, {.max_depth}) accepts (but no byte order mark), else gives its error. The text must outlive the view.
    static Result<JsonView> of(std::string_view text, const std::string &what, std::size_t max_depth);

    bool is_object() const { return raw_[0] == '{'; }
    bool is_array() const { return raw_[0] == '['; }
    bool is_text() const { return raw_[0] == '"'; }
    bool is_boolean() const { return raw_[0] == 't' || raw_[0] == 'f'; }
    /// The kinds of value as messages call them: "object", "array", "string", "boolean", "null", "number".
    const char *type_name() const;

    /// Of an object, in the order of the text.
    std::vector<std::pair<std::string, JsonView>> members() const;
    std::vector<JsonView> elements() const; // of an array
    std::string text() const;               // of a string
    bool boolean() const { return raw_[0] == 't'; }
    std::optional<std::int64_t> integer() const; // nothing: no integer, or not one that fits
    std::string_view raw() const { return raw_; }

private:
    explicit JsonView(std::string_view raw) : raw_(raw) {}
    std::string_view raw_; // from its first character to its last
};

} // namespace core
