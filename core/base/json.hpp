// SPDX-License-Identifier: MIT
//
// The JSON type of the core, and parsing that returns errors with line and column.
#pragma once

#include "base/result.hpp"

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace core {

using Json = nlohmann::json;

struct JsonOptions {
    bool comments = false;      // // and /* */
    std::size_t max_depth = 64; // deeper nesting is refused
};

/// Parses a text. `what` names it in errors ("config.json").
Result<Json> parse_json(std::string_view text, const std::string &what, JsonOptions options);
Result<Json> parse_json(std::string_view text, const std::string &what);

/// Escapes one reference token of a JSON pointer: ~ is ~0, / is ~1.
std::string pointer_token(std::string_view token);

} // namespace core
