// SPDX-License-Identifier: MIT
//
// Id-mapped mounts. A mount has its own maps, or the container's if it only has the option idmap. The kernel takes maps
// from a user namespace. If the container gets a new user namespace, a second one with the same maps is made, because
// the mounts are prepared before the child exists.
#include "mounts.hpp"

#include <map>

namespace mounts {
namespace {

using ctr::Plan;

/// "INSIDE OUTSIDE SIZE" each.
using Lines = std::vector<std::string>;

/// The path of the user namespace that the container joins; empty for a new one; nothing if it has none.
std::optional<std::string> user_namespace(Plan plan) {
    if (plan.operation() == CTR_OP_MOUNT) {
        // Its user namespace. If that is the machine's, there are no maps to take.
        const std::string path =
            "/proc/" + std::to_string(plan.spec("/ctr/container/pid").integer().value_or(0)) + "/ns/user";
        const auto own = plan.ask("namespace:/proc/self/ns/user"), theirs = plan.ask("namespace:" + path);
        return own == theirs ? std::nullopt : std::optional(path);
    }
    const auto user = ctr::namespace_of(plan, "user");
    return user ? std::optional(user->path) : std::nullopt;
}

/// Makes each set of maps once.
class Maker {
public:
    explicit Maker(Plan plan) : plan_(plan) {}

    int joined(const std::string &path, std::string &value) {
        std::string &known = made_[path];
        if (known.empty()) {
            known = next();
            if (plan_.step(CTR_KIND_MACHINE_OPEN, CTR_PREPARE)
                    .arg("path", path)
                    .output("fd", CTR_TYPE_FD, known)
                    .note("the container's id maps, for mounts")
                    .add() != 0)
                return -1;
        }
        return value = known, 0;
    }

    int maps(const Lines &uids, const Lines &gids, std::string &value) {
        std::string key;
        for (const Lines *lines : {&uids, &gids})
            for (const auto &line : *lines)
                (key += line) += lines == &uids ? "u" : "g";
        std::string &known = made_[key];
        if (known.empty()) {
            known = next();
            if (plan_.step(CTR_KIND_USERNS_NEW, CTR_PREPARE)
                    .args("uid", uids)
                    .args("gid", gids)
                    .output("userns", CTR_TYPE_FD, known)
                    .note("id maps for mounts")
                    .add() != 0)
                return -1;
        }
        return value = known, 0;
    }

private:
    std::string next() const { return "mounts.userns." + std::to_string(made_.size()); }
    Plan plan_;
    std::map<std::string, std::string> made_;
};

int own_maps(Plan plan, Mount &mount, Maker &maker, const Lines &uids, const Lines &gids) {
    if (mount.remount) return plan.invalid(mount.where, "a mount that is there already cannot be id-mapped");
    if (uids.empty() || gids.empty())
        return plan.invalid(mount.where + (uids.empty() ? "/uidMappings" : "/gidMappings"),
                            "is missing beside " + std::string(uids.empty() ? "gidMappings" : "uidMappings"));
    return maker.maps(uids, gids, mount.userns);
}

int containers_maps(Plan plan, Mount &mount, Maker &maker) {
    if (mount.remount) return plan.invalid(mount.where, "a mount that is there already cannot be id-mapped");
    const auto path = user_namespace(plan);
    if (path && !path->empty()) return maker.joined(*path, mount.userns);
    Lines uids, gids;
    if (ctr::read_id_map(plan, "/linux/uidMappings", uids) != 0 ||
        ctr::read_id_map(plan, "/linux/gidMappings", gids) != 0)
        return -1;
    if (!path || uids.empty() || gids.empty())
        return plan.invalid(mount.where + "/options", "idmap without id maps, in a container without a user namespace",
                            "give the mount uidMappings and gidMappings");
    return maker.maps(uids, gids, mount.userns);
}

} // namespace

int add_id_maps(Plan plan, std::vector<Mount> &all) {
    Maker maker(plan);
    // Root outside of the container's user namespace may reach a source that the container's root cannot reach, for
    // example in a directory of podman with mode 0700.
    const bool own_users = user_namespace(plan).has_value();
    const bool other_root = own_users && plan.ask("euid").value_or("") == "0";
    const bool inside = plan.operation() == CTR_OP_MOUNT;
    for (Mount &mount : all) {
        mount.by_parent = mount.bind && !mount.inside && (other_root || inside);
        mount.locked = own_users;
        Lines uids, gids;
        if (ctr::read_id_map(plan, mount.where + "/uidMappings", uids) != 0 ||
            ctr::read_id_map(plan, mount.where + "/gidMappings", gids) != 0)
            return -1;
        const bool asked = mount.has("idmap") || mount.has("ridmap");
        if (!asked && uids.empty() && gids.empty()) continue;
        if (mount.is_cgroup()) return plan.invalid(mount.where, "a cgroup file system cannot be id-mapped");
        const bool own = !uids.empty() || !gids.empty();
        mount.by_parent = mount.bind && !mount.inside;
        if ((own ? own_maps(plan, mount, maker, uids, gids) : containers_maps(plan, mount, maker)) != 0) return -1;
    }
    return 0;
}

} // namespace mounts
