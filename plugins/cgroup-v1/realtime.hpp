// SPDX-License-Identifier: MIT
//
// Realtime budgets on the way to the container (CONFIG_RT_GROUP_SCHED). A cgroup can give its children no more than it
// has, and a new one has none: so what the container asks for must stand in each of its parents too.
#pragma once

#include "../cgroup-common/setting.hpp"

namespace ctr::cgroup1 {

/// Gives each parent that is ours what the settings for mount+path ask for, plus what its other children have. Other
/// parents, and those for which the kernel refuses it, stay as they are; then the kernel refuses the container's own
/// number, and that is reported.
void give_realtime(const std::string &mount, const std::string &path, const cgroup::Settings &settings);

} // namespace ctr::cgroup1
