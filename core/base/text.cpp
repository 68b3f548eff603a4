// SPDX-License-Identifier: MIT
#include "base/text.hpp"

#include <algorithm>
#include <charconv>
#include <ctr/cpp/text.hpp>
#include <iterator>

namespace core {

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t at = text.find(separator);
        parts.push_back(text.substr(0, at));
        if (at == std::string_view::npos) return parts;
        text.remove_prefix(at + 1);
    }
}

std::string join(const std::vector<std::string_view> &parts, std::string_view separator) {
    std::string out;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (i > 0) out += separator;
        out += parts[i];
    }
    return out;
}

std::string_view beginning(std::string_view text, std::size_t most) {
    std::string_view shown = text.substr(0, most);
    if (shown.size() < text.size())
        while (!shown.empty() && (static_cast<unsigned char>(text[shown.size()]) & 0xc0) == 0x80)
            shown.remove_suffix(1);
    return shown;
}

std::string in_quotes(std::string_view text, std::size_t most) {
    const std::string_view shown = beginning(text, most);
    std::string out = "\"";
    for (const char c : shown) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\')
            (out += '\\') += c;
        else if (c == '\n')
            out += "\\n";
        else if (c == '\t')
            out += "\\t";
        else if (byte < 0x20 || byte == 0x7f)
            (out += "\\x") += ctr::hex(byte, 2);
        else
            out += c;
    }
    out += '"';
    if (shown.size() < text.size()) out += "...";
    return out;
}

namespace {

/// The code point of a sequence whose length utf8_sequence() returned.
std::uint32_t code_point(std::string_view sequence) {
    constexpr unsigned char marks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    std::uint32_t point = static_cast<unsigned char>(sequence[0]) & marks[sequence.size()];
    for (const char c : sequence.substr(1))
        point = point << 6 | (static_cast<unsigned char>(c) & 0x3fU);
    return point;
}

/// True for characters from DEL on that are invisible but have an effect. All of them are below U+10000.
bool is_hidden(std::uint32_t point) {
    constexpr std::uint32_t ranges[][2] = {
        {0x7f, 0x9f},     // DEL, C1
        {0x61c, 0x61c},   // these and the last two rows: direction of reading
        {0x200e, 0x200f}, //
        {0x2028, 0x202e}, // with the separators of lines and paragraphs
        {0x2066, 0x2069},
    };
    return std::any_of(std::begin(ranges), std::end(ranges),
                       [point](const auto &range) { return point >= range[0] && point <= range[1]; });
}

} // namespace

std::string printable(std::string_view text, bool lines) {
    std::string out;
    out.reserve(text.size());
    const auto hexadecimal = [&out](char letter, std::uint32_t value, std::size_t count) {
        ((out += '\\') += letter) += ctr::hex(value, count);
    };
    while (!text.empty()) {
        const std::size_t length = utf8_sequence(text);
        const std::uint32_t point = length == 0 ? 0 : code_point(text.substr(0, length));
        if (length == 0)
            hexadecimal('x', static_cast<unsigned char>(text[0]), 2);
        else if ((point == '\n' || point == '\t') && !lines)
            out += point == '\n' ? "\\n" : "\\t";
        else if (point < 0x20 && point != '\n' && point != '\t')
            hexadecimal('x', point, 2);
        else if (is_hidden(point))
            hexadecimal('u', point, 4);
        else
            out += text.substr(0, length);
        text.remove_prefix(std::max(length, std::size_t{1}));
    }
    return out;
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char &c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

std::optional<std::uint64_t> parse_u64(std::string_view text) {
    std::uint64_t value = 0;
    const char *end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value, 10);
    if (text.empty() || error != std::errc{} || stop != end) return std::nullopt;
    return value;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replace = last[j - 1] + (a[i - 1] == b[j - 1] ? 0u : 1u);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, replace});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], before[j - 2] + 1);
        }
        before.swap(last);
        last.swap(row);
    }
    return last[b.size()];
}

std::optional<std::string_view> nearest(std::string_view word, const std::vector<std::string_view> &candidates) {
    constexpr std::size_t longest = 64; // the cost grows with the square of the length, and the key may be hostile
    if (word.empty() || word.size() > longest) return std::nullopt;
    std::optional<std::string_view> best;
    std::size_t best_distance = word.size() / 3 + 1;
    for (const std::string_view candidate : candidates) {
        if (candidate.empty() || candidate.size() > longest) continue;
        const std::size_t distance = edit_distance(lower(word), lower(candidate));
        if (distance < candidate.size() && (best ? distance < best_distance : distance <= best_distance))
            best = candidate, best_distance = distance;
    }
    return best;
}

std::string suggestion(std::string_view word, const std::vector<std::string_view> &candidates) {
    if (const auto near = nearest(word, candidates)) return "did you mean " + in_quotes(*near) + "?";
    return candidates.empty() ? std::string() : "known: " + join(candidates, ", ");
}

std::size_t utf8_sequence(std::string_view text) {
    const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    const auto follows = [&](std::size_t i) { return (at(i) & 0xc0U) == 0x80U; };
    const unsigned first = at(0);
    if (first < 0x80) return 1;
    if (first < 0xc2 || first > 0xf4 || !follows(1)) return 0;
    if (first < 0xe0) return 2;
    if (!follows(2) || (first == 0xe0 && at(1) < 0xa0) || (first == 0xed && at(1) > 0x9f)) return 0;
    if (first < 0xf0) return 3;
    if (!follows(3) || (first == 0xf0 && at(1) < 0x90) || (first == 0xf4 && at(1) > 0x8f)) return 0;
    return 4;
}

} // namespace core
