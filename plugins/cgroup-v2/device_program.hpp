// SPDX-License-Identifier: MIT
//
// Device rules as a BPF program of the type cgroup/dev. Pure: rules in, instructions out.
#pragma once

#include "../cgroup-common/devices.hpp"

#include <vector>

#include <linux/bpf.h>

namespace ctr::cgroup2 {

/// The program returns 1 for what is allowed. The rules are what effective_rules() gives.
std::vector<bpf_insn> device_program(const std::vector<cgroup::DeviceRule> &rules);

} // namespace ctr::cgroup2
