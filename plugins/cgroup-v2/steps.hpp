// SPDX-License-Identifier: MIT
//
// The kinds of step of this plugin, and what they share.
#pragma once

#include "../cgroup-common/devices.hpp"
#include "../cgroup-common/ownership.hpp"

#include <ctr/ext/cgroup.h>
#include <ctr/plugin.hpp>

namespace ctr::cgroup2 {

/// Where the container's cgroup is, from a stored step.
struct Place {
    std::string mount, path;
    cgroup::Members members;
    bool by_systemd = false; // systemd makes and removes the scope's directory
    std::string dir() const { return mount + path; }
};
/// Nothing: the step names no cgroup; the run has failed.
std::optional<Place> place_of(Run run);

/// Values of the output `made`, which is 0 if the cgroup existed before: made with a mark, made without one.
inline constexpr std::int64_t made_marked = 1, made_unmarked = 2;
/// Who owns the container's cgroup now.
cgroup::Whose whose_is(Run run, const Place &place);

// cgroup2.create: path, mount, owner, pid_namespace ("own")?, controller*, set*, uid?, gid?. Outputs: path, made,
// cgroup (fd).
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
    leave,  // it is removed later, or stays
};
/// Kills every process of the container in the cgroup and below. False if something does not end.
bool end_cgroup(const Place &place, cgroup::Whose whose, Fate fate);

/// Freezes or thaws and waits for it.
bool freeze_cgroup(const std::string &dir, bool frozen);

/// ctr.cgroup/1.
extern const ctr_cgroup_v1 running;

} // namespace ctr::cgroup2
