// SPDX-License-Identifier: MIT
//
// What plan() reads and adds, in pieces: cgroup-systemd plans the same for a cgroup that systemd makes.
#pragma once

#include "limits.hpp"

#include "../cgroup-common/planning.hpp"

namespace ctr::cgroup2 {

/// What is asked of a container's cgroup, and which controllers there are.
struct Limits {
    cgroup::Resources resources;
    cgroup::Settings settings;
    std::vector<std::string> available;
    std::vector<cgroup::DeviceRule> devices; // with the defaults; none where a user cannot reach devices anyway
};

/// The usual place, or where a machine that still uses v1 has it.
std::string find_mount(std::string_view mountinfo);
/// In the usual places, else among all mounts of the machine.
std::string find_mount(Plan plan);

/// -1: refused.
int read_limits(Plan plan, const std::string &mount, Limits &out);

/// The arguments and outputs of the step that ends in create() (steps.hpp).
void describe(Plan plan, Step &step, const std::string &mount, const std::string &path, const Limits &limits);

int add_devices(Plan plan, const char *kind, ctr_phase phase, const std::vector<cgroup::DeviceRule> &rules);
int add_clone(Plan plan);
int add_mounts(Plan plan, const std::string &mount, const std::string &path);

/// `kind`: a kind whose apply is open().
int plan_exec(Plan plan, const char *kind, const std::string &mount, const std::string &path);

} // namespace ctr::cgroup2
