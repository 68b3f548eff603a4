// SPDX-License-Identifier: MIT
//
// The container's file tree. The storage driver gives the root as a detached mount (value `rootfs`); here it is
// attached in the child's private mount namespace, filled, made the only thing the child sees (pivot_root), and
// protected. All steps are of shared kinds, which use paths that the image can influence only through descriptors
// (plugins/kinds/child.hpp).
#include "mounts.hpp"

namespace mounts {
namespace {

using ctr::Plan;

/// Refuses a container without its own mount namespace, because its mounts would appear on the machine.
int require_namespace(Plan plan) {
    if (const auto mount = ctr::namespace_of(plan, "mount"); mount && mount->is_new()) return 0;
    return plan.invalid("/linux/namespaces", "the container needs a mount namespace of its own",
                        "add {\"type\": \"mount\"} to linux.namespaces");
}

int check_propagation(Plan plan, const std::string &word) {
    if (word.empty()) return 0;
    for (const std::string_view known : {"private", "slave", "shared", "unbindable"})
        if (word == known || (word[0] == 'r' && std::string_view(word).substr(1) == known)) return 0;
    return plan.invalid("/linux/rootfsPropagation", "there is no propagation \"" + word + "\"",
                        "private, slave, shared, unbindable, with an r in front for all mounts below");
}

/// The path where the root is attached; only the child sees it there. OCI hooks that enter the child's mount namespace
/// expect it at the path of the bundle's config.json. That is not possible if root in a user namespace cannot reach
/// that path, or if mounts are shared with the machine.
std::string attach_at(Plan plan) {
    const std::string propagation = plan.spec("/linux/rootfsPropagation").str();
    if (propagation == "shared" || propagation == "rshared") return plan.name("rootfs_dir");
    if (ctr::namespace_of(plan, "user")) return plan.name("rootfs_dir");
    const std::string path = plan.spec("/root/path").str();
    const bool named = plan.spec("/hooks").size() != 0 && plan.spec("/ctr/bundle") && !path.empty() && path != "/";
    return named ? path : plan.name("rootfs_dir");
}

/// Refuses mountLabel without SELinux, because then no file system accepts the option.
int check_label(Plan plan) {
    if (plan.spec("/linux/mountLabel").str().empty() || plan.ask("exists:/sys/fs/selinux/enforce")) return 0;
    return plan.fail({.error_class = CTR_E_UNSUPPORTED,
                      .message = "SELinux is not enabled on this machine",
                      .hint = "leave the label out",
                      .path = "/linux/mountLabel"});
}

/// Changes the propagation of the child's copy of the machine's mounts, so that mounts of the child do not appear on
/// the machine. The default is rslave: what the machine mounts later below the source of a bind mount appears in the
/// container. With "shared" bind mounts may be shared with the machine, so only the mount that holds the root is
/// changed.
int add_cut(Plan plan, const std::string &word) {
    const bool shared = word == "shared" || word == "rshared";
    ctr::Step step = plan.step(CTR_KIND_MOUNT_PROPAGATION, CTR_ISOLATE);
    if (shared)
        step.arg("target", attach_at(plan)).arg("holder", std::int64_t{1}).arg("propagation", "private");
    else
        step.arg("propagation", word.empty() || word == "slave" || word == "rslave" ? "rslave" : "rprivate");
    return step.note("nothing mounted from here on appears on the machine")
        .after(CTR_TOKEN_USERNS_MAPPED)
        .gives(CTR_TOKEN_MOUNTS_PRIVATE)
        .add();
}

int add_root(Plan plan) {
    // This step gives these tokens too, because in a plan without mounts or devices no other step does.
    return plan.step(CTR_KIND_ROOTFS_ATTACH, CTR_MOUNTS)
        .value("mount", "rootfs")
        .arg("at", attach_at(plan))
        .needs(CTR_TOKEN_MOUNTS_PRIVATE)
        .after(CTR_TOKEN_USERNS_MAPPED)
        .gives(CTR_TOKEN_ROOT_ATTACHED)
        .gives(CTR_TOKEN_MOUNTS_DONE)
        .gives(CTR_TOKEN_DEV_MOUNTED)
        .add();
}

/// Sets the propagation of the root and of what is mounted below it, before the spec's mounts are made, because these
/// have propagation options of their own. A root is made shared later (protect.cpp): pivot_root(2) refuses a shared
/// root, and mounts made below it would be shared too.
int add_root_propagation(Plan plan, const std::string &word) {
    if (word != "rprivate" && word != "runbindable") return 0;
    return plan.step(CTR_KIND_MOUNT_PROPAGATION, CTR_MOUNTS)
        .arg("target", "/")
        .arg("propagation", word)
        .needs(CTR_TOKEN_ROOT_ATTACHED)
        .add();
}

/// Plans mounts in a running container. The child that carries them out has joined its namespaces and cannot see the
/// machine's files.
int plan_in_container(Plan plan) {
    std::vector<Mount> all;
    State state;
    if (check_label(plan) != 0 || read_mounts(plan, all) != 0 || add_id_maps(plan, all) != 0) return -1;
    return add_mounts(plan, all, state) != 0 ? -1 : add_removals(plan);
}

int plan_steps(Plan plan) {
    if (plan.operation() == CTR_OP_MOUNT) return plan_in_container(plan);
    const std::string propagation = plan.spec("/linux/rootfsPropagation").str();
    std::vector<Mount> all;
    State state;
    if (require_namespace(plan) != 0 || check_propagation(plan, propagation) != 0) return -1;
    if (check_label(plan) != 0 || read_mounts(plan, all) != 0 || add_id_maps(plan, all) != 0) return -1;
    if (add_cut(plan, propagation) != 0 || add_root(plan) != 0 || add_root_propagation(plan, propagation) != 0)
        return -1;
    if (add_mounts(plan, all, state) != 0 || add_devices(plan, state) != 0) return -1;
    ctr::Step pivot = plan.step(CTR_KIND_PIVOT_ROOT, CTR_PIVOT);
    if (!plan.spec("/ctr/pivot").boolean(true)) pivot.arg("move", std::int64_t{1});
    if (pivot.needs(CTR_TOKEN_ROOT_ATTACHED)
            .needs(CTR_TOKEN_MOUNTS_DONE)
            .after(CTR_TOKEN_DEV_MOUNTED)
            .after(CTR_TOKEN_CONSOLE_READY)
            .after(CTR_TOKEN_CGROUP_MOUNTED)
            .after(CTR_TOKEN_HOOKS_RUNTIME)
            .after(CTR_TOKEN_HOOKS_CONTAINER)
            .gives(CTR_TOKEN_PIVOTED)
            .add() != 0)
        return -1;
    return add_protection(plan, state, all);
}

} // namespace
} // namespace mounts

CTR_PLUGIN("mounts", "0.1.0", mounts::plan_steps);
