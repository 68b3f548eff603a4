// SPDX-License-Identifier: MIT
//
// The kinds of step of this plugin, and what they share.
#pragma once

#include "ending.hpp"
#include "hierarchies.hpp"

#include <ctr/ext/cgroup.h>
#include <ctr/plugin.hpp>

namespace ctr::cgroup1 {

// cgroup1.create: path, owner, pid_namespace ("own")?, hierarchy*, set*. Outputs: path, made, tasks.NAME for each
// hierarchy of v1, cgroup for that of v2.
int create(Run run);
int remove(Run run);
int create_shell(Run run, Shell shell);
int remove_shell(Run run, Shell shell);

// cgroup1.open: path, hierarchy*, below*? (one for each hierarchy), init (fd)?. Outputs: tasks.NAME, cgroup. For exec:
// the cgroup is there.
int open(Run run);
int open_shell(Run run, Shell shell);

// cgroup1.join: tasks* (fd). The child.
int join(ctr_run *run);
int join_shell(Run run, Shell shell);

/// Where the container's cgroup is, from a stored step.
struct Place {
    std::vector<Hierarchy> all;
    std::string path;
    cgroup::Members members;
    bool by_systemd = false; // systemd makes and removes the scope's directories
};
/// Nothing: the step names no cgroup; the run has failed.
std::optional<Place> place_of(Run run);

/// Who owns the container's cgroup now.
cgroup::Whose whose_in(Run run, const Place &place, const Hierarchy &hierarchy);

/// ctr.cgroup/1.
extern const ctr_cgroup_v1 running;

} // namespace ctr::cgroup1
