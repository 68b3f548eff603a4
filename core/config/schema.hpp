// SPDX-License-Identifier: MIT
//
// The part of JSON Schema by which a plugin's manifest describes its section of the config.
//
//   type (a name or a list of names)   null boolean integer number string array object
//   properties, required, additionalProperties (bool or schema), items, enum, oneOf, anyOf
//   minimum, maximum, minLength, maxLength (code points), pattern
//   description, default (for the reader; defaults are checked but never filled in)
//
// check_schema() refuses everything else, so that no author relies on a keyword that nobody enforces. `pattern` is a
// POSIX extended expression of at most 256 bytes; it matches anywhere in the text unless it is anchored. What JSON
// Schema writes differently (\d, \w, \b, backreferences, (?...), lazy *? +? ??, a backslash inside [...]) is refused;
// the rest means the same in both. Integers are written as integers: 1.0 is none.
#pragma once

#include "base/json.hpp"
#include "base/result.hpp"

namespace core::config {

/// Checks that every keyword of the schema is supported. `path` is put before the JSON pointers in errors.
Result<void> check_schema(const Json &schema, const std::string &path = {});

/// Checks `value` against its schema. The error names the first thing that is wrong: where, what was expected, what was
/// found. The schema must have passed check_schema().
Result<void> validate(const Json &value, const Json &schema, const std::string &path = {});

} // namespace core::config
