// SPDX-License-Identifier: MIT
#include "base/json_view.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

namespace core {
namespace {

/// Walks over a text and checks it against RFC 8259. Rare forms (escapes, numbers that are more than digits) it leaves to the parser.
class Walker {
public:
    explicit Walker(std::string_view text, bool checked) : text_(text), checked_(checked) {}

    bool at_end() { return skip_blanks(), at_ == text_.size(); }
    char peek() { return skip_blanks(), at_ < text_.size() ? text_[at_] : '\0'; }
    bool take(char wanted) { return peek() == wanted && ++at_ != 0; }

    /// The next value's text, checked; empty if there is none.
    std::string_view value(std::size_t depth) {
        const char first = peek();
        const std::size_t begin = at_;
        const bool good = first == '{'   ? object(depth)
                          : first == '[' ? array(depth)
                          : first == '"' ? quoted()
                                         : scalar();
        return good ? text_.substr(begin, at_ - begin) : std::string_view();
    }

    /// The next member's name in its quotes; behind it comes the value.
    std::string_view name() {
        const std::size_t begin = (peek(), at_);
        if (!quoted()) return {};
        const std::string_view name = text_.substr(begin, at_ - begin);
        return take(':') ? name : std::string_view();
    }

private:
    void skip_blanks() {
        while (at_ < text_.size() &&
               (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r'))
            ++at_;
    }
    bool object(std::size_t depth) {
        ++at_;
        if (depth == 0) return false;
        if (take('}')) return true;
        do
            if (name().empty() || value(depth - 1).empty()) return false;
        while (take(','));
        return take('}');
    }
    bool array(std::size_t depth) {
        ++at_;
        if (depth == 0) return false;
        if (take(']')) return true;
        do
            if (value(depth - 1).empty()) return false;
        while (take(','));
        return take(']');
    }
    bool quoted() {
        if (at_ == text_.size() || text_[at_] != '"') return false;
        const std::size_t begin = at_++, close = text_.find('"', at_);
        if (close == std::string_view::npos) return false;
        if (is_plain(text_.substr(at_, close - at_))) return at_ = close + 1, true;
        bool escaped = false;
        while (at_ < text_.size() && text_[at_] != '"') {
            const auto c = static_cast<unsigned char>(text_[at_]);
            if (c < 0x20) return false;
            escaped = escaped || c == '\\';
            const std::size_t step = c == '\\' ? 2 : utf8_sequence(text_.substr(at_));
            if (step == 0) return false;
            at_ += step;
        }
        if (at_ >= text_.size()) return false;
        ++at_;
        return !escaped || Json::accept(text_.substr(begin, at_ - begin));
    }
    bool is_plain(std::string_view content) const {
        if (checked_) return content.find('\\') == std::string_view::npos;
        bool plain = true;
        for (const char c : content)
            plain &= static_cast<unsigned char>(c) - 0x20U < 0x60U && c != '\\';
        return plain;
    }
    bool scalar() {
        const std::size_t begin = at_;
        at_ = std::min(text_.find_first_of(" \n\t\r,]}", at_), text_.size());
        const std::string_view word = text_.substr(begin, at_ - begin);
        const bool digits = word.find_first_not_of("0123456789") == std::string_view::npos;
        if (digits && word.size() < 19 && (word.size() == 1 || (word.size() > 1 && word[0] != '0'))) return true;
        return word == "true" || word == "false" || word == "null" || Json::accept(word);
    }

    std::string_view text_;
    const bool checked_; // before: then strings need no second look
    std::size_t at_ = 0;
};

/// A checked string without its quotes and escapes.
std::string unquoted(std::string_view raw) {
    if (raw.find('\\') != std::string_view::npos) return Json::parse(raw).get<std::string>();
    return std::string(raw.substr(1, raw.size() - 2));
}

} // namespace

Result<JsonView> JsonView::of(std::string_view text, const std::string &what, std::size_t max_depth) {
    Walker walker(text, false);
    const std::string_view whole = walker.value(max_depth);
    if (!whole.empty() && walker.at_end()) return JsonView(whole);
    CTR_ASSIGN(const Json json, parse_json(text, what, JsonOptions{.comments = false, .max_depth = max_depth}));
    return invalid(what, "not valid JSON");
}

const char *JsonView::type_name() const {
    switch (raw_[0]) {
    case '{': return "object";
    case '[': return "array";
    case '"': return "string";
    case 't':
    case 'f': return "boolean";
    case 'n': return "null";
    default: return "number";
    }
}

std::vector<std::pair<std::string, JsonView>> JsonView::members() const {
    std::vector<std::pair<std::string, JsonView>> all;
    Walker walker(raw_.substr(1), true);
    while (walker.peek() != '}') {
        const std::string_view name = walker.name();
        all.emplace_back(unquoted(name), JsonView(walker.value(SIZE_MAX)));
        walker.take(',');
    }
    return all;
}

std::vector<JsonView> JsonView::elements() const {
    std::vector<JsonView> all;
    Walker walker(raw_.substr(1), true);
    while (walker.peek() != ']') {
        all.push_back(JsonView(walker.value(SIZE_MAX)));
        walker.take(',');
    }
    return all;
}

std::string JsonView::text() const { return unquoted(raw_); }

std::optional<std::int64_t> JsonView::integer() const {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(raw_.data(), raw_.data() + raw_.size(), value);
    if (error != std::errc() || end != raw_.data() + raw_.size()) return std::nullopt;
    return value;
}

} // namespace core
