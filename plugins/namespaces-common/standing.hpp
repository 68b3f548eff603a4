// SPDX-License-Identifier: MIT
//
// Is the container separate from the machine's namespace of a type? A path to join may be a link or a bind mount of the
// machine's own namespace (older `docker run --network host` gave a path). So the namespace behind the path is compared
// by device and inode; if that is not possible, it counts as the machine's. The path can lead elsewhere by the time it
// is joined, so the step that changes something checks again, by its argument not_in.
#pragma once

#include <ctr/cpp/description.hpp>
#include <ctr/cpp/text.hpp>

namespace namespaces {

struct Standing {
    /// Empty if it has its own, or joins one that is not the machine's. Else the reason and what to do.
    std::string problem, hint;
    /// Of the namespace that it joins; empty for a new one.
    std::string path;
    /// For the argument not_in of a step; empty for a new one, which nobody else is in.
    std::vector<std::string> not_in;
};

/// The name below /proc/PID/ns.
inline std::string file_of(const std::string &type) {
    return type == "network" ? "net" : type == "mount" ? "mnt" : type;
}

/// `type` as the runtime-spec names it.
inline Standing standing(ctr::Plan plan, const std::string &type) {
    const std::string machine = "the machine's " + type + " namespace",
                      hint = "give it its own: {\"type\": \"" + type + "\"}";
    Standing out;
    const auto refused = [&out](std::string problem, std::string what_to_do) {
        out.problem = std::move(problem);
        out.hint = std::move(what_to_do);
        return out;
    };
    const auto asked = ctr::namespace_of(plan, type);
    if (!asked) return refused("the container shares " + machine, hint);
    out.path = asked->path;
    if (asked->is_new()) return out;
    const auto joined = plan.ask("namespace:" + out.path), own = plan.ask("namespaces:" + file_of(type));
    if (!joined) return refused("there is no namespace at " + out.path, {});
    if (!own) return refused("which one is " + machine + " cannot be told", "is /proc mounted?");
    for (const std::string &each : ctr::split(*own, '\n')) {
        if (each == *joined) return refused(out.path + " is " + machine, hint);
        out.not_in.push_back(file_of(type) + ":" + each);
    }
    return out;
}

} // namespace namespaces
