// SPDX-License-Identifier: MIT
//
// The mounted cgroup v1 hierarchies of a machine.
#pragma once

#include "../cgroup-common/path.hpp"

namespace ctr::cgroup1 {

/// Where systemd keeps the units of a machine with cgroup v1: the hierarchy name=systemd, and beside it (hybrid) cgroup
/// v2. They limit nothing. Their names are used in the place of controllers.
inline constexpr const char *named_systemd = "systemd", *unified = "unified";

/// Controllers that are mounted together ("cpu,cpuacct") are one hierarchy: one directory, one tasks file.
struct Hierarchy {
    std::vector<std::string> controllers;
    std::string mount;

    bool operator==(const Hierarchy &) const = default;
    bool has(std::string_view controller) const;
    /// The first controller: names the values of this hierarchy.
    const std::string &name() const { return controllers.front(); }
    /// The file by which a process joins the cgroup `path`. cgroup v2 has no `tasks`.
    std::string join_file(const std::string &path) const {
        return mount + path + (is_unified() ? "/cgroup.procs" : "/tasks");
    }
    /// "cpu,cpuacct /sys/fs/cgroup/cpu,cpuacct", the argument `hierarchy` of the steps.
    std::string text() const;
    /// Without controllers or a mount it is not valid().
    static Hierarchy from(std::string_view text);
    bool valid() const { return !controllers.empty() && cgroup::is_container_path(mount); }
    bool is_unified() const { return name() == unified; }
};

/// From the texts of /proc/self/mountinfo and /proc/cgroups, in the order of the mounts. A hierarchy that is mounted
/// twice counts once: the mount that shows its root, else the first. Named hierarchies (name=systemd) limit nothing and
/// are left to their owner.
std::vector<Hierarchy> find_hierarchies(std::string_view mountinfo, std::string_view controllers);

/// The cgroup v2 of a hybrid machine; nothing if there is none that can be written to.
std::vector<Hierarchy> find_unified(std::string_view mountinfo);

/// False if a controller that is on a hierarchy of v1 (the second column of /proc/cgroups) is in none of these.
bool has_all(const std::vector<Hierarchy> &all, std::string_view controllers);

/// systemd's own (see above); empty if it has none here.
std::vector<Hierarchy> find_systemd(std::string_view mountinfo);

const Hierarchy *find_controller(const std::vector<Hierarchy> &all, std::string_view controller);

} // namespace ctr::cgroup1
