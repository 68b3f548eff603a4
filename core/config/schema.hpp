// SPDX-License-Identifier: MIT
//
// The part of JSON Schema in which a plugin's manifest describes its section of the config.
//
//   type (a name or a list of names)   null boolean integer number string array object
//   properties, required, additionalProperties (bool or schema), items, enum, oneOf, anyOf
//   minimum, maximum, minLength, maxLength (code points), pattern
//   description, default (for the reader; defaults are checked but never filled in)
//
// Everything else is refused by check_schema(), so that no author relies on a keyword that nobody enforces. `pattern`
// is a POSIX extended expression of at most 256 bytes, matched anywhere in the text unless anchored. What JSON Schema's
// dialect writes otherwise (\d, \w, \b, backreferences, (?...), lazy *? +? ??, a backslash inside [...]) is refused;
// the rest means the same in both. Integers are written as integers: 1.0 is none, as for every reader of the config.
#pragma once

#include "base/json.hpp"
#include "base/result.hpp"

namespace core::config {

/// Is this a schema that we understand wholly? `path` is put before the JSON pointers in errors.
Result<void> check_schema(const Json &schema, const std::string &path = {});

/// The first thing in `value` that its schema forbids: where, what was expected, what was got. The schema must have
/// passed check_schema().
Result<void> validate(const Json &value, const Json &schema, const std::string &path = {});

} // namespace core::config
