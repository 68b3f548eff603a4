// SPDX-License-Identifier: MIT
//
// cgroup-systemd: the plan. A scope needs a process, so it is made in attach, when the child is there (systemd.scope, which gives cgroup.joined); the
// child waits for it before it unshares its cgroup namespace. All else is cgroup-v2's.
#include "names.hpp"
#include "properties.hpp"
#include "steps.hpp"

#include "../cgroup-v2/planning.hpp"
#include "../cgroup-v2/steps.hpp"

namespace {

using namespace ctr;
using namespace ctr::systemd;

/// False: an annotation is refused.
bool annotations(Plan plan, Properties &out, cgroup::Problem &problem) {
    static constexpr std::string_view prefix = "org.systemd.property.";
    const Node all = plan.spec("/annotations");
    for (std::size_t i = 0; i < all.size(); ++i) {
        const std::string key = all.key(i);
        if (key.compare(0, prefix.size(), prefix) != 0) continue;
        const auto property = annotated_property(std::string_view(key).substr(prefix.size()), all.at(i).str(), problem);
        if (!property) return false;
        const std::string name = property->substr(0, property->find('=') + 1);
        for (auto each = out.begin(); each != out.end();)
            each = each->compare(0, name.size(), name) == 0 ? out.erase(each) : each + 1;
        out.push_back(*property);
    }
    return true;
}

int unsupported(Plan plan, const char *message, const char *hint, const char *path) {
    return plan.fail({CTR_E_UNSUPPORTED, message, hint, 0, {}, path});
}

int plan(Plan plan) {
    if (!plan.ask("exists:/run/systemd/system"))
        return unsupported(plan, "this machine was not booted with systemd",
                           "leave --systemd-cgroup out, or use the driver cgroup-v2 or cgroup-v1",
                           "/run/systemd/system");
    if (plan.ask("fstype:/sys/fs/cgroup") != "cgroup2")
        return unsupported(plan, "the driver cgroup-systemd is for machines with cgroup v2 alone",
                           "use the driver cgroup-v1 here, or boot with systemd.unified_cgroup_hierarchy=1",
                           "/sys/fs/cgroup");
    if (plan.ask("euid").value_or("0") != "0")
        return unsupported(plan, "only root's systemd can be asked for a scope yet", "run it as root", "");
    const std::string mount = cgroup2::find_mount(plan.ask("mounts").value_or(""));
    if (plan.operation() == CTR_OP_EXEC)
        return cgroup2::plan_exec(plan, "systemd.open", mount, plan.spec("/ctr/cgroup").str());

    cgroup::Problem problem;
    const auto scope =
        scope_of(plan.spec("/linux/cgroupsPath").str(), plan.config("/slice").str("system.slice"), plan.id(), problem);
    if (!scope) return cgroup::refuse(plan, problem);
    cgroup2::Limits limits;
    if (cgroup2::read_limits(plan, mount, limits) != 0) return -1;
    Properties properties{"Description=" + description_of(cgroup::owner_mark(plan)),
                          "Slice=" + scope->slice,
                          "Delegate=true",
                          "DefaultDependencies=false",
                          "MemoryAccounting=true",
                          "CPUAccounting=true",
                          "IOAccounting=true",
                          "TasksAccounting=true",
                          "CollectMode=inactive-or-failed"};
    if (!annotations(plan, properties, problem)) return cgroup::refuse(plan, problem);

    Step step = plan.step("systemd.scope", CTR_ATTACH);
    step.arg("unit", scope->unit).value("pid", "child.pid").args("property", properties);
    step.args("property", limit_properties(limits.settings));
    step.args("property", device_properties(limits.resources.devices));
    cgroup2::describe(plan, step, mount, scope->path, limits);
    step.gives("cgroup.joined").note("systemd makes the cgroup with the child in it; then the limits");
    if (step.add() != 0 || cgroup2::add_devices(plan, "systemd.devices", CTR_ATTACH, limits.resources.devices) != 0)
        return -1;
    return cgroup2::add_mounts(plan, mount, scope->path);
}

const void *extension(const char *id) { return std::string_view(id) == CTR_EXT_CGROUP ? &running : nullptr; }

constexpr ctr_step_kind scope_kind = parent_kind<start, stop, start_shell, stop_shell>("systemd.scope");
constexpr ctr_step_kind devices_kind = parent_kind<cgroup2::devices, cgroup2::devices_shell>("systemd.devices");
constexpr ctr_step_kind open_kind = parent_kind<cgroup2::open, cgroup2::open_shell>("systemd.open");

} // namespace

CTR_PLUGIN_WITH_EXTENSION("cgroup-systemd", "0.1.0", plan, extension, &scope_kind, &devices_kind, &open_kind);
