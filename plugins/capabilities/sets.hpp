// SPDX-License-Identifier: MIT
//
// Capability sets as bit masks, and how a description becomes the five sets of capabilities(7). Pure: no kernel, no
// host.
#pragma once

#include <cstdint>
#include <ctr/cpp/result.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace capabilities {

using Mask = std::uint64_t;

/// Every capability, those of kernels newer than this file too.
constexpr Mask everything = ~Mask{0};

constexpr Mask bit(int capability) { return Mask{1} << capability; }

/// The number of a capability: "CAP_CHOWN", "CHOWN", "chown".
std::optional<int> number_of(std::string_view name);
/// "CHOWN KILL", "ALL", "none"; what has no name here as its number.
std::string names_of(Mask mask, std::string_view separator = " ");
/// As /proc/PID/status writes it: 16 hexadecimal digits.
std::string hex(Mask mask);

/// What docker gives a container that asks for nothing.
Mask default_mask();

struct Sets {
    Mask bounding = 0;
    Mask effective = 0;
    Mask permitted = 0;
    Mask inheritable = 0;
    Mask ambient = 0;
};

/// The capabilities that a list of names stands for; ALL is allowed. `path` is where the list stands, for the error.
ctr::Result<Mask> parse_list(const std::string &path, const std::vector<std::string> &names);

/// /ctr/capabilities: the base with `add` and `drop` applied to it (docker's arithmetic):
///   add has ALL:  everything except what drop names;
///   drop has ALL: only what add names;
///   else:         base without drop, then with add: a capability named in both is given.
/// ALL in both contradicts itself: refused.
struct Change {
    Mask add = 0;
    Mask drop = 0;
};
ctr::Result<Change> parse_change(const std::vector<std::string> &add, const std::vector<std::string> &drop);
Mask changed(Mask base, Change change);

/// One list of an OCI process.capabilities object. Names that this host does not know are collected, not refused: the
/// runtime-spec asks that what cannot be granted is warned about and the container runs without it, which is never more
/// than was asked for.
Mask parse_oci(const std::vector<std::string> &names, std::vector<std::string> &unknown);

/// Takes out what the kernel would refuse as a whole: effective outside permitted, inheritable outside bounding,
/// ambient outside permitted and inheritable. Returns what was lost.
Mask make_consistent(Sets &sets);

} // namespace capabilities
