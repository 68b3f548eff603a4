// SPDX-License-Identifier: MIT
#include "planning.hpp"

namespace ctr::cgroup1 {

using cgroup::Problem;

namespace {

/// What is asked for needs its controller.
int check_controllers(Plan plan, const std::vector<Hierarchy> &all, const cgroup::Settings &settings) {
    for (const auto &s : settings)
        if (find_controller(all, s.controller()) == nullptr)
            return plan.fail({CTR_E_UNSUPPORTED,
                              "it needs the controller " + s.controller() + " of cgroup v1, which is not mounted here",
                              "mount it (mount -t cgroup -o " + s.controller() + " cgroup /sys/fs/cgroup/" +
                                  s.controller() +
                                  "), use the driver cgroup-v2 if the controller is in "
                                  "/sys/fs/cgroup/cgroup.controllers, or leave the resource out",
                              0,
                              {},
                              resource_of(s.controller())});
    return 0;
}

} // namespace

int read_limits(Plan plan, const std::vector<Hierarchy> &all, Limits &out) {
    Problem problem;
    if (!cgroup::read_resources(plan.spec("/linux/resources"), "/linux/resources", out.resources, problem))
        return cgroup::refuse(plan, problem);
    if (!out.resources.unified.empty())
        return plan.invalid("/linux/resources/unified", "invalid configuration: cannot use unified on cgroup v1",
                            "they are files of cgroup v2: use the other members of resources");
    out.settings = limit_settings(out.resources);
    if (!device_settings(out.resources.devices, true, out.settings, problem)) return cgroup::refuse(plan, problem);
    return check_controllers(plan, all, out.settings);
}

/// Every hierarchy is useful, limited or not: to count, to freeze, to give the container one of its own.
void describe(Plan plan, Step &step, const std::vector<Hierarchy> &all, const std::string &path,
              const cgroup::Settings &settings) {
    step.arg("path", path).arg("owner", cgroup::owner_mark(plan));
    for (const auto &h : all)
        step.arg("hierarchy", h.text());
    for (const auto &s : settings)
        step.arg("set", s.text());
    step.output("path", CTR_TYPE_STRING, "cgroup.path").output("made", CTR_TYPE_STRING, "cgroup.made");
    for (const auto &h : all)
        step.output("tasks." + h.name(), CTR_TYPE_FD, "cgroup.tasks." + h.name());
}

int add_join(Plan plan, const char *kind, const std::vector<Hierarchy> &all) {
    Step step = plan.step(kind, CTR_ISOLATE);
    for (const auto &h : all)
        step.value("tasks", "cgroup.tasks." + h.name());
    return step.gives("cgroup.joined")
        .note("the child moves itself: writing its pid from outside takes milliseconds")
        .add();
}

namespace {

/// One step inside the container's /sys/fs/cgroup: after the tmpfs for it, before it becomes read-only.
Step inside(Plan plan, const char *kind, const cgroup::WantedMount &wanted) {
    Step step = plan.step(kind, CTR_MOUNTS);
    step.needs("root.attached").needs("cgroup.joined").needs("cgroup.tmpfs:" + wanted.destination);
    step.gives("cgroup.bound:" + wanted.destination).gives("cgroup.mounted");
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

/// /sys/fs/cgroup as a machine has it: a tmpfs with a directory for each hierarchy and a link for each controller that shares one.
int add_mount(Plan plan, const cgroup::WantedMount &wanted, const std::vector<Hierarchy> &all,
              const std::string &path) {
    Step top = cgroup::mount_step(plan, CTR_KIND_MOUNT_NEW, wanted);
    top.arg("type", "tmpfs")
        .arg("source", "cgroup")
        .arg("target", wanted.destination)
        .args("options", wanted.options)
        .arg("options", "mode=755");
    if (top.gives("cgroup.tmpfs:" + wanted.destination).note("the container's view of its cgroups").add() != 0)
        return -1;
    if (add_hierarchies(plan, wanted, all, path) != 0) return -1;
    if (!wanted.read_only) return 0;
    Step read_only = plan.step(CTR_KIND_MOUNT_SETATTR, CTR_MOUNTS);
    read_only.arg("target", wanted.destination).arg("options", "ro").gives("cgroup.mounted");
    return read_only.needs("root.attached").needs("cgroup.bound:" + wanted.destination).add();
}

/// A running container is in the hierarchies that were there when it was made.
std::vector<Hierarchy> existing(Plan plan, std::vector<Hierarchy> all, const std::string &path) {
    std::vector<Hierarchy> there;
    for (auto &h : all)
        if (plan.ask("exists:" + h.join_file(path))) there.push_back(std::move(h));
    return there;
}

/// Below the container's cgroup, as /ctr/cgroups says for a controller: "/sub"; empty: that one itself.
std::string sub_path(Plan plan, const Hierarchy &h) {
    const Node asked = plan.spec("/ctr/cgroups");
    for (std::size_t i = 0; i < asked.size(); ++i)
        if (h.has(std::string(asked.key(i)))) return asked.at(i).str();
    return {};
}

int add_open(Plan plan, const char *kind, const std::vector<Hierarchy> &all, const std::string &path) {
    Step step = plan.step(kind, CTR_PREPARE);
    step.arg("path", path);
    bool apart = false;
    for (const auto &h : all)
        apart = apart || !sub_path(plan, h).empty();
    for (const auto &h : all) {
        step.arg("hierarchy", h.text()).output("tasks." + h.name(), CTR_TYPE_FD, "cgroup.tasks." + h.name());
        if (apart) step.arg("below", sub_path(plan, h)); // one for each hierarchy
    }
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
    const auto all = existing(plan, mounted, path);
    if (all.empty())
        return plan.fail(
            {CTR_E_NOT_FOUND, "the container's cgroup is gone", "is it still running? see ctr ps", 0, {}, path});
    if (check_named(plan, all) != 0) return -1;
    return add_open(plan, open_kind, all, path) != 0 ? -1 : add_join(plan, join_kind, all);
}

} // namespace ctr::cgroup1
