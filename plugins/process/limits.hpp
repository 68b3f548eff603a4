// SPDX-License-Identifier: MIT
//
// /process/rlimits.
#pragma once

#include <ctr/plugin.hpp>

namespace process {

/// True for the resources of getrlimit(2), "RLIMIT_NOFILE".
bool is_resource(std::string_view name);

/// A limit as the kind `rlimit` takes it: RLIM_INFINITY (2^64-1) is -1. Nothing for what lies between 2^63 and that.
std::optional<std::int64_t> limit_argument(std::uint64_t value);

/// Adds one step for each limit. 0, or -1: the plan was refused.
int plan_limits(ctr::Plan plan);

} // namespace process
