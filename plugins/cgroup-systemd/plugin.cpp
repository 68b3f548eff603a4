// SPDX-License-Identifier: MIT
//
// cgroup-systemd: the plan. A scope needs a process, so it is made in attach, when the child is there (systemd.scope).
// On cgroup v2 this step gives cgroup.joined, for which the child waits before it unshares its cgroup namespace. On
// cgroup v1 the child then joins the hierarchies that systemd does not know (systemd.join), and that step gives
// cgroup.joined. Everything else is code of cgroup-v2 or cgroup-v1.
#include "names.hpp"
#include "properties.hpp"
#include "steps.hpp"

#include "../cgroup-v1/planning.hpp"
#include "../cgroup-v1/steps.hpp"
#include "../cgroup-v2/planning.hpp"
#include "../cgroup-v2/steps.hpp"

namespace {

using namespace ctr;
using namespace ctr::systemd;

/// Adds the properties that annotations ask for, in the place of others of the same name.
Result<> add_annotations(Plan plan, Properties &out) {
    static constexpr std::string_view prefix = "org.systemd.property.";
    const Node all = plan.spec("/annotations");
    for (std::size_t i = 0; i < all.size(); ++i) {
        const std::string key = all.key(i);
        if (key.compare(0, prefix.size(), prefix) != 0) continue;
        CTR_ASSIGN(const std::string property,
                   annotated_property(std::string_view(key).substr(prefix.size()), all.at(i).str()));
        const std::string name = property.substr(0, property.find('=') + 1);
        for (auto each = out.begin(); each != out.end();)
            each = each->compare(0, name.size(), name) == 0 ? out.erase(each) : each + 1;
        out.push_back(property);
    }
    return {};
}

int unsupported(Plan plan, const char *message, const char *hint, const char *path) {
    return plan.fail({.error_class = CTR_E_UNSUPPORTED, .message = message, .hint = hint, .path = path});
}

/// The properties of every scope. `io`: the name of systemd's property for I/O accounting in this version.
Result<Properties> scope_properties(Plan plan, const Scope &scope, const char *io) {
    Properties all{"Description=" + description_of(cgroup::owner_mark(plan)),
                   "Slice=" + scope.slice,
                   "Delegate=true",
                   "DefaultDependencies=false",
                   "MemoryAccounting=true",
                   "CPUAccounting=true",
                   std::string(io) + "=true",
                   "TasksAccounting=true",
                   "CollectMode=inactive-or-failed"};
    CTR_TRY(add_annotations(plan, all));
    return all;
}

Step scope_step(Plan plan, const Scope &scope, const Properties &properties) {
    Step step = plan.step("systemd.scope", CTR_ATTACH);
    step.arg("unit", scope.unit).value("pid", "child.pid").args("property", properties);
    return step;
}

/// The user who runs ctr: 0 is root. In a user namespace, the user who made it.
std::int64_t asking_user(Plan plan) {
    const std::string euid = plan.ask("euid").value_or("0");
    return outer_id(plan.ask("file:/proc/self/uid_map").value_or(""), std::stoll(euid));
}

/// Plans for a user without privilege. The machine's systemd hands controllers down to the user's service, and the
/// user's systemd below that. There are no device rules: they need privilege, and are not needed because a user cannot
/// make device nodes.
int plan_of_user(Plan plan, Scope scope, const std::string &mount, std::int64_t user) {
    const std::string top = users_path(user);
    if (!plan.ask("exists:" + mount + top))
        return unsupported(plan, "no systemd of this user runs",
                           "log in as the user, or let root say loginctl enable-linger", top.c_str());
    cgroup2::Limits limits;
    if (cgroup2::read_limits(plan, mount + top, limits) != 0) return -1;
    limits.available.clear();
    const auto properties = scope_properties(plan, scope, "IOAccounting");
    if (!properties.ok()) return plan.fail(properties.error());
    scope.path = top + scope.path;
    Step step = scope_step(plan, scope, properties.value());
    step.arg("user", user).args("property", limit_properties(limits.settings));
    cgroup2::describe(plan, step, mount, scope.path, limits);
    step.gives(CTR_TOKEN_CGROUP_JOINED)
        .note("the user's systemd makes the cgroup with the child in it; then the limits");
    return step.add() != 0 ? -1 : cgroup2::add_mounts(plan, mount, scope.path);
}

int exec_of_user(Plan plan, const std::string &mount, const std::string &path, std::int64_t user) {
    Step step = plan.step("systemd.attach", CTR_ATTACH);
    step.arg("unit", unit_of(path)).arg("user", user).value("pid", "child.pid").value("init", "init.pidfd");
    step.arg("path", path).arg("mount", mount).gives(CTR_TOKEN_CGROUP_JOINED);
    return step.note("systemd moves the child into the scope of the running container").add();
}

int plan_v2(Plan plan, const Scope &scope, const std::string &mount) {
    cgroup2::Limits limits;
    if (cgroup2::read_limits(plan, mount, limits) != 0) return -1;
    const auto properties = scope_properties(plan, scope, "IOAccounting");
    if (!properties.ok()) return plan.fail(properties.error());
    Step step = scope_step(plan, scope, properties.value());
    step.args("property", limit_properties(limits.settings));
    step.args("property", device_properties(limits.devices));
    cgroup2::describe(plan, step, mount, scope.path, limits);
    step.gives(CTR_TOKEN_CGROUP_JOINED).note("systemd makes the cgroup with the child in it; then the limits");
    if (step.add() != 0 || cgroup2::add_devices(plan, "systemd.devices", CTR_ATTACH, limits.devices) != 0) return -1;
    return cgroup2::add_mounts(plan, mount, scope.path);
}

/// The hierarchies of cgroup v1 with controllers, and all: those with systemd's own at the end.
struct Hierarchies {
    std::vector<cgroup1::Hierarchy> limiting, all;
};

int plan_v1(Plan plan, const Scope &scope, const Hierarchies &hierarchies) {
    cgroup1::Limits limits;
    if (cgroup1::read_limits(plan, hierarchies.limiting, limits) != 0) return -1;
    const auto properties = scope_properties(plan, scope, "BlockIOAccounting");
    if (!properties.ok()) return plan.fail(properties.error());
    Step step = scope_step(plan, scope, properties.value());
    step.args("property", limit_properties_v1(limits.settings));
    step.args("property", device_properties(cgroup::planned_rules(plan, limits.resources.devices)));
    cgroup1::describe(plan, step, hierarchies.all, scope.path, limits.settings);
    cgroup1::add_outputs(step, hierarchies.all, false);
    step.note("systemd makes its part of the cgroup with the child in it; then the rest, and the limits");
    // systemd has put the child into its own hierarchies already.
    if (step.add() != 0 || cgroup1::add_join(plan, "systemd.join", hierarchies.limiting) != 0) return -1;
    return cgroup1::add_mounts(plan, hierarchies.all, scope.path);
}

Hierarchies find_hierarchies(Plan plan) {
    Hierarchies found{cgroup1::find_hierarchies(plan), {}};
    auto own = cgroup1::find_systemd(plan.ask("mounts:/sys/fs/cgroup").value_or(""));
    if (own.empty()) own = cgroup1::find_systemd(plan.ask("mounts").value_or(""));
    if (own.empty() || found.limiting.empty()) return {};
    found.all = found.limiting;
    found.all.insert(found.all.end(), own.begin(), own.end());
    return found;
}

int plan(Plan plan) {
    if (!plan.ask("exists:/run/systemd/system"))
        return unsupported(plan, "this machine was not booted with systemd",
                           "leave --systemd-cgroup out, or use the driver cgroup-v2 or cgroup-v1",
                           "/run/systemd/system");
    const bool v2 = plan.ask("fstype:/sys/fs/cgroup") == "cgroup2";
    const std::int64_t user = asking_user(plan);
    if (user != 0 && !v2)
        return unsupported(plan, "a user's systemd can limit nothing on cgroup v1", "use cgroup v2, or run it as root",
                           "/sys/fs/cgroup");
    const Hierarchies hierarchies = v2 ? Hierarchies() : find_hierarchies(plan);
    if (!v2 && hierarchies.all.empty())
        return unsupported(plan,
                           "neither cgroup v2 nor systemd's hierarchy of cgroup v1 (name=systemd) is mounted here",
                           "leave --systemd-cgroup out, or use the driver cgroup-v2 or cgroup-v1", "/sys/fs/cgroup");
    const std::string mount = v2 ? cgroup2::find_mount(plan) : std::string();
    if (plan.operation() == CTR_OP_EXEC) {
        const std::string path = plan.spec("/ctr/cgroup").str();
        if (user != 0) return exec_of_user(plan, mount, path, user);
        return v2 ? cgroup2::plan_exec(plan, "systemd.open", mount, path)
                  : cgroup1::plan_exec(plan, "systemd.open", "systemd.join", hierarchies.all, path);
    }
    const std::string slice = plan.config("/slice").str(user != 0 ? "user.slice" : "system.slice");
    const auto scope = scope_of(plan.spec("/linux/cgroupsPath").str(), slice, plan.id());
    if (!scope.ok()) return plan.fail(scope.error());
    if (user != 0) return plan_of_user(plan, scope.value(), mount, user);
    return v2 ? plan_v2(plan, scope.value(), mount) : plan_v1(plan, scope.value(), hierarchies);
}

const void *extension(const char *id) { return std::string_view(id) == CTR_EXT_CGROUP ? &running : nullptr; }

constexpr ctr_step_kind scope_kind = parent_kind<start, stop, start_shell, stop_shell>("systemd.scope");
constexpr ctr_step_kind devices_kind = parent_kind<cgroup2::devices, cgroup2::devices_shell>("systemd.devices");
constexpr ctr_step_kind open_kind = parent_kind<systemd::open, open_shell>("systemd.open");
constexpr ctr_step_kind attach_kind = parent_kind<systemd::attach, attach_shell>("systemd.attach");
constexpr ctr_step_kind join_kind = child_kind<cgroup1::join_shell>("systemd.join", cgroup1::join);

} // namespace

CTR_PLUGIN_WITH_EXTENSION("cgroup-systemd", "0.1.0", plan, extension, &scope_kind, &devices_kind, &open_kind,
                          &join_kind, &attach_kind);
