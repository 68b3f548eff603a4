// SPDX-License-Identifier: MIT
//
// What a string in an OCI config.json must look like beyond being one. Each answers for a whole string.
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
/// Digits, commas, dashes and blanks: the kernel reads it in the end. Empty is allowed.
bool is_cpu_list(std::string_view text);
/// r, w and m.
/// "64KB", "2MB", "1GB": as the hugetlb files are named.
bool is_page_size(std::string_view text);
/// "MB:..." in one line.
bool is_bandwidth_schema(std::string_view text);

/// "RLIMIT_NOFILE" and its kin, for all that Linux has.
std::span<const std::string_view> rlimit_names();
bool is_rlimit(std::string_view text);

} // namespace core::spec
