// SPDX-License-Identifier: MIT
//
// Users and groups by the container's own /etc/passwd and /etc/group, read between clone and exec: no allocation, no
// NSS (which would load libraries of the image, CVE-2019-14271).
#pragma once

#include <cstdint>
#include <ctr/plugin.h>
#include <sys/types.h>

namespace kinds {

/// NGROUPS_MAX: what setgroups(2) takes.
inline constexpr std::uint32_t max_groups = 65536;

/// Too large for the stack, which the container's RLIMIT_STACK may have made small by now.
struct UserIds {
    std::uint32_t uid, gid;
    std::uint32_t n_groups;
    gid_t groups[max_groups]; // supplementary
    char home[4096];          // of passwd; empty if the user is not there
};

/// "NAME|UID[:GROUP|GID]". Digits are an id and never looked up as a name (CVE-2016-3697); an id needs no entry.
/// Without a group: the one in passwd (0 without an entry), and all groups that list the user. nullptr, or what is
/// wrong, in words.
CTR_CHILD const char *find_user(int root, const char *user, UserIds &out);
/// The home directory of the entry with ids.uid, into ids.home; left empty without one.
CTR_CHILD const char *find_home(int root, UserIds &ids);
/// Adds a supplementary group by name or number.
CTR_CHILD const char *add_group(int root, const char *group, UserIds &out);

/// A decimal number up to 2147483647 and nothing else (CVE-2024-40635, CVE-2026-30892).
CTR_CHILD bool parse_id(const char *text, std::size_t length, std::uint32_t &out);

} // namespace kinds
