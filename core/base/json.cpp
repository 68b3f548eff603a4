// SPDX-License-Identifier: MIT
#include "base/json.hpp"

#include "base/text.hpp"

#include <nlohmann/json.hpp>

namespace core {
namespace {

/// How deep the brackets are nested. A hostile text must not exhaust the stack of recursive code (the parser's or
/// ours).
std::size_t nesting(std::string_view text, bool comments) {
    std::size_t depth = 0, deepest = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted) {
            if (c == '\\')
                ++i;
            else if (c == '"')
                quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (comments && c == '/' && i + 1 < text.size() && (text[i + 1] == '/' || text[i + 1] == '*')) {
            // A quote in a comment must not hide the brackets behind it.
            const bool line = text[i + 1] == '/';
            const auto end = line ? text.find_first_of("\n\r", i + 2) : text.find("*/", i + 2);
            if (end == std::string_view::npos) return deepest;
            i = end + (line ? 0 : 1);
        } else if (c == '{' || c == '[') {
            deepest = std::max(deepest, ++depth);
        } else if ((c == '}' || c == ']') && depth > 0) {
            --depth;
        }
    }
    return deepest;
}

/// The parser's message. It quotes the whole token, so only its beginning and its end (what was expected) are kept.
std::string reason_of(const Json::exception &e, std::string_view behind) {
    std::string reason = e.what();
    if (const auto at = reason.find(behind); at != std::string::npos) reason.erase(0, at + behind.size());
    constexpr std::size_t head = 300, tail = 100;
    if (reason.size() > head + tail) {
        const std::string begin(beginning(reason, head));
        std::size_t end = reason.size() - tail;
        while ((static_cast<unsigned char>(reason[end]) & 0xc0) == 0x80 && end + 1 < reason.size())
            ++end;
        reason = begin + " ... " + reason.substr(end);
    }
    return reason;
}

} // namespace

Result<Json> parse_json(std::string_view text, const std::string &what, JsonOptions options) {
    if (nesting(text, options.comments) > options.max_depth)
        return invalid(what, "nested deeper than " + std::to_string(options.max_depth) + " levels",
                       "flatten the document");
    try {
        return Json::parse(text, nullptr, true, options.comments);
    } catch (const Json::parse_error &e) {
        std::size_t line = 1, column = 1;
        for (std::size_t i = 0; i + 1 < e.byte && i < text.size(); ++i) {
            if (text[i] == '\n')
                ++line, column = 1;
            else
                ++column;
        }
        return invalid(what + ":" + std::to_string(line) + ":" + std::to_string(column),
                       "not valid JSON: " + reason_of(e, ": "));
    } catch (const Json::exception &e) { // out_of_range: a number like 1e999
        return invalid(what, "not valid JSON: " + reason_of(e, "] "));
    }
}

Result<Json> parse_json(std::string_view text, const std::string &what) {
    return parse_json(text, what, JsonOptions{});
}

std::string pointer_token(std::string_view token) {
    std::string out;
    for (char c : token) {
        if (c == '~')
            out += "~0";
        else if (c == '/')
            out += "~1";
        else
            out += c;
    }
    return out;
}

} // namespace core
