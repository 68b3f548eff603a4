// SPDX-License-Identifier: MIT
//
// The kinds of step of this plugin, and what they share.
#pragma once

#include "../cgroup-common/devices.hpp"

#include <ctr/ext/cgroup.h>
#include <ctr/plugin.hpp>

namespace ctr::cgroup2 {

// cgroup2.create: path, mount, owner, controller*, set*, uid?, gid?. Outputs: path, made (1: not there before), cgroup (fd).
int create(Run run);
int remove(Run run);
int create_shell(Run run, Shell shell);
int remove_shell(Run run, Shell shell);

// cgroup2.devices: cgroup (fd), device* ("allow c 1:3 rwm"). Goes away with the cgroup.
int devices(Run run);
int devices_shell(Run run, Shell shell);

// cgroup2.open: path, mount, init (fd)?. Output: cgroup. For exec: the cgroup is there.
int open(Run run);
/// The directory that open() opens: the container's, or one below it. Empty: failed.
std::string directory_for_exec(Run run);
int open_shell(Run run, Shell shell);

/// What becomes of a cgroup whose processes are killed.
enum class Fate {
    remove, // it goes, with all below
    leave,  // it is ours and is removed later
    reuse,  // it was there before us: another container may be born in it
};
/// Kills every process in the cgroup and below. False if something does not end.
bool end_cgroup(const std::string &dir, Fate fate);

/// Freezes or thaws and waits for it.
bool freeze_cgroup(const std::string &dir, bool frozen);

std::vector<cgroup::DeviceRule> device_rules(const std::vector<std::string> &texts);

/// ctr.cgroup/1.
extern const ctr_cgroup_v1 running;

} // namespace ctr::cgroup2
