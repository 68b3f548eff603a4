// SPDX-License-Identifier: MIT
//
// "NAME|UID[:GROUP|GID]", read strictly. Pure: no kernel, no host.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace process {

/// The highest id, as for the kind `ids.set`. The kernel has ids up to 4294967294, but programs that keep them as int
/// have taken what is above this for negative or for root (CVE-2024-40635), and 4294967295 means "no change" to
/// setresuid(2).
constexpr std::int64_t id_max = 2147483647;

struct User {
    /// Uid and gid are known now; no look-up in the container is needed.
    bool numeric = false;
    std::int64_t uid = 0;
    std::int64_t gid = 0;
    /// The text as given, for the look-up when the step runs: a name, or a uid without a group (its group is in
    /// /etc/passwd).
    std::string text;
};

/// Nothing for text that is not clearly a user ("", " 1", "1:2x", "-1", "4294967296", "1:"), because lenient parsing
/// has made processes root (CVE-2026-30892). Text that begins with a digit is an id, never a name (CVE-2016-3697).
std::optional<User> parse_user(std::string_view text);

} // namespace process
