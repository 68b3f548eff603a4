// SPDX-License-Identifier: MIT
//
// Writes JSON as text, piece by piece, without a document in memory: every start writes the journal's first lines, and
// making and freeing a tree of some thousand nodes costs more than the rest of planning. The caller must match the
// brackets.
#pragma once

#include "base/json.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace core {

class JsonWriter {
public:
    explicit JsonWriter(std::size_t expected = 0) { out_.reserve(expected); }

    JsonWriter &begin(char bracket) { return comma(), out_ += bracket, *this; } // { or [
    JsonWriter &end(char bracket) { return out_ += bracket, *this; }            // } or ]
    JsonWriter &key(std::string_view name);
    JsonWriter &text(std::string_view value); // bytes that are not UTF-8 become U+FFFD: replaced()
    JsonWriter &integer(std::int64_t value);
    JsonWriter &null();
    JsonWriter &boolean(bool value);
    JsonWriter &value(const Json &json);
    JsonWriter &end_line() { return out_ += '\n', *this; } // after a whole value; the next one is a new text

    /// True if something was not UTF-8, so that what is read back will differ from what was written.
    bool replaced() const { return replaced_; }
    std::string take() { return std::move(out_); }

private:
    /// Writes a comma if a value was written just before.
    void comma() {
        const char last = out_.empty() ? '\n' : out_.back();
        if (last != '{' && last != '[' && last != ':' && last != '\n') out_ += ',';
    }
    void quote(std::string_view value);

    std::string out_;
    bool replaced_ = false;
};

} // namespace core
