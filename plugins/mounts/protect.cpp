// SPDX-License-Identifier: MIT
//
// The last steps on the root, after everything below it has been written.
#include "mounts.hpp"
#include "paths.hpp"

#include <set>

namespace mounts {
namespace {

using ctr::Plan;

int add_paths(Plan plan, const std::string &pointer, const char *kind) {
    const ctr::Node list = plan.spec(pointer);
    if (list.size() == 0) return 0;
    ctr::Step step = plan.step(kind, CTR_PIVOT);
    std::set<std::string> seen;
    for (std::size_t i = 0; i < list.size(); ++i) {
        const std::string path = list.at(i).str(), where = pointer + "/" + std::to_string(i);
        if (path.empty() || path[0] != '/') return plan.invalid(where, "\"" + path + "\" is no absolute path");
        if (clean(path) == "/") return plan.invalid(where, "is the whole root", "root.readonly makes it read-only");
        if (seen.insert(clean(path)).second) step.arg("target", clean(path));
    }
    // After pivot, because in a user namespace a new procfs (sysctls may need one) cannot be mounted once parts of
    // /proc are covered.
    return step.needs(CTR_TOKEN_PIVOTED).gives(CTR_TOKEN_PATHS_PROTECTED).add();
}

/// The propagation options of a mount.
std::vector<std::string> own_propagation(const Mount &mount) {
    std::vector<std::string> words;
    for (const auto &option : mount.options)
        for (const char *word : {"private", "slave", "unbindable", "rprivate", "rslave", "runbindable"})
            if (option == word) words.push_back(option);
    return words;
}

int add_propagation(Plan plan, const std::vector<Mount> &mounts) {
    const std::string propagation = plan.spec("/linux/rootfsPropagation").str();
    // rootfs.attach has made the root's mounts slave already; rprivate and runbindable stand before the mounts
    for (const char *done : {"", "slave", "rslave", "rprivate", "runbindable"})
        if (propagation == done) return 0;
    if (plan.step(CTR_KIND_MOUNT_PROPAGATION, CTR_PIVOT)
            .arg("target", "/")
            .arg("propagation", propagation)
            .needs(CTR_TOKEN_PIVOTED)
            .add() != 0)
        return -1;
    if (propagation != "rshared") return 0;
    for (const Mount &mount : mounts) {
        const auto words = own_propagation(mount);
        if (words.empty() || mount.remount || mount.is_cgroup()) continue;
        if (plan.step(CTR_KIND_MOUNT_SETATTR, CTR_PIVOT)
                .arg("target", mount.destination)
                .args("options", words)
                .note("its own propagation stands")
                .needs(CTR_TOKEN_PIVOTED)
                .add() != 0)
            return -1;
    }
    return 0;
}

int add_read_only(Plan plan, const char *target, const char *note) {
    return plan.step(CTR_KIND_MOUNT_SETATTR, CTR_PIVOT)
        .arg("target", target)
        .arg("options", "ro")
        .note(note)
        .needs(CTR_TOKEN_PIVOTED)
        .after(CTR_TOKEN_CONSOLE_READY)
        .after(CTR_TOKEN_CGROUP_MOUNTED)
        .add();
}

} // namespace

int add_protection(Plan plan, const State &state, const std::vector<Mount> &mounts) {
    if (add_propagation(plan, mounts) != 0) return -1;
    if (add_paths(plan, "/linux/readonlyPaths", CTR_KIND_MOUNT_READONLY) != 0) return -1;
    if (add_paths(plan, "/linux/maskedPaths", CTR_KIND_MOUNT_MASK) != 0) return -1;
    if (state.dev_read_only && add_read_only(plan, "/dev", "as asked, now that its nodes are there") != 0) return -1;
    if (plan.spec("/root/readonly").boolean()) return add_read_only(plan, "/", "nothing is written below it any more");
    return 0;
}

} // namespace mounts
