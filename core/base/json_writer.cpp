// SPDX-License-Identifier: MIT
#include "base/json_writer.hpp"

#include "base/text.hpp"

#include <cstring>
#include <ctr/cpp/text.hpp>
#include <nlohmann/json.hpp>

namespace core {
namespace {

bool is_plain(char c) { return static_cast<unsigned char>(c) - 0x20U < 0x60U && c != '"' && c != '\\'; }

constexpr std::uint64_t eight(unsigned char c) { return 0x0101010101010101U * c; }

/// Not 0 if one of the eight bytes is zero.
constexpr std::uint64_t has_zero(std::uint64_t bytes) { return (bytes - eight(1)) & ~bytes & eight(0x80); }

/// How many characters at the front need no escape. Reads eight at a time, because nearly all of a plan's need none.
std::size_t plain_run(std::string_view text) {
    std::size_t run = 0;
    for (std::uint64_t bytes = 0; text.size() - run >= sizeof bytes; run += sizeof bytes) {
        std::memcpy(&bytes, text.data() + run, sizeof bytes);
        const std::uint64_t control_or_high = ((bytes - eight(0x20)) | bytes) & eight(0x80);
        if ((control_or_high | has_zero(bytes ^ eight('"')) | has_zero(bytes ^ eight('\\'))) != 0) break;
    }
    while (run < text.size() && is_plain(text[run]))
        ++run;
    return run;
}

} // namespace

void JsonWriter::quote(std::string_view value) {
    std::size_t plain = plain_run(value);
    if (plain == value.size()) {
        const std::size_t at = out_.size();
        out_.resize(at + plain + 2, '"');
        value.copy(out_.data() + at + 1, plain);
        return;
    }
    out_ += '"';
    for (; !value.empty(); plain = plain_run(value)) {
        out_.append(value.data(), plain);
        value.remove_prefix(plain);
        if (value.empty()) break;
        const char c = value[0];
        const std::size_t length = utf8_sequence(value);
        if (length == 0) {
            out_ += "\xef\xbf\xbd";
            replaced_ = true;
        } else if (length > 1) {
            out_.append(value.data(), length);
        } else if (c == '"' || c == '\\') {
            out_ += '\\';
            out_ += c;
        } else {
            out_ += "\\u00";
            out_ += ctr::hex(static_cast<unsigned char>(c), 2);
        }
        value.remove_prefix(length == 0 ? 1 : length);
    }
    out_ += '"';
}

JsonWriter &JsonWriter::key(std::string_view name) {
    text(name);
    out_ += ':';
    return *this;
}
JsonWriter &JsonWriter::text(std::string_view value) {
    comma();
    quote(value);
    return *this;
}
JsonWriter &JsonWriter::integer(std::int64_t value) {
    comma();
    out_ += std::to_string(value);
    return *this;
}
JsonWriter &JsonWriter::null() {
    comma();
    out_ += "null";
    return *this;
}
JsonWriter &JsonWriter::boolean(bool value) {
    comma();
    out_ += value ? "true" : "false";
    return *this;
}

JsonWriter &JsonWriter::value(const Json &json) {
    switch (json.type()) {
    case Json::value_t::object:
        begin('{');
        for (const auto &[name, member] : json.get_ref<const Json::object_t &>())
            key(name).value(member);
        return end('}');
    case Json::value_t::array:
        begin('[');
        for (const Json &element : json)
            value(element);
        return end(']');
    case Json::value_t::string: return text(json.get_ref<const std::string &>());
    default: return comma(), out_ += json.dump(), *this;
    }
}

} // namespace core
