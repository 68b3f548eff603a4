// SPDX-License-Identifier: MIT
//
// What plan() reads and adds, in pieces: cgroup-systemd plans the same for a cgroup of which systemd makes a part.
#pragma once

#include "hierarchies.hpp"
#include "limits.hpp"

#include "../cgroup-common/planning.hpp"

namespace ctr::cgroup1 {

/// The hierarchies in the usual place if all are there; else all mounts of the machine are read, which takes longer.
std::vector<Hierarchy> find_hierarchies(Plan plan);

/// What is asked for in a container's cgroup.
struct Limits {
    cgroup::Resources resources;
    cgroup::Settings settings;
};

/// -1: refused.
int read_limits(Plan plan, const std::vector<Hierarchy> &all, Limits &out);

/// The arguments and outputs of the step that ends in create() (steps.hpp), but for those of add_outputs().
void describe(Plan plan, Step &step, const std::vector<Hierarchy> &all, const std::string &path,
              const cgroup::Settings &settings);

/// The descriptors by which a process joins. `born`: in the cgroup of v2 (hybrid machines), which then is the value
/// `cgroup`.
void add_outputs(Step &step, const std::vector<Hierarchy> &all, bool born);

/// If one of them is cgroup v2, the child is born in it, because moving it there later would take milliseconds.
int add_clone(Plan plan, const std::vector<Hierarchy> &all);

/// `kind`: a kind whose apply is join(); for the hierarchies of v1. Gives cgroup.joined.
int add_join(Plan plan, const char *kind, const std::vector<Hierarchy> &all);

int add_mounts(Plan plan, const std::vector<Hierarchy> &all, const std::string &path);

/// `open_kind`: a kind whose apply is open().
int plan_exec(Plan plan, const char *open_kind, const char *join_kind, const std::vector<Hierarchy> &mounted,
              const std::string &path);

} // namespace ctr::cgroup1
