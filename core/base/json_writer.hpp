// SPDX-License-Identifier: MIT
//
// JSON written as text, piece by piece, without a document in memory: the journal's first line is on the way to every
// start, and making and freeing a tree of some thousand nodes costs more than all else that is planned. Whoever calls
// sees to it that brackets match.
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
    JsonWriter &text(std::string_view value); // what is not UTF-8 becomes U+FFFD, see replaced()
    JsonWriter &integer(std::int64_t value);
    JsonWriter &null();
    JsonWriter &boolean(bool value);
    JsonWriter &value(const Json &json);
    JsonWriter &end_line() { return out_ += '\n', *this; } // behind a whole value: the next one is another text

    /// Something was not UTF-8, which JSON is: what is read back differs from what was written.
    bool replaced() const { return replaced_; }
    std::string take() { return std::move(out_); }

private:
    /// Between two values, which is where the last character closes one.
    void comma() {
        const char last = out_.empty() ? '\n' : out_.back();
        if (last != '{' && last != '[' && last != ':' && last != '\n') out_ += ',';
    }
    void quote(std::string_view value);

    std::string out_;
    bool replaced_ = false;
};

} // namespace core
