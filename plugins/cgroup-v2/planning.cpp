// SPDX-License-Identifier: MIT
#include "planning.hpp"

#include <algorithm>

namespace ctr::cgroup2 {

/// The usual place, or where a machine that still uses v1 has it.
std::string find_mount(std::string_view mountinfo) {
    std::string found;
    for (const auto &mount : cgroup::cgroup_mounts(mountinfo))
        if (mount.type == "cgroup2" && (found.empty() || mount.point == "/sys/fs/cgroup")) found = mount.point;
    return found;
}

std::string find_mount(Plan plan) {
    if (plan.ask("fstype:/sys/fs/cgroup") == "cgroup2") return "/sys/fs/cgroup";
    const std::string usual = find_mount(plan.ask("mounts:/sys/fs/cgroup").value_or(""));
    return usual.empty() ? find_mount(plan.ask("mounts").value_or("")) : usual;
}

namespace {

/// Refuses what is asked for if its controller is not available here (it may be bound to a v1 hierarchy).
int check_controllers(Plan plan, const std::string &mount, const std::vector<std::string> &available,
                      const cgroup::Settings &settings) {
    for (const auto &s : settings) {
        const std::string controller = controller_of(s);
        if (controller.empty() || std::find(available.begin(), available.end(), controller) != available.end())
            continue;
        return plan.fail({.error_class = CTR_E_UNSUPPORTED,
                          .message = s.file + " needs the controller " + controller + ", which is not in " + mount +
                                     "/cgroup.controllers",
                          .hint = "the kernel may lack it, or a cgroup v1 hierarchy holds it: then use the driver "
                                  "cgroup-v1, or leave the "
                                  "resource out",
                          .path = resource_of(controller)});
    }
    return 0;
}

/// A container with its own view of a writable cgroup manages it: its files belong to the container's user
/// (runtime-spec 1.1, cgroup ownership).
void add_ownership(Plan plan, Step &step) {
    const auto mounts = cgroup::wanted_mounts(plan);
    const bool writable = std::any_of(mounts.begin(), mounts.end(), [](const auto &m) { return !m.read_only; });
    if (!writable || !cgroup::new_namespace(plan, "cgroup")) return;
    const auto uid = id_outside(plan, "/linux/uidMappings", plan.spec("/process/user/uid").integer(0));
    const auto gid = id_outside(plan, "/linux/gidMappings", plan.spec("/process/user/gid").integer(0));
    if (uid && gid && *uid != 0) step.arg("uid", *uid).arg("gid", *gid);
}

} // namespace

void describe(Plan plan, Step &step, const std::string &mount, const std::string &path, const Limits &limits) {
    step.arg("path", path).arg("mount", mount);
    cgroup::describe_owner(plan, step);
    step.args("controller", limits.available);
    for (const auto &s : limits.settings)
        step.arg("set", s.text());
    add_ownership(plan, step);
    step.output("path", CTR_TYPE_STRING, "cgroup.path")
        .output("made", CTR_TYPE_INT, "cgroup.made")
        .output("cgroup", CTR_TYPE_FD, "cgroup");
}

int add_devices(Plan plan, const char *kind, ctr_phase phase, const std::vector<cgroup::DeviceRule> &rules) {
    if (rules.empty()) return 0;
    Step step = plan.step(kind, phase);
    step.value("cgroup", "cgroup");
    for (const auto &rule : rules)
        step.arg("device", (rule.allow ? "allow " : "deny ") + rule.text());
    return step.note("a BPF program that allows and denies devices").add();
}

int add_clone(Plan plan) {
    return plan.step(CTR_KIND_CLONE_CGROUP, CTR_CLONE)
        .value("cgroup", "cgroup")
        .gives(CTR_TOKEN_CGROUP_JOINED)
        .note("the child is born in its cgroup")
        .add();
}

namespace {

int add_mount(Plan plan, const cgroup::WantedMount &wanted, const std::string &mount, const std::string &path) {
    const bool own_view = cgroup::new_namespace(plan, "cgroup");
    Step step = cgroup::mount_step(plan, own_view ? CTR_KIND_MOUNT_NEW : CTR_KIND_MOUNT_BIND, wanted);
    step.arg("target", wanted.destination).gives(CTR_TOKEN_CGROUP_MOUNTED).note("the container's view of its cgroup");
    if (!own_view) return step.arg("source", mount + path).args("options", cgroup::bind_options(wanted)).add();
    step.arg("type", "cgroup2").arg("source", "cgroup").args("options", wanted.options);
    if (wanted.read_only) step.arg("options", "ro");
    return step.add();
}

} // namespace

int add_mounts(Plan plan, const std::string &mount, const std::string &path) {
    for (const auto &wanted : cgroup::wanted_mounts(plan))
        if (add_mount(plan, wanted, mount, path) != 0) return -1;
    return 0;
}

int plan_exec(Plan plan, const char *kind, const std::string &mount, const std::string &path) {
    Step step = plan.step(kind, CTR_PREPARE);
    step.arg("path", path).arg("mount", mount).value("init", "init.pidfd").output("cgroup", CTR_TYPE_FD, "cgroup");
    return step.note("the cgroup that the running container is in").add() != 0 ? -1 : add_clone(plan);
}

int read_limits(Plan plan, const std::string &mount, Limits &out) {
    auto resources = cgroup::planned_resources(plan);
    auto settings = resources.ok() ? limit_settings(resources.value(), nullptr) : resources.error();
    if (!settings.ok()) return plan.fail(settings.error());
    out.resources = std::move(resources).value();
    out.settings = std::move(settings).value();
    out.devices = cgroup::planned_rules(plan, out.resources.devices);
    // All available controllers, so that the container can count and limit below its own cgroup.
    auto &available = out.available;
    available = ctr::split(plan.ask("file:" + mount + "/cgroup.controllers").value_or(""), ' ');
    for (auto &name : available)
        name = name.substr(0, name.find('\n'));
    available.erase(std::remove(available.begin(), available.end(), std::string()), available.end());
    return check_controllers(plan, mount, available, out.settings);
}

} // namespace ctr::cgroup2
