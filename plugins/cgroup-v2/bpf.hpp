// SPDX-License-Identifier: MIT
//
// bpf(2) for device programs: load, attach to a cgroup, replace. No libbpf: three commands of one system call.
#pragma once

#include <ctr/cpp/result.hpp>
#include <ctr/plugin.hpp>

#include <vector>

#include <linux/bpf.h>

namespace ctr::cgroup2 {

/// Loads the program and attaches it to the cgroup (any descriptor of its directory), beside programs of others
/// (systemd's); a device is allowed only if all programs allow it. Programs that ctr attached before are detached after
/// that, so the cgroup is never without rules.
Result<> attach_device_program(int cgroup, const std::vector<bpf_insn> &program);

/// Detaches the programs of ctr except `keep` (an id, 0: none). Also used for a cgroup that stays when its container is
/// removed.
void detach_device_programs(int cgroup, std::uint32_t keep);

} // namespace ctr::cgroup2
