// SPDX-License-Identifier: MIT
//
// What plan() of both drivers does alike: where the cgroup is, what is asked for, and which mount of type "cgroup" the container wants.
#pragma once

#include "path.hpp"
#include "resources.hpp"

#include <ctr/plugin.hpp>

#include <string>
#include <vector>

namespace ctr::cgroup {

inline int refuse(Plan plan, const Problem &problem) {
    return plan.invalid(problem.path, problem.message, problem.hint);
}

/// The container's cgroup. A plan for exec is told by the host which one the container has (/ctr/cgroup): today's config may differ.
inline std::optional<std::string> planned_path(Plan plan, Problem &problem) {
    const Node stored = plan.spec("/ctr/cgroup");
    const std::string asked = stored ? stored.str() : plan.spec("/linux/cgroupsPath").str();
    return container_path(asked, plan.config("/parent").str("/ctr"), plan.id(), problem);
}

/// A name that no other container on this machine has, whatever its run root.
inline std::string owner_mark(Plan plan) {
    const std::string record = plan.name("record");
    return record.empty() ? plan.id() : record;
}

inline bool new_cgroup_namespace(Plan plan) {
    const Node namespaces = plan.spec("/linux/namespaces");
    for (std::size_t i = 0; i < namespaces.size(); ++i)
        if (namespaces.at(i).get("/type").str() == "cgroup") return !namespaces.at(i).get("/path");
    return false;
}

/// An entry of mounts[] with the type "cgroup".
struct WantedMount {
    std::size_t index = 0;
    std::string destination;
    std::vector<std::string> options;
    std::vector<std::string> ancestors; // destinations of earlier mounts on the way to this one
    bool read_only = false;
};

/// "/sys//fs/" -> "/sys/fs": the form in which the plugin `mounts` names destinations in its tokens.
inline std::string clean_destination(const std::string &destination) {
    std::string problem;
    return normal_path(destination, problem).value_or(destination);
}

inline std::vector<WantedMount> wanted_mounts(Plan plan) {
    std::vector<WantedMount> all;
    std::vector<std::string> earlier;
    const Node mounts = plan.spec("/mounts");
    for (std::size_t i = 0; i < mounts.size(); ++i) {
        const std::string destination = clean_destination(mounts.at(i).get("/destination").str());
        if (mounts.at(i).get("/type").str() == "cgroup") {
            WantedMount wanted{i, destination, {}, {}, false};
            for (auto &option : mounts.at(i).get("/options").strings())
                option == "ro" ? wanted.read_only = true : (wanted.options.push_back(option), true);
            for (const auto &other : earlier)
                if (destination.compare(0, other.size() + 1, other + '/') == 0) wanted.ancestors.push_back(other);
            all.push_back(std::move(wanted));
        }
        earlier.push_back(destination);
    }
    return all;
}

/// Options for a bind mount: what a bind can carry, without those of the file system that the spec's authors give for type cgroup.
inline std::vector<std::string> bind_options(const WantedMount &wanted) {
    static constexpr const char *flags[] = {"nosuid",   "suid",       "nodev",   "dev",    "noexec",     "exec",
                                            "relatime", "norelatime", "noatime", "atime",  "nodiratime", "strictatime",
                                            "private",  "rprivate",   "slave",   "rslave", "shared",     "rshared"};
    std::vector<std::string> out{"bind"};
    for (const auto &option : wanted.options)
        for (const char *flag : flags)
            if (option == flag) out.emplace_back(option);
    if (wanted.read_only) out.emplace_back("ro");
    return out;
}

/// A step of the phase mounts that comes after the mounts of the spec which its destination lies in. `mounts` gives a token for each of them,
/// and orders what is mounted below this one after cgroup.mounted.
inline Step mount_step(Plan plan, const char *kind, const WantedMount &wanted) {
    Step step = plan.step(kind, CTR_MOUNTS);
    step.needs("root.attached").needs("cgroup.joined");
    for (const auto &ancestor : wanted.ancestors)
        step.after("mount:" + ancestor);
    return step;
}

} // namespace ctr::cgroup
