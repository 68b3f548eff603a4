// SPDX-License-Identifier: MIT
//
// Lines of a resctrl group's file schemata: "L3:0=7ff;1=1f". Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace resctrl {

std::vector<std::string> lines_of(std::string_view text);

/// The lines to write, in this order: the cache lines of `l3` (without those of memory bandwidth if `bandwidth` says
/// it), `bandwidth`, `schemata`.
std::vector<std::string> wanted_lines(const std::string &l3, const std::string &bandwidth,
                                      const std::vector<std::string> &schemata);

/// True if the file's content `now` has what `line` says, in whatever order and with whatever leading zeros.
bool has_line(std::string_view now, std::string_view line);

/// "L3:...", "MB:...": a resource, a colon, and no line end.
bool is_line(std::string_view line);

} // namespace resctrl
