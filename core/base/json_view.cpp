// SPDX-License-Identifier: MIT
#include "base/json_view.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

namespace core {
namespace {

enum : std::uint8_t { plain, closes, special };

/// The class of each byte inside a string; most are plain.
constexpr auto kind_of = [] {
    std::array<std::uint8_t, 256> kinds{};
    for (std::size_t c = 0; c < kinds.size(); ++c)
        kinds[c] = c == '"' ? closes : c < 0x20 || c == '\\' || c >= 0x80 ? special : plain;
    return kinds;
}();

} // namespace

/// Goes through a text and checks it against RFC 8259. It leaves rare forms (escapes, numbers that are more than
/// digits) to the parser.
class JsonWalker {
public:
    explicit JsonWalker(JsonText &document) : text_(document.text_), nodes_(document.nodes_) {}

    bool at_end() { return skip_blanks(), at_ == text_.size(); }

    /// Reads the next value with all that is in it; false if there is none.
    bool value(std::size_t depth) {
        const char first = peek();
        const std::size_t node = open();
        const bool good = first == '{'   ? object(depth)
                          : first == '[' ? array(depth)
                          : first == '"' ? quoted(node)
                                         : scalar();
        close(node);
        return good;
    }

private:
    std::size_t open() {
        nodes_.push_back({static_cast<std::uint32_t>(at_), 0});
        return nodes_.size() - 1;
    }
    void close(std::size_t node) {
        nodes_[node].end = static_cast<std::uint32_t>(at_);
        nodes_[node].after = static_cast<std::uint32_t>(nodes_.size());
    }
    void skip_blanks() {
        while (at_ < text_.size() &&
               (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r'))
            ++at_;
    }
    char peek() { return skip_blanks(), at_ < text_.size() ? text_[at_] : '\0'; }
    bool take(char wanted) { return peek() == wanted && ++at_ != 0; }

    bool name() {
        if (peek() != '"') return false;
        const std::size_t node = open();
        if (!quoted(node)) return false;
        close(node);
        return take(':');
    }
    bool object(std::size_t depth) {
        ++at_;
        if (depth == 0) return false;
        if (take('}')) return true;
        do
            if (!name() || !value(depth - 1)) return false;
        while (take(','));
        return take('}');
    }
    bool array(std::size_t depth) {
        ++at_;
        if (depth == 0) return false;
        if (take(']')) return true;
        do
            if (!value(depth - 1)) return false;
        while (take(','));
        return take(']');
    }
    bool quoted(std::size_t node) {
        const std::size_t begin = at_++;
        for (;;) {
            while (at_ < text_.size() && kind_of[static_cast<unsigned char>(text_[at_])] == plain)
                ++at_;
            if (at_ >= text_.size()) return false;
            const auto c = static_cast<unsigned char>(text_[at_]);
            if (c == '"') break;
            if (c < 0x20) return false;
            const std::size_t step = c == '\\' ? 2 : utf8_sequence(text_.substr(at_));
            if (step == 0) return false;
            nodes_[node].escaped = nodes_[node].escaped || c == '\\';
            at_ += step;
        }
        ++at_;
        return !nodes_[node].escaped || Json::accept(text_.substr(begin, at_ - begin));
    }
    bool scalar() {
        const std::size_t begin = at_;
        at_ = std::min(text_.find_first_of(" \n\t\r,]}", at_), text_.size());
        const std::string_view word = text_.substr(begin, at_ - begin);
        if (word.empty()) return false;
        const bool digits = word.find_first_not_of("0123456789") == std::string_view::npos;
        if (digits && word.size() < 19 && (word.size() == 1 || word[0] != '0')) return true;
        return word == "true" || word == "false" || word == "null" || Json::accept(word);
    }

    const std::string_view text_;
    std::vector<JsonText::Node> &nodes_;
    std::size_t at_ = 0;
};

Result<JsonText> JsonText::of(std::string_view text, const std::string &what, std::size_t max_depth) {
    JsonText document(text);
    document.nodes_.reserve(128);
    JsonWalker walker(document);
    if (text.size() <= UINT32_MAX && walker.value(max_depth) && walker.at_end()) return document;
    CTR_ASSIGN(const Json json, parse_json(text, what, JsonOptions{.comments = false, .max_depth = max_depth}));
    return invalid(what, "not valid JSON");
}

JsonView JsonText::root() const { return {this, 0}; }

const char *JsonView::type_name() const {
    switch (first()) {
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
    for (std::uint32_t name = at_ + 1; name < node().after; name = document_->nodes_[name + 1].after)
        all.emplace_back(JsonView(document_, name).text(), JsonView(document_, name + 1));
    return all;
}

std::vector<JsonView> JsonView::elements() const {
    std::vector<JsonView> all;
    for (std::uint32_t element = at_ + 1; element < node().after; element = document_->nodes_[element].after)
        all.push_back(JsonView(document_, element));
    return all;
}

std::string JsonView::text() const {
    if (node().escaped) return Json::parse(raw()).get<std::string>();
    return std::string(raw().substr(1, raw().size() - 2));
}

std::optional<std::int64_t> JsonView::integer() const {
    const std::string_view text = raw();
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

} // namespace core
