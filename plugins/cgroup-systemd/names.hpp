// SPDX-License-Identifier: MIT
//
// linux.cgroupsPath in systemd's form "slice:prefix:name", and where systemd puts the unit's cgroup. Pure.
#pragma once

#include "../cgroup-common/path.hpp"

#include <cstdint>

namespace ctr::systemd {

struct Scope {
    std::string unit;  // "ctr-box.scope"
    std::string slice; // "machine.slice"
    std::string path;  // "/machine.slice/ctr-box.scope"
};

/// "" is default_slice:ctr:id. An empty slice is the default one, an empty name the id; without a prefix the unit is
/// "name.scope".
Result<Scope> scope_of(std::string_view asked, std::string_view default_slice, std::string_view id);

/// Where the systemd of a user has its units: "/user.slice/user-1000.slice/user@1000.service".
std::string users_path(std::int64_t uid);

/// The unit of a cgroup: the last part of its path, without systemd's "_".
std::string unit_of(std::string_view path);

/// The id on the machine for `id` in a user namespace, by the text of its uid_map; `id` itself if it is not mapped.
std::int64_t outer_id(std::string_view uid_map, std::int64_t id);

/// "a-b.slice" is in "a.slice": "/a.slice/a-b.slice". "-.slice" is the root: "". Nothing if it is no name of a slice.
std::optional<std::string> slice_path(std::string_view slice);

} // namespace ctr::systemd
