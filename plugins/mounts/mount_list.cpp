// SPDX-License-Identifier: MIT
//
// The entries of /mounts, in their order. Each gives the token "mount:DESTINATION", for steps of others that must come
// after one of them; those of type cgroup are the cgroup driver's.
#include "mounts.hpp"
#include "paths.hpp"

#include <algorithm>

namespace mounts {
namespace {

using ctr::Plan;

int check_options(Plan plan, const Mount &mount) {
    if (mount.has("tmpcopyup") && (mount.bind || mount.remount || mount.type != "tmpfs"))
        return plan.invalid(mount.where + "/options", "tmpcopyup is an option of mounts of type tmpfs");
    return 0;
}

/// A bind mount cannot have options that belong to the file system. mount(2), runc and crun ignore them silently; here
/// each gets a warning.
void drop_superblock(Plan plan, Mount &mount) {
    if (!mount.bind) return;
    const auto drop = [&](const std::string &option) {
        bool known = option.find('=') != std::string::npos;
        for (const char *word : {"sync", "dirsync", "lazytime", "mand", "iversion"})
            known = known || option == word;
        if (known)
            plan.log(CTR_LOG_WARN, mount.where + "/options: \"" + option +
                                       "\" belongs to the file system, a bind mount of it does not change it");
        return known;
    };
    mount.options.erase(std::remove_if(mount.options.begin(), mount.options.end(), drop), mount.options.end());
}

/// Words of fstab(5) for mount(8), and words of engines. File systems do not know them.
bool means_nothing(const std::string &option) {
    for (const char *word : {"nofail", "_netdev", "auto", "noauto", "user", "nouser", "users", "owner", "group", "z",
                             "Z", "delegated", "cached", "consistent"})
        if (option == word) return true;
    for (const char *start : {"x-", "X-", "comment="})
        if (option.rfind(start, 0) == 0) return true;
    return false;
}

void drop_meaningless(Plan plan, Mount &mount) {
    const auto drop = [&](const std::string &option) {
        if (!means_nothing(option)) return false;
        plan.log(CTR_LOG_WARN, mount.where + "/options: \"" + option + "\" means nothing to a mount, it is left out");
        return true;
    };
    mount.options.erase(std::remove_if(mount.options.begin(), mount.options.end(), drop), mount.options.end());
}

/// copy-symlink, src-nofollow, dest-nofollow: crun(1).
int read_links(Plan plan, Mount &mount) {
    const bool copy = mount.has("copy-symlink"), itself = mount.has("src-nofollow") || mount.has("dest-nofollow");
    if (!copy && !itself) return 0;
    const std::string where = mount.where + "/options";
    if (!mount.bind)
        return plan.invalid(where, "copy-symlink, src-nofollow and dest-nofollow are options of bind mounts");
    if (copy && itself) return plan.invalid(where, "copy-symlink cannot stand beside src-nofollow and dest-nofollow");
    if (plan.operation() == CTR_OP_MOUNT)
        return plan.invalid(where, "links can be mounted and copied only when the container is made");
    if (!copy) return 0;
    mount.options.erase(std::remove(mount.options.begin(), mount.options.end(), "copy-symlink"), mount.options.end());
    mount.copied = plan.ask("link:" + mount.source).value_or("");
    return 0;
}

/// A source below the container's root is looked up in the container, so it shows what earlier entries have mounted
/// there.
void find_inside(Plan plan, Mount &mount) {
    if (!mount.bind || plan.operation() == CTR_OP_MOUNT || mount.source.empty() || mount.source[0] != '/') return;
    const std::string root = clean(plan.spec("/root/path").str()), source = clean(mount.source);
    if (root == "/" || !is_below(source, root)) return;
    mount.inside = true;
    mount.source = source == root ? "/" : source.substr(root.size());
}

/// Adds linux.mountLabel as the file system's option for SELinux labels. File systems of the kernel's own objects get
/// their labels by policy.
int add_label(Plan plan, Mount &mount) {
    const std::string label = plan.spec("/linux/mountLabel").str();
    if (label.empty() || mount.bind || mount.remount) return 0;
    for (const char *own : {"proc", "sysfs", "mqueue", "cgroup", "cgroup2", "devtmpfs", "securityfs", "debugfs"})
        if (mount.type == own) return 0;
    for (const auto &option : mount.options)
        for (const char *name : {"context=", "fscontext=", "defcontext=", "rootcontext="})
            if (option.rfind(name, 0) == 0) return 0; // asked for by name
    const std::string kind = plan.spec("/annotations/run.oci.mount_context_type").str();
    for (const char *known : {"", "context", "fscontext", "defcontext", "rootcontext"}) // mount(8); crun(1)
        if (kind == known) return mount.options.push_back((kind.empty() ? "context" : kind) + "=" + label), 0;
    return plan.invalid("/annotations/run.oci.mount_context_type", "there is no label of mounts \"" + kind + "\"",
                        "context, fscontext, defcontext, rootcontext");
}

/// /proc must be a procfs, because settings that protect a container are written through it (CVE-2019-16884). Below it
/// only single files may be covered.
int check_proc(Plan plan, const Mount &mount) {
    if (!is_below(mount.destination, "/proc")) return 0;
    if (mount.destination == "/proc") {
        if (mount.remount || (!mount.bind && mount.type == "proc")) return 0;
        if (mount.bind && mount.source == "/proc" && plan.ask("fstype:/proc").value_or("") == "proc") return 0;
        return plan.invalid(mount.where, "only a file system of type proc can be mounted on /proc");
    }
    if (mount.bind && may_cover(mount.destination)) return 0;
    return plan.invalid(mount.where + "/destination", "nothing can be mounted on " + mount.destination,
                        "below /proc only files like /proc/cpuinfo and /proc/meminfo can be covered, by bind mounts");
}

int check(Plan plan, const Mount &mount) {
    if (mount.destination == "/")
        return plan.invalid(mount.where + "/destination", "the root comes from the storage driver");
    if (mount.bind && mount.source.empty()) return plan.invalid(mount.where + "/source", "a bind mount needs a source");
    if (mount.bind && mount.source[0] != '/')
        return plan.invalid(mount.where + "/source", "\"" + mount.source + "\" is no absolute path");
    if (!mount.bind && !mount.remount && mount.type.empty())
        return plan.invalid(mount.where + "/type", "a mount needs a type or the option bind");
    if (mount.is_cgroup() && plan.name("driver.cgroup").empty())
        return plan.invalid(mount.where + "/type", "there is no cgroup driver that could mount it");
    return check_options(plan, mount) != 0 ? -1 : check_proc(plan, mount);
}

void note_dev(const Mount &mount, State &state) {
    if (mount.destination != "/dev" || mount.remount) return;
    state.dev_read_only = false;
    if (mount.bind)
        state.dev = mount.source == "/dev" ? Dev::machine : Dev::other_bind;
    else if (mount.type == "devtmpfs")
        state.dev = Dev::machine;
    else
        state.dev = mount.type == "tmpfs" ? Dev::tmpfs : Dev::image;
    state.dev_read_only = state.dev == Dev::tmpfs && mount.has("ro");
}

std::vector<std::string> step_options(const Mount &mount, const State &state) {
    std::vector<std::string> options;
    for (const auto &option : mount.options) {
        // Nodes cannot be made on a read-only /dev, so add_protection() makes it read-only at the end.
        if (mount.destination == "/dev" && state.dev_read_only && option == "ro") continue;
        if (option == "idmap" || option == "ridmap") continue; // see add_mount
        options.push_back(option);
    }
    if (mount.bind && !mount.has("bind") && !mount.has("rbind")) options.emplace_back("bind");
    return options;
}

/// A copy of the machine's mount, perhaps id-mapped. The parent makes it, because the child may lack the rights.
int add_copy(Plan plan, const Mount &mount, const std::string &value) {
    const std::string root = plan.spec("/linux/rootfsPropagation").str();
    ctr::Step step = plan.step(CTR_KIND_MOUNT_IDMAPPED, CTR_PREPARE);
    step.arg("source", mount.source);
    if (mount.is_idmapped()) step.value("userns", mount.userns);
    if (mount.has("rbind")) step.arg("recursive", std::int64_t{1});
    if (mount.has("ridmap")) step.arg("map_below", std::int64_t{1});
    if (mount.has("src-nofollow")) step.arg("nofollow", std::int64_t{1});
    // The same propagation as if the child had bound it after add_cut().
    if (root.empty() || root == "slave" || root == "rslave")
        step.arg("propagation", "slave");
    else if (root != "shared" && root != "rshared")
        step.arg("propagation", "private");
    return step.output("mount", CTR_TYPE_FD, value).note("for " + mount.destination).add();
}

/// A running container can change the path meanwhile. So no links are followed, and a remount of a bind mount must find
/// a mount of the same source.
int add_guard(Plan plan, const Mount &mount, ctr::Step &step) {
    step.arg("nofollow", std::int64_t{1});
    const bool bind = mount.has("bind") || mount.has("rbind");
    if (!mount.remount || !bind || mount.source.empty() || mount.source[0] != '/') return 0;
    const std::string value = "mounts.source." + mount.where.substr(mount.where.rfind('/') + 1);
    step.value("is", value);
    return plan.step(CTR_KIND_MACHINE_OPEN, CTR_PREPARE)
        .arg("path", mount.source)
        .arg("flags", "path")
        .output("fd", CTR_TYPE_FD, value)
        .note("what is mounted on " + mount.destination)
        .add();
}

/// For copy-symlink. If something is there already, it must be the same link.
int add_link(Plan plan, const Mount &mount) {
    return plan.step(CTR_KIND_ROOT_SYMLINK, CTR_MOUNTS)
        .arg("target", mount.destination)
        .arg("to", mount.copied)
        .arg("same", std::int64_t{1})
        .needs(CTR_TOKEN_ROOT_ATTACHED)
        .gives(CTR_TOKEN_MOUNTS_DONE)
        .gives(CTR_TOKEN_MOUNT + mount.destination)
        .add();
}

int add_mount(Plan plan, const Mount &mount, const State &state, bool behind_cgroup) {
    if (!mount.copied.empty()) return add_link(plan, mount);
    const char *kind = mount.remount ? CTR_KIND_MOUNT_SETATTR : mount.bind ? CTR_KIND_MOUNT_BIND : CTR_KIND_MOUNT_NEW;
    ctr::Step step = plan.step(kind, CTR_MOUNTS);
    step.arg("target", mount.destination).args("options", step_options(mount, state));
    if (!mount.remount && !mount.bind) step.arg("type", mount.type);
    if (mount.by_parent) {
        const std::string value = "mount." + mount.where.substr(mount.where.rfind('/') + 1);
        if (add_copy(plan, mount, value) != 0) return -1;
        step.value("mount", value);
        if (mount.locked) step.arg("locked", std::int64_t{1});
    } else if (!mount.remount && !mount.source.empty()) {
        step.arg("source", mount.source);
        if (mount.inside) step.arg("inside", std::int64_t{1});
    }
    if ((!mount.bind || mount.inside) && mount.is_idmapped())
        step.arg("options", mount.has("ridmap") ? "ridmap" : "idmap").value("userns", mount.userns);
    if (plan.operation() != CTR_OP_MOUNT)
        step.needs(CTR_TOKEN_ROOT_ATTACHED);
    else if (add_guard(plan, mount, step) != 0)
        return -1;
    step.gives(CTR_TOKEN_MOUNTS_DONE).gives(CTR_TOKEN_MOUNT + mount.destination);
    if (behind_cgroup) step.after(CTR_TOKEN_CGROUP_MOUNTED);
    if (is_below(mount.destination, "/dev")) step.gives(CTR_TOKEN_DEV_MOUNTED);
    if (mount.destination == "/proc") step.gives(CTR_TOKEN_PROC_MOUNTED);
    return step.add();
}

} // namespace

bool Mount::has(const char *option) const {
    for (const auto &each : options)
        if (each == option) return true;
    return false;
}

int read_mounts(Plan plan, std::vector<Mount> &all) {
    const ctr::Node list = plan.spec("/mounts");
    for (std::size_t i = 0; i < list.size(); ++i) {
        const ctr::Node entry = list.at(i);
        Mount mount;
        mount.where = "/mounts/" + std::to_string(i);
        if (entry.get("/destination").str().empty())
            return plan.invalid(mount.where + "/destination", "a mount needs a destination");
        mount.destination = clean(entry.get("/destination").str());
        mount.source = entry.get("/source").str();
        mount.type = entry.get("/type").str();
        mount.options = entry.get("/options").strings();
        mount.remount = mount.has("remount");
        mount.bind = !mount.remount && (mount.has("bind") || mount.has("rbind") || mount.type == "bind");
        drop_meaningless(plan, mount);
        drop_superblock(plan, mount);
        if (check(plan, mount) != 0 || read_links(plan, mount) != 0 || add_label(plan, mount) != 0) return -1;
        find_inside(plan, mount);
        all.push_back(std::move(mount));
    }
    return 0;
}

int add_mounts(Plan plan, const std::vector<Mount> &all, State &state) {
    std::vector<std::string> cgroups;
    for (const Mount &mount : all) {
        if (mount.is_cgroup()) {
            cgroups.push_back(mount.destination);
            continue;
        }
        bool behind = false;
        for (const auto &cgroup : cgroups)
            behind = behind || is_below(mount.destination, cgroup);
        note_dev(mount, state);
        if (add_mount(plan, mount, state, behind) != 0) return -1;
    }
    return 0;
}

int add_removals(Plan plan) {
    const auto paths = plan.spec("/ctr/unmount").strings();
    // The last mount is on top, so it is removed first.
    for (std::size_t i = paths.size(); i-- > 0;) {
        const std::string path = clean(paths[i]);
        if (path == "/")
            return plan.invalid("/mounts/" + std::to_string(i) + "/destination", "the container's root stays");
        if (plan.step(CTR_KIND_MOUNT_REMOVE, CTR_MOUNTS).arg("target", path).add() != 0) return -1;
    }
    return 0;
}

} // namespace mounts
