// SPDX-License-Identifier: MIT
//
// What the parts of this plugin share while they plan.
#pragma once

#include <ctr/cpp/description.hpp>
#include <ctr/plugin.hpp>

#include <string>
#include <vector>

namespace mounts {

/// What /dev of the container is.
enum class Dev { image, tmpfs, machine, other_bind };

struct State {
    Dev dev = Dev::image;
    bool dev_read_only = false; // a tmpfs on /dev that becomes read-only when its nodes are there
};

/// One entry of /mounts.
struct Mount {
    std::string where; // "/mounts/3"
    std::string destination, source, type;
    std::vector<std::string> options;
    bool bind = false, remount = false;
    bool inside = false;    // a bind mount whose source is a path in the container's own root
    bool by_parent = false; // a bind mount whose source the child may not be able to reach
    bool locked = false;    // no flag of its source may be removed, as in a user namespace
    std::string userns;     // the value whose id maps it gets; empty: none

    std::string copied; // copy-symlink: what the link that is the source says

    bool has(const char *option) const;
    bool is_idmapped() const { return !userns.empty(); }
    bool is_cgroup() const { return type == "cgroup" && !bind; }
};

/// mount_list.cpp
int read_mounts(ctr::Plan plan, std::vector<Mount> &all);
int add_mounts(ctr::Plan plan, const std::vector<Mount> &all, State &state);
/// Those of /ctr/unmount, in reverse.
int add_removals(ctr::Plan plan);
/// idmap.cpp: finds the id maps of the mounts and adds the steps that make them; decides which sources the parent opens
int add_id_maps(ctr::Plan plan, std::vector<Mount> &all);
/// devices.cpp
int add_devices(ctr::Plan plan, const State &state);
/// protect.cpp: what happens after pivot
int add_protection(ctr::Plan plan, const State &state, const std::vector<Mount> &mounts);

} // namespace mounts
