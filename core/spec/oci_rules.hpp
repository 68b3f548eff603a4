// SPDX-License-Identifier: MIT
//
// Checks of strings in an OCI config.json. Each checks a whole string.
#pragma once

#include <span>
#include <string_view>

namespace core::spec {

inline bool is_not_empty(std::string_view text) { return !text.empty(); }
inline bool is_absolute(std::string_view text) { return !text.empty() && text[0] == '/'; }
/// NAME=VALUE with a name.
bool is_environment(std::string_view text);
/// MAJOR.MINOR.PATCH[-PRERELEASE][+BUILD] of semver.org with MAJOR 1.
bool is_version_1(std::string_view text);
/// Digits, commas, dashes and blanks; the kernel checks the rest. Empty is allowed.
bool is_cpu_list(std::string_view text);
/// "64KB", "2MB", "1GB", as in the names of the hugetlb files.
bool is_page_size(std::string_view text);
/// "MB:..." on one line.
bool is_bandwidth_schema(std::string_view text);

/// All resource limits of Linux: "RLIMIT_NOFILE" and so on.
std::span<const std::string_view> rlimit_names();
bool is_rlimit(std::string_view text);

} // namespace core::spec
