// SPDX-License-Identifier: MIT
//
// What the drivers' plan() functions have in common: where the cgroup is, what is asked for, and which mount of type
// "cgroup" the container wants.
#pragma once

#include "path.hpp"
#include "resources.hpp"

#include <ctr/cpp/description.hpp>
#include <ctr/plugin.hpp>

#include <string>
#include <vector>

namespace ctr::cgroup {

/// The container's cgroup. For an exec the host says which one the container has (/ctr/cgroup), because the config may
/// have changed since.
inline Result<std::string> planned_path(Plan plan) {
    const Node stored = plan.spec("/ctr/cgroup");
    const std::string asked = stored ? stored.str() : plan.spec("/linux/cgroupsPath").str();
    return container_path(asked, plan.config("/parent").str("/ctr"), plan.id());
}

/// A name that is unique on this machine, also among containers of different run roots.
inline std::string owner_mark(Plan plan) {
    const std::string record = plan.name("record");
    return record.empty() ? plan.id() : record;
}

inline bool new_namespace(Plan plan, std::string_view type) {
    const auto found = namespace_of(plan, type);
    return found && found->is_new();
}

/// linux.resources of the plan's description.
inline Result<Resources> planned_resources(Plan plan) {
    auto all = read_resources(plan.spec("/linux/resources"), "/linux/resources");
    if (all.ok()) of_version(plan.spec("/ociVersion").str(), all.value());
    return all;
}

/// Adds what undo and kill must know: who owns the cgroup, and whether all processes end with the first one.
inline void describe_owner(Plan plan, Step &step) {
    step.arg("owner", owner_mark(plan));
    if (new_namespace(plan, "pid")) step.arg("pid_namespace", "own");
}

/// True if default device rules are needed, that is for the machine's root. Others can neither make a device node nor
/// open one that they were not given (and could not set rules). In a user namespace the id map tells who it is.
inline bool devices_at_stake(Plan plan) {
    if (plan.ask("euid").value_or("0") != "0") return false;
    const auto words = ctr::split(plan.ask("file:/proc/self/uid_map").value_or(""), ' ');
    return words.size() < 3 || (words[0] == "0" && words[1] == "0" && words[2].compare(0, 10, "4294967295") == 0);
}

/// The device rules to carry out. Never empty where they matter.
inline std::vector<DeviceRule> planned_rules(Plan plan, const std::vector<DeviceRule> &asked) {
    return asked.empty() && !devices_at_stake(plan) ? std::vector<DeviceRule>() : effective_rules(asked);
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
    const auto normal = normal_path(destination);
    return normal.ok() ? normal.value() : destination;
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

/// The options that a bind mount can have. Options of the file system, which specs give for type cgroup, are left out.
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

/// A step of the phase mounts that comes after the mounts of the spec which its destination lies in. `mounts` gives a
/// token for each of them, and orders what is mounted below this one after cgroup.mounted.
inline Step mount_step(Plan plan, const char *kind, const WantedMount &wanted) {
    Step step = plan.step(kind, CTR_MOUNTS);
    step.needs(CTR_TOKEN_ROOT_ATTACHED).needs(CTR_TOKEN_CGROUP_JOINED);
    for (const auto &ancestor : wanted.ancestors)
        step.after(CTR_TOKEN_MOUNT + ancestor);
    return step;
}

} // namespace ctr::cgroup
