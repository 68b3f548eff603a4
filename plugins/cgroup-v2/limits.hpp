// SPDX-License-Identifier: MIT
//
// linux.resources as writes to the control files of cgroup v2. The spec's numbers are those of v1; where v2 counts
// differently they are converted. Pure.
#pragma once

#include "../cgroup-common/resources.hpp"
#include "../cgroup-common/setting.hpp"

namespace ctr::cgroup2 {

/// The current values that an update needs, because v2 keeps two numbers of the spec in one file, or their difference.
struct Current {
    std::optional<std::int64_t> memory_max; // -1: no limit
    std::string cpu_max;                    // "QUOTA PERIOD"
};

/// Reads it (running.cpp).
Current current_of(const std::string &dir);

/// `current` is null for a new cgroup. An error where the conversion is not possible.
Result<cgroup::Settings> limit_settings(const cgroup::Resources &resources, const Current *current);

/// 2..262144 of v1 to 1..10000, so that the two defaults (1024 and 100) are the same: 10^((l^2 + 125 l) / 612 - 7/34)
/// with l = log2(shares), rounded up, as runc and crun have it since 2025.
std::uint64_t weight_of_shares(std::uint64_t shares);

/// 10..1000 of v1's blkio to 1..10000 of io.weight: 1 + (weight - 10) * 9999 / 990.
std::uint64_t io_weight(std::uint64_t weight);

/// The controller that a setting needs; empty for the files of the cgroup itself (cgroup.max.depth).
std::string controller_of(const cgroup::Setting &setting);

/// The part of the spec that asks for a controller, for messages.
const char *resource_of(std::string_view controller);

} // namespace ctr::cgroup2
