// SPDX-License-Identifier: MIT
//
// Checks whether a text is an OCI config.json for Linux. The error names the first thing that is not as runtime-spec
// 1.3 wants it: where, what was expected, what was found. Whether somebody carries out what it asks for is checked by
// claims.hpp.
//
// Decisions where the specification leaves room:
// - Unknown properties are ignored, because it demands so. Objects of other platforms (/windows, /solaris, /zos,
//   /freebsd, and the Windows fields of /process) are treated like them. /vm is known as a whole: nobody claims it, so
//   planning refuses it by name.
// - null, and an empty string where one of some words is expected, count as absent if the field is optional, because
//   engines in Go write them.
// - /process and /root may be missing here; the code that uses them requires them.
// - Keys in another case ("OciVersion", "ARGS") are taken for the field, as Go's reader does, with a warning. Both
//   together are refused.
// - A relative mount destination is accepted (it is deprecated there) and starts at "/".
#pragma once

#include "base/json.hpp"
#include "base/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace core::spec {

constexpr std::size_t max_spec_size = 16u << 20;

/// Parses and validates. `what` names the text in errors ("config.json"). `warnings`, if given: keys that are written
/// in another case.
Result<Json> parse_spec(std::string_view text, const std::string &what, std::vector<std::string> *warnings = nullptr);
/// Renames keys that are written in another case to the field's name, from the row of `pattern` ("", "/process") on.
/// Returns a warning for each. Errors: a field is there twice.
Result<std::vector<std::string>> take_other_cases(Json &value, std::string_view pattern);
Result<void> validate(const Json &spec);
/// The same for a process object alone, as `exec --process FILE` takes it. Errors name /process/...
Result<void> validate_process(const Json &process);

} // namespace core::spec
