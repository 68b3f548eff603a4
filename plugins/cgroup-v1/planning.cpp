// SPDX-License-Identifier: MIT
#include "planning.hpp"

#include <algorithm>

namespace ctr::cgroup1 {

namespace {

/// Refuses what is asked for if its controller is not mounted.
int check_controllers(Plan plan, const std::vector<Hierarchy> &all, const cgroup::Settings &settings) {
    for (const auto &s : settings) {
        const std::string name = s.controller();
        if (find_controller(all, name) != nullptr) continue;
        const std::string otherwise =
            name == "devices"
                ? "or give the container a user namespace: nothing else keeps it from the machine's devices"
                : "use the driver cgroup-v2 if the controller is in "
                  "/sys/fs/cgroup/cgroup.controllers, or leave the resource out";
        return plan.fail(
            {.error_class = CTR_E_UNSUPPORTED,
             .message = "it needs the controller " + name + " of cgroup v1, which is not mounted here",
             .hint = "mount it (mount -t cgroup -o " + name + " cgroup /sys/fs/cgroup/" + name + "), " + otherwise,
             .path = resource_of(name)});
    }
    return 0;
}

/// Adds device rules even if none were asked for, because without them the container has all devices of the machine. A
/// container in a user namespace starts without them, because it cannot make a device node.
Result<> add_device_rules(Plan plan, const std::vector<Hierarchy> &all, Limits &out) {
    const auto &asked = out.resources.devices;
    const bool needless = find_controller(all, "devices") == nullptr && cgroup::new_namespace(plan, "user");
    if (asked.empty() && (needless || !cgroup::devices_at_stake(plan))) return {};
    CTR_ASSIGN(const cgroup::Settings rules, device_settings(asked));
    out.settings.insert(out.settings.end(), rules.begin(), rules.end());
    return {};
}

} // namespace

std::vector<Hierarchy> find_hierarchies(Plan plan) {
    const std::string controllers = plan.ask("file:/proc/cgroups").value_or("");
    auto all = find_hierarchies(plan.ask("mounts:/sys/fs/cgroup").value_or(""), controllers);
    if (!has_all(all, controllers)) all = find_hierarchies(plan.ask("mounts").value_or(""), controllers);
    return all;
}

int read_limits(Plan plan, const std::vector<Hierarchy> &all, Limits &out) {
    auto resources = cgroup::planned_resources(plan);
    if (!resources.ok()) return plan.fail(resources.error());
    out.resources = std::move(resources).value();
    if (!out.resources.unified.empty())
        return plan.invalid("/linux/resources/unified", "invalid configuration: cannot use unified on cgroup v1",
                            "they are files of cgroup v2: use the other members of resources");
    out.settings = limit_settings(out.resources);
    if (auto done = add_device_rules(plan, all, out); !done.ok()) return plan.fail(done.error());
    return check_controllers(plan, all, out.settings);
}

/// Uses every hierarchy, with or without limits: for statistics, for freezing, and for the container's own view.
void describe(Plan plan, Step &step, const std::vector<Hierarchy> &all, const std::string &path,
              const cgroup::Settings &settings) {
    step.arg("path", path);
    cgroup::describe_owner(plan, step);
    for (const auto &h : all)
        step.arg("hierarchy", h.text());
    for (const auto &s : settings)
        step.arg("set", s.text());
    step.output("path", CTR_TYPE_STRING, "cgroup.path").output("made", CTR_TYPE_STRING, "cgroup.made");
}

void add_outputs(Step &step, const std::vector<Hierarchy> &all, bool born) {
    for (const auto &h : all)
        if (h.is_unified() && born)
            step.output("cgroup", CTR_TYPE_FD, "cgroup");
        else
            step.output("tasks." + h.name(), CTR_TYPE_FD, "cgroup.tasks." + h.name());
}

int add_clone(Plan plan, const std::vector<Hierarchy> &all) {
    if (std::none_of(all.begin(), all.end(), [](const auto &h) { return h.is_unified(); })) return 0;
    return plan.step(CTR_KIND_CLONE_CGROUP, CTR_CLONE)
        .value("cgroup", "cgroup")
        .note("a hybrid machine: the child is born in its cgroup of v2")
        .add();
}

int add_join(Plan plan, const char *kind, const std::vector<Hierarchy> &all) {
    Step step = plan.step(kind, CTR_ISOLATE);
    for (const auto &h : all)
        if (!h.is_unified()) step.value("tasks", "cgroup.tasks." + h.name());
    return step.gives(CTR_TOKEN_CGROUP_JOINED)
        .note("the child moves itself: writing its pid from outside takes milliseconds")
        .add();
}

namespace {

/// A step inside the container's /sys/fs/cgroup. It runs after the tmpfs is mounted and before that becomes read-only.
Step inside(Plan plan, const char *kind, const cgroup::WantedMount &wanted) {
    Step step = plan.step(kind, CTR_MOUNTS);
    step.needs(CTR_TOKEN_ROOT_ATTACHED).needs(CTR_TOKEN_CGROUP_JOINED).needs("cgroup-v1.tmpfs:" + wanted.destination);
    step.gives("cgroup-v1.bound:" + wanted.destination).gives(CTR_TOKEN_CGROUP_MOUNTED);
    return step;
}

int add_hierarchies(Plan plan, const cgroup::WantedMount &wanted, const std::vector<Hierarchy> &all,
                    const std::string &path) {
    Step bind = inside(plan, CTR_KIND_MOUNT_BIND, wanted), link = inside(plan, CTR_KIND_ROOT_SYMLINK, wanted);
    bool any_link = false;
    for (const Hierarchy &h : all) {
        const std::string name = cgroup::last_name(h.mount);
        bind.arg("source", h.mount + path).arg("target", wanted.destination + '/' + name);
        for (const auto &controller : h.controllers) {
            if (controller == name) continue;
            link.arg("target", wanted.destination + '/' + controller).arg("to", name);
            any_link = true;
        }
    }
    if (all.empty()) return 0;
    if (bind.args("options", cgroup::bind_options(wanted)).add() != 0) return -1;
    return any_link ? link.add() : 0;
}

/// /sys/fs/cgroup as on a machine: a tmpfs with a directory for each hierarchy and a link for each controller that
/// shares one.
int add_mount(Plan plan, const cgroup::WantedMount &wanted, const std::vector<Hierarchy> &all,
              const std::string &path) {
    Step top = cgroup::mount_step(plan, CTR_KIND_MOUNT_NEW, wanted);
    top.arg("type", "tmpfs")
        .arg("source", "cgroup")
        .arg("target", wanted.destination)
        .args("options", wanted.options)
        .arg("options", "mode=755");
    if (top.gives("cgroup-v1.tmpfs:" + wanted.destination).note("the container's view of its cgroups").add() != 0)
        return -1;
    if (add_hierarchies(plan, wanted, all, path) != 0) return -1;
    if (!wanted.read_only) return 0;
    Step read_only = plan.step(CTR_KIND_MOUNT_SETATTR, CTR_MOUNTS);
    read_only.arg("target", wanted.destination).arg("options", "ro").gives(CTR_TOKEN_CGROUP_MOUNTED);
    return read_only.needs(CTR_TOKEN_ROOT_ATTACHED).needs("cgroup-v1.bound:" + wanted.destination).add();
}

/// A running container is in those hierarchies that were mounted when it was made.
std::vector<Hierarchy> existing(Plan plan, std::vector<Hierarchy> all, const std::string &path) {
    std::vector<Hierarchy> there;
    for (auto &h : all)
        if (plan.ask("exists:" + h.join_file(path))) there.push_back(std::move(h));
    return there;
}

/// The path below the container's cgroup: what /ctr/cgroups says for a controller, else `below`, which holds for all
/// ("/sub"; empty: the container's cgroup itself).
std::string sub_path(Plan plan, const Hierarchy &h, const std::string &container, const std::string &below) {
    const Node asked = plan.spec("/ctr/cgroups");
    for (std::size_t i = 0; i < asked.size(); ++i)
        if (h.has(std::string(asked.key(i)))) return asked.at(i).str();
    // It may be missing in v2, which limits nothing here; then the container's own cgroup is used.
    return h.is_unified() && !plan.ask("exists:" + h.mount + container + below) ? std::string() : below;
}

int add_open(Plan plan, const char *kind, const std::vector<Hierarchy> &all, const std::string &container,
             const std::string &below) {
    Step step = plan.step(kind, CTR_PREPARE);
    step.arg("path", container);
    std::vector<std::string> parts;
    for (const auto &h : all)
        parts.push_back(sub_path(plan, h, container, below));
    const bool apart = std::any_of(parts.begin(), parts.end(), [](const auto &part) { return !part.empty(); });
    for (std::size_t i = 0; i < all.size(); ++i) {
        step.arg("hierarchy", all[i].text());
        if (apart) step.arg("below", parts[i]); // one for each hierarchy
        if (all[i].is_unified()) step.value("init", "init.pidfd");
    }
    add_outputs(step, all, true);
    return step.note("the cgroups that the running container is in").add();
}

int check_named(Plan plan, const std::vector<Hierarchy> &all) {
    const Node asked = plan.spec("/ctr/cgroups");
    for (std::size_t i = 0; i < asked.size(); ++i)
        if (const std::string name(asked.key(i)); find_controller(all, name) == nullptr)
            return plan.invalid("--cgroup", "unknown controller " + name + " in SubCgroupPaths",
                                "name one in which the container has a cgroup");
    return 0;
}

} // namespace

int add_mounts(Plan plan, const std::vector<Hierarchy> &all, const std::string &path) {
    for (const auto &wanted : cgroup::wanted_mounts(plan))
        if (add_mount(plan, wanted, all, path) != 0) return -1;
    return 0;
}

int plan_exec(Plan plan, const char *open_kind, const char *join_kind, const std::vector<Hierarchy> &mounted,
              const std::string &path) {
    // The process joins all of the container's cgroups or none, because in a hierarchy that is left out limits and
    // device rules would not apply.
    const std::string container = plan.spec("/ctr/container/cgroup").str(path);
    const bool is_below = path.compare(0, container.size(), container) == 0;
    const auto all = existing(plan, mounted, container);
    if (all.empty() || !is_below)
        return plan.fail({.error_class = CTR_E_NOT_FOUND,
                          .message = "the container's cgroup is gone",
                          .hint = "is it still running? see ctr ps",
                          .path = path});
    if (check_named(plan, all) != 0) return -1;
    if (add_open(plan, open_kind, all, container, path.substr(container.size())) != 0) return -1;
    return add_clone(plan, all) != 0 ? -1 : add_join(plan, join_kind, all);
}

} // namespace ctr::cgroup1
