// SPDX-License-Identifier: MIT
//
// What every program starts: the bundle that `runc spec` writes, with a static busybox as /bin/true.
#pragma once

#include <string>

namespace bench {

/// A directory of our own that goes away with the object.
class Workspace {
public:
    Workspace();
    ~Workspace();
    Workspace(const Workspace &) = delete;
    Workspace &operator=(const Workspace &) = delete;
    const std::string &path() const { return path_; }

private:
    std::string path_;
};

/// Makes WORKSPACE/bundle, bundle-seccomp (with a profile of docker's size) and bundle-sleep-PROGRAM for each runtime;
/// their linux.cgroupsPath begins with `cgroup`. Returns why it cannot, or nothing.
std::string make_bundles(const std::string &workspace, const std::string &cgroup, const std::string &profile);

/// Leaves the machine's mounts to themselves: a private mount namespace, without the v2 mount of a hybrid machine,
/// because crun 1.8 refuses to run beside it. Returns why it cannot, or nothing.
std::string enter_private_mounts();

/// Removes what a failed program left of the cgroup in every hierarchy.
void remove_cgroups(const std::string &cgroup);

} // namespace bench
