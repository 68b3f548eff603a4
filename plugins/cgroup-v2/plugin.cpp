// SPDX-License-Identifier: MIT
//
// cgroup-v2: the plan. In prepare the cgroup is made with its limits (cgroup2.create) and gets its device program (cgroup2.devices); the clone
// puts the child into it (the host's clone.cgroup), so that cgroup.joined is true from the child's first instruction on.
#include "limits.hpp"
#include "steps.hpp"

#include "../cgroup-common/planning.hpp"

#include <algorithm>

namespace {

using namespace ctr;
using namespace ctr::cgroup2;
using cgroup::Problem;

/// The usual place, or where a machine that still uses v1 has it.
std::string find_mount(std::string_view mountinfo) {
    std::string found;
    for (const auto &mount : cgroup::cgroup_mounts(mountinfo))
        if (mount.type == "cgroup2" && (found.empty() || mount.point == "/sys/fs/cgroup")) found = mount.point;
    return found;
}

/// What is asked for needs its controller here, and not bound to a v1 hierarchy.
int check_controllers(Plan plan, const std::string &mount, const std::vector<std::string> &available,
                      const cgroup::Settings &settings) {
    for (const auto &s : settings) {
        const std::string controller = controller_of(s);
        if (controller.empty() || std::find(available.begin(), available.end(), controller) != available.end())
            continue;
        return plan.fail(
            {CTR_E_UNSUPPORTED,
             s.file + " needs the controller " + controller + ", which is not in " + mount + "/cgroup.controllers",
             "the kernel may lack it, or a cgroup v1 hierarchy holds it: then use the driver cgroup-v1, or leave the "
             "resource out",
             0,
             {},
             resource_of(controller)});
    }
    return 0;
}

/// The id on the machine of an id in the container; without maps they are the same.
std::optional<std::int64_t> machine_id(Node maps, std::int64_t id) {
    if (!maps) return id;
    for (std::size_t i = 0; i < maps.size(); ++i) {
        const std::int64_t first = maps.at(i).get("/containerID").integer(0), size = maps.at(i).get("/size").integer(0);
        if (id >= first && id - first < size) return maps.at(i).get("/hostID").integer(0) + (id - first);
    }
    return std::nullopt;
}

/// A container with its own view of a writable cgroup manages it: its files belong to the container's user (runtime-spec 1.1, cgroup ownership).
void add_ownership(Plan plan, Step &step) {
    const auto mounts = cgroup::wanted_mounts(plan);
    const bool writable = std::any_of(mounts.begin(), mounts.end(), [](const auto &m) { return !m.read_only; });
    if (!writable || !cgroup::new_cgroup_namespace(plan)) return;
    const auto uid = machine_id(plan.spec("/linux/uidMappings"), plan.spec("/process/user/uid").integer(0));
    const auto gid = machine_id(plan.spec("/linux/gidMappings"), plan.spec("/process/user/gid").integer(0));
    if (uid && gid && *uid != 0) step.arg("uid", *uid).arg("gid", *gid);
}

int add_create(Plan plan, const std::string &mount, const std::string &path, const std::vector<std::string> &available,
               const cgroup::Settings &settings) {
    Step step = plan.step("cgroup2.create", CTR_PREPARE);
    step.arg("path", path).arg("mount", mount).arg("owner", cgroup::owner_mark(plan)).args("controller", available);
    for (const auto &s : settings)
        step.arg("set", s.text());
    add_ownership(plan, step);
    step.output("path", CTR_TYPE_STRING, "cgroup.path")
        .output("made", CTR_TYPE_INT, "cgroup.made")
        .output("cgroup", CTR_TYPE_FD, "cgroup");
    return step.note("the container's cgroup, with its limits").add();
}

int add_devices(Plan plan, const std::vector<cgroup::DeviceRule> &asked) {
    if (asked.empty()) return 0;
    Step step = plan.step("cgroup2.devices", CTR_PREPARE);
    step.value("cgroup", "cgroup");
    for (const auto &rule : cgroup::effective_rules(asked))
        step.arg("device", (rule.allow ? "allow " : "deny ") + rule.text());
    return step.note("a BPF program that allows and denies devices").add();
}

int add_clone(Plan plan) {
    return plan.step(CTR_KIND_CLONE_CGROUP, CTR_CLONE)
        .value("cgroup", "cgroup")
        .gives("cgroup.joined")
        .note("the child is born in its cgroup")
        .add();
}

int add_mount(Plan plan, const cgroup::WantedMount &wanted, const std::string &mount, const std::string &path) {
    const bool own_view = cgroup::new_cgroup_namespace(plan);
    Step step = cgroup::mount_step(plan, own_view ? CTR_KIND_MOUNT_NEW : CTR_KIND_MOUNT_BIND, wanted);
    step.arg("target", wanted.destination).gives("cgroup.mounted").note("the container's view of its cgroup");
    if (!own_view) return step.arg("source", mount + path).args("options", cgroup::bind_options(wanted)).add();
    step.arg("type", "cgroup2").arg("source", "cgroup").args("options", wanted.options);
    if (wanted.read_only) step.arg("options", "ro");
    return step.add();
}

int plan_exec(Plan plan, const std::string &mount, const std::string &path) {
    Step step = plan.step("cgroup2.open", CTR_PREPARE);
    step.arg("path", path).arg("mount", mount).value("init", "init.pidfd").output("cgroup", CTR_TYPE_FD, "cgroup");
    return step.note("the cgroup that the running container is in").add() != 0 ? -1 : add_clone(plan);
}

int plan(Plan plan) {
    const std::string mount = find_mount(plan.ask("mounts").value_or(""));
    if (mount.empty())
        return plan.fail(
            {CTR_E_UNSUPPORTED,
             "cgroup v2 is not mounted on this machine",
             "mount it (mount -t cgroup2 cgroup2 /sys/fs/cgroup), or use \"cgroup\": {\"driver\": \"cgroup-v1\"}",
             0,
             {},
             "/sys/fs/cgroup"});
    Problem problem;
    const auto path = cgroup::planned_path(plan, problem);
    if (!path) return cgroup::refuse(plan, problem);
    if (plan.operation() == CTR_OP_EXEC) return plan_exec(plan, mount, *path);

    cgroup::Resources resources;
    cgroup::Settings settings;
    if (!cgroup::read_resources(plan.spec("/linux/resources"), "/linux/resources", resources, problem) ||
        !limit_settings(resources, nullptr, settings, problem))
        return cgroup::refuse(plan, problem);
    // All that there are: a container can count and limit below itself then.
    auto available = cgroup::split(plan.ask("file:" + mount + "/cgroup.controllers").value_or(""), ' ');
    for (auto &name : available)
        name = name.substr(0, name.find('\n'));
    available.erase(std::remove(available.begin(), available.end(), std::string()), available.end());
    if (check_controllers(plan, mount, available, settings) != 0) return -1;
    if (add_create(plan, mount, *path, available, settings) != 0 || add_devices(plan, resources.devices) != 0 ||
        add_clone(plan) != 0)
        return -1;
    for (const auto &wanted : cgroup::wanted_mounts(plan))
        if (add_mount(plan, wanted, mount, *path) != 0) return -1;
    return 0;
}

const void *extension(const char *id) { return std::string_view(id) == CTR_EXT_CGROUP ? &running : nullptr; }

constexpr ctr_step_kind create_kind =
    parent_kind<create, cgroup2::remove, create_shell, remove_shell>("cgroup2.create");
constexpr ctr_step_kind devices_kind = parent_kind<devices, devices_shell>("cgroup2.devices");
constexpr ctr_step_kind open_kind = parent_kind<cgroup2::open, open_shell>("cgroup2.open");

} // namespace

CTR_PLUGIN_WITH_EXTENSION("cgroup-v2", "0.1.0", plan, extension, &create_kind, &devices_kind, &open_kind);
