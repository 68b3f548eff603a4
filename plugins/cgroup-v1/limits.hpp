// SPDX-License-Identifier: MIT
//
// linux.resources as writes to the control files of cgroup v1. Pure.
#pragma once

#include "../cgroup-common/resources.hpp"
#include "../cgroup-common/setting.hpp"

namespace ctr::cgroup1 {

/// In the order that a fresh cgroup demands: memory.limit before memsw (which may not be lower), period before quota
/// before burst.
cgroup::Settings limit_settings(const cgroup::Resources &resources);

/// The rules for devices.deny and devices.allow, whatever the cgroup had before. If the parent denies what only the
/// defaults allow, that is no error. The kernel knows one default and a list of exceptions; an exception can only be
/// removed exactly as it was added. A list of rules that needs more ("allow c 5:*, deny c 5:1") is an error.
Result<cgroup::Settings> device_settings(const std::vector<cgroup::DeviceRule> &rules);

/// The part of the spec that needs a controller, for the message when it is not mounted: "memory" ->
/// "/linux/resources/memory".
const char *resource_of(std::string_view controller);

} // namespace ctr::cgroup1
