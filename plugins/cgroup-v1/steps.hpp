// SPDX-License-Identifier: MIT
//
// The kinds of step of this plugin, and what they share.
#pragma once

#include "hierarchies.hpp"

#include <ctr/ext/cgroup.h>
#include <ctr/plugin.hpp>

namespace ctr::cgroup1 {

// cgroup1.create: path, owner, hierarchy*, set*. Outputs: path, made, tasks.NAME for each hierarchy.
int create(Run run);
int remove(Run run);
int create_shell(Run run, Shell shell);
int remove_shell(Run run, Shell shell);

// cgroup1.open: path, hierarchy*, below*? (one for each hierarchy). Outputs: tasks.NAME. For exec: the cgroup is there.
int open(Run run);
int open_shell(Run run, Shell shell);

// cgroup1.join: tasks* (fd). The child.
int join(ctr_run *run);
int join_shell(Run run, Shell shell);

/// Kills every process in these cgroups and removes them (`dirs` may be of several hierarchies); false: `left` says which stayed.
struct Ending {
    std::vector<std::string> kill;   // cgroups to empty
    std::vector<std::string> remove; // of these, the ones to remove
    std::string freezer;             // the container's directory in the freezer hierarchy, or empty
};
bool end_cgroups(const Ending &ending, std::string &left);

/// The arguments of a stored step.
std::vector<Hierarchy> hierarchies_of(Run run);

/// ctr.cgroup/1.
extern const ctr_cgroup_v1 running;

} // namespace ctr::cgroup1
