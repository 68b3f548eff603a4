// SPDX-License-Identifier: MIT
#include "base/json.hpp"

#include <nlohmann/json.hpp>

namespace core {
namespace {

/// How deep the brackets go: a hostile text must not exhaust the stack of recursive code (the parser's or ours).
std::size_t nesting(std::string_view text) {
    std::size_t depth = 0, deepest = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted) {
            if (c == '\\') ++i;
            else if (c == '"') quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            deepest = std::max(deepest, ++depth);
        } else if ((c == '}' || c == ']') && depth > 0) {
            --depth;
        }
    }
    return deepest;
}

} // namespace

Result<Json> parse_json(std::string_view text, const std::string &what, JsonOptions options) {
    if (nesting(text) > options.max_depth)
        return invalid(what, "nested deeper than " + std::to_string(options.max_depth) + " levels", "flatten the document");
    try {
        return Json::parse(text, nullptr, true, options.comments);
    } catch (const Json::parse_error &e) {
        std::size_t line = 1, column = 1;
        for (std::size_t i = 0; i + 1 < e.byte && i < text.size(); ++i) {
            if (text[i] == '\n') ++line, column = 1;
            else ++column;
        }
        std::string reason = e.what();
        if (const auto colon = reason.find(": "); colon != std::string::npos) reason = reason.substr(colon + 2);
        return invalid(what + ":" + std::to_string(line) + ":" + std::to_string(column), "not valid JSON: " + reason);
    }
}

Result<Json> parse_json(std::string_view text, const std::string &what) { return parse_json(text, what, JsonOptions{}); }

std::string pointer_token(std::string_view token) {
    std::string out;
    for (char c : token) {
        if (c == '~') out += "~0";
        else if (c == '/') out += "~1";
        else out += c;
    }
    return out;
}

} // namespace core
