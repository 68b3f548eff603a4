// SPDX-License-Identifier: MIT
//
// The kinds of step of this plugin. systemd.devices is cgroup-v2's code under this plugin's name, systemd.join is
// cgroup-v1's. The others are for both versions: only a step of cgroup v1 has the argument `hierarchy`.
#pragma once

#include <ctr/ext/cgroup.h>
#include <ctr/plugin.hpp>

namespace ctr::systemd {

// systemd.scope: unit, pid, user (int)? (whose systemd; none: the machine's), property*, and the arguments and outputs
// of cgroup2.create or cgroup1.create.
int start(Run run);
int stop(Run run);
int start_shell(Run run, Shell shell);
int stop_shell(Run run, Shell shell);

// systemd.open: those of cgroup2.open or cgroup1.open.
int open(Run run);
int open_shell(Run run, Shell shell);

// systemd.attach: unit, user, pid, init (fd)?, and path, mount as cgroup2.open. For exec by a user, who may not move a
// process by himself.
int attach(Run run);
int attach_shell(Run run, Shell shell);

/// ctr.cgroup/1.
extern const ctr_cgroup_v1 running;

/// The Description that proves that a scope is this container's. systemd has it from the moment the scope exists.
inline std::string description_of(const std::string &owner) { return "ctr container of " + owner; }

} // namespace ctr::systemd
