// SPDX-License-Identifier: MIT
//
// The container's namespaces, id maps and names.
//
// This plugin only says which namespaces are new and which are joined; the host knows the order that the kernel needs
// (core/launch/namespaces.cpp). The parent writes the id maps of a new user namespace while the child waits. Until then
// the child has no ids, so every child step that needs them comes after the token userns.mapped.
#include "../namespaces-common/standing.hpp"

#include <map>

namespace namespaces {
namespace {

using ctr::Node;
using ctr::Plan;

constexpr const char *types[] = {"pid", "network", "mount", "ipc", "uts", "user", "cgroup", "time"};

/// Types to paths; an empty path is a new namespace.
using Wanted = std::map<std::string, std::string>;

bool is_new(const Wanted &wanted, const char *type) {
    const auto found = wanted.find(type);
    return found != wanted.end() && found->second.empty();
}

int read_wanted(Plan plan, Wanted &wanted) {
    const Node all = plan.spec("/linux/namespaces");
    for (std::size_t i = 0; i < all.size(); ++i) {
        const std::string where = "/linux/namespaces/" + std::to_string(i);
        const std::string type = all.at(i).get("/type").str(), path = all.at(i).get("/path").str();
        bool known = false;
        for (const char *each : types)
            known = known || type == each;
        if (!known)
            return plan.invalid(where + "/type", "there is no namespace of type \"" + type + "\"",
                                "pid, network, mount, ipc, uts, user, cgroup, time");
        if (wanted.count(type) != 0) return plan.invalid(where + "/type", "\"" + type + "\" stands twice");
        if (!path.empty() && path[0] != '/')
            return plan.invalid(where + "/path", "\"" + path + "\" is no absolute path",
                                "for example /proc/PID/ns/net or /run/netns/NAME");
        wanted[type] = path;
    }
    return 0;
}

/// "SECS NANOSECS" of one clock.
int add_offset(Plan plan, const std::string &clock, const Node &offset, ctr::Step &step) {
    const std::string where = "/linux/timeOffsets/" + clock;
    if (clock != "monotonic" && clock != "boottime")
        return plan.invalid(where, "this clock has no offset", "monotonic and boottime have");
    const auto secs = offset.get("/secs"), nanosecs = offset.get("/nanosecs");
    if (secs && !secs.integer()) return plan.invalid(where + "/secs", "must be a whole number");
    const auto nano = nanosecs.uinteger().value_or(0);
    if ((nanosecs && !nanosecs.uinteger()) || nano > 999999999)
        return plan.invalid(where + "/nanosecs", "must be a whole number below 1000000000");
    step.arg(clock, std::to_string(secs.integer(0)) + " " + std::to_string(nano));
    return 0;
}

int add_namespaces(Plan plan, const Wanted &wanted) {
    const Node offsets = plan.spec("/linux/timeOffsets");
    if (offsets.size() != 0 && !is_new(wanted, "time"))
        return plan.invalid("/linux/timeOffsets", "the container has no time namespace of its own",
                            "add {\"type\": \"time\"} to linux.namespaces");
    ctr::Step made = plan.step(CTR_KIND_NS_NEW, CTR_CLONE);
    bool any = false;
    for (const auto &[type, path] : wanted) {
        if (path.empty())
            made.arg("type", type), any = true;
        else if (plan.step(CTR_KIND_NS_JOIN, CTR_CLONE).arg("type", type).arg("path", path).add() != 0)
            return -1;
    }
    for (std::size_t i = 0; i < offsets.size(); ++i)
        if (add_offset(plan, offsets.key(i), offsets.at(i), made) != 0) return -1;
    if (any && made.add() != 0) return -1;
    if (!is_new(wanted, "cgroup")) return 0;
    // The root of a cgroup namespace is the cgroup of the process that makes it, so the child must join its cgroup
    // first.
    return plan.step(CTR_KIND_CGROUP_UNSHARE, CTR_ISOLATE)
        .after(CTR_TOKEN_CGROUP_JOINED)
        .note("rooted at the cgroup that the child has joined")
        .add();
}

int add_maps(Plan plan, const Wanted &wanted) {
    std::vector<std::string> uids, gids;
    if (ctr::read_id_map(plan, "/linux/uidMappings", uids) != 0 ||
        ctr::read_id_map(plan, "/linux/gidMappings", gids) != 0)
        return -1;
    const auto user = wanted.find("user");
    if (user == wanted.end()) {
        if (uids.empty() && gids.empty()) return 0;
        return plan.invalid(uids.empty() ? "/linux/gidMappings" : "/linux/uidMappings",
                            "the container has no user namespace of its own",
                            "add {\"type\": \"user\"} to linux.namespaces");
    }
    if (!user->second.empty()) {
        if (uids.empty() && gids.empty()) return 0;
        // Engines give both a path and mappings (pods with user namespaces). They have given files to the mapped ids,
        // so the maps must agree.
        return plan.step(CTR_KIND_IDMAP_EXPECT, CTR_ATTACH)
            .value("pid", "child.pid")
            .args("uid", uids)
            .args("gid", gids)
            .needs(CTR_TOKEN_CHILD_ALIVE)
            .note("the namespace that is joined has these maps")
            .add();
    }
    if (uids.empty()) return plan.invalid("/linux/uidMappings", "a new user namespace needs id maps");
    if (gids.empty()) return plan.invalid("/linux/gidMappings", "a new user namespace needs id maps");
    return plan.step(CTR_KIND_IDMAP_WRITE, CTR_ATTACH)
        .value("pid", "child.pid")
        .args("uid", uids)
        .args("gid", gids)
        .needs(CTR_TOKEN_CHILD_ALIVE)
        .gives(CTR_TOKEN_USERNS_MAPPED)
        .add();
}

/// Also in a uts namespace that is joined (a pod's), except the machine's own.
int add_name(Plan plan, const char *pointer, const char *kind) {
    const std::string name = plan.spec(pointer).str();
    if (name.empty()) return 0;
    const Standing uts = standing(plan, "uts");
    if (!uts.problem.empty())
        return plan.invalid(pointer, uts.problem + ", so this would rename the machine", uts.hint);
    if (name.size() > 64) return plan.invalid(pointer, "must be at most 64 characters");
    return plan.step(kind, CTR_ISOLATE)
        .arg("name", name)
        .args("not_in", uts.not_in)
        .after(CTR_TOKEN_USERNS_MAPPED)
        .add();
}

int plan_steps(Plan plan) {
    Wanted wanted;
    if (read_wanted(plan, wanted) != 0 || add_namespaces(plan, wanted) != 0 || add_maps(plan, wanted) != 0) return -1;
    if (add_name(plan, "/hostname", CTR_KIND_HOSTNAME) != 0) return -1;
    return add_name(plan, "/domainname", CTR_KIND_DOMAINNAME);
}

} // namespace
} // namespace namespaces

CTR_PLUGIN("namespaces", "0.1.0", namespaces::plan_steps);
