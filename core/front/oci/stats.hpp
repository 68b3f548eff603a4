// SPDX-License-Identifier: MIT
#pragma once

#include "base/json.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace core::oci {

/// The counters of a cgroup driver, by its names (sdk/include/ctr/ext/cgroup.h).
using Stats = std::map<std::string, std::uint64_t>;

/// The statistics in runc's form. What the driver does not count is left out, because 0 would be wrong.
Json stats_json(const Stats &stats);
/// Parses Go's durations: "5s", "500ms", "1m30s". In milliseconds; std::nullopt if it is none.
std::optional<int> parse_duration(const std::string &text);

} // namespace core::oci
