// SPDX-License-Identifier: MIT
//
// Reads JSON without copying it. A text is checked once as a whole, and the places of its values are stored; only what
// is asked for is copied. It is for the manifests, because a start may read those of all plugins and needs little of
// most.
#pragma once

#include "base/json.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace core {

class JsonView;

/// A text that was checked to be JSON. The text must outlive this object, which must outlive its views.
class JsonText {
public:
    /// Accepts what parse_json(text, what, {.max_depth}) accepts, except a byte order mark; else returns its error.
    static Result<JsonText> of(std::string_view text, const std::string &what, std::size_t max_depth);

    JsonView root() const;

private:
    friend class JsonView;
    friend class JsonWalker;

    /// A value or a member's name. The nodes inside it follow it in the list.
    struct Node {
        std::uint32_t begin, end; // offsets in the text; `end` is behind the last character
        std::uint32_t after = 0;  // the next node that is not inside this one
        bool escaped = false;     // a string with escapes
    };
    explicit JsonText(std::string_view text) : text_(text) {}

    std::string_view text_;
    std::vector<Node> nodes_;
};

class JsonView {
public:
    bool is_object() const { return first() == '{'; }
    bool is_array() const { return first() == '['; }
    bool is_text() const { return first() == '"'; }
    bool is_boolean() const { return first() == 't' || first() == 'f'; }
    /// The type's name in messages: "object", "array", "string", "boolean", "null", "number".
    const char *type_name() const;

    /// The members of an object, in the order of the text.
    std::vector<std::pair<std::string, JsonView>> members() const;
    std::vector<JsonView> elements() const; // of an array
    std::string text() const;               // of a string
    bool boolean() const { return first() == 't'; }
    std::optional<std::int64_t> integer() const; // std::nullopt: no integer, or too large
    std::string_view raw() const { return document_->text_.substr(node().begin, node().end - node().begin); }

private:
    friend class JsonText;
    JsonView(const JsonText *document, std::uint32_t at) : document_(document), at_(at) {}
    const JsonText::Node &node() const { return document_->nodes_[at_]; }
    char first() const { return document_->text_[node().begin]; }

    const JsonText *document_;
    std::uint32_t at_;
};

} // namespace core
