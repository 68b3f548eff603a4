// SPDX-License-Identifier: MIT
//
// Is this text an OCI config.json for Linux? The first thing that is not as runtime-spec 1.3 wants it is named: where,
// what was expected, what was got. Whether somebody carries out what it asks for is another question: claims.hpp.
//
// Decisions, where the specification leaves room:
// - Unknown properties are ignored: it demands so. Objects of other platforms (/windows, /solaris, /zos, /freebsd, and
//   the Windows fields of /process) are such to us. /vm is known, as a whole: nobody claims it, so it is refused by
//   name when planning.
// - null, and an empty string where one of some words may stand, count as absent when the field may be: engines in Go
//   write them.
// - /process may be missing (it is needed by `start`), /root too: their users ask for them.
// - Keys in another case ("OciVersion", "ARGS") are taken for the field, as Go's reader does, with a warning; both
//   beside each other are refused.
// - A relative mount destination is taken (deprecated there, meant from "/").
#pragma once

#include "base/json.hpp"
#include "base/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace core::spec {

constexpr std::size_t max_spec_size = 16u << 20;

/// Reads and validates; `what` names the text in errors ("config.json"). `warnings`: keys that are written in another
/// case.
Result<Json> parse_spec(std::string_view text, const std::string &what, std::vector<std::string> *warnings = nullptr);
/// Gives keys in another case the field's own name, from the row of `pattern` ("", "/process") on. Says for which it
/// did. Errors: a field stands twice.
Result<std::vector<std::string>> take_other_cases(Json &value, std::string_view pattern);
Result<void> validate(const Json &spec);
/// The same for a process object alone, as `exec --process FILE` takes it; errors say /process/...
Result<void> validate_process(const Json &process);

} // namespace core::spec
