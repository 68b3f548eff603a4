// SPDX-License-Identifier: MIT
//
// Ends the processes in a container's cgroups.
#pragma once

#include "../cgroup-common/ownership.hpp"

namespace ctr::cgroup1 {

struct Ending {
    struct Cgroup {
        std::string dir;
        cgroup::Whose whose = cgroup::Whose::ours;
        bool remove = false; // it goes, with those below
        bool stays = false;  // the container keeps it: its mark stays too
    };
    std::vector<Cgroup> cgroups; // in several hierarchies
    std::string freezer;         // the container's directory in the freezer hierarchy, or empty
    bool thaw = false;           // the container still runs: its first process may be frozen
};

/// Kills the container's processes in them, and removes the ones to remove. False: something does not end, `left` says
/// where.
bool end_cgroups(Ending ending, const cgroup::Members &members, std::string &left);

} // namespace ctr::cgroup1
