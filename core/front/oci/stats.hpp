// SPDX-License-Identifier: MIT
#pragma once

#include "base/json.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace core::oci {

/// What a cgroup driver counts, by its names (sdk/include/ctr/ext/cgroup.h).
using Stats = std::map<std::string, std::uint64_t>;

/// In runc's shape. What the driver does not tell is left out: a 0 would be a lie.
Json stats_json(const Stats &stats);
/// "5s", "500ms", "1m30s": Go's durations. In milliseconds.
std::optional<int> parse_duration(const std::string &text);

} // namespace core::oci
