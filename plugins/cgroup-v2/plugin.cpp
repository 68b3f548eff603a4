// SPDX-License-Identifier: MIT
//
// cgroup-v2: the plan. In prepare the cgroup is made with its limits (cgroup2.create) and gets its device program
// (cgroup2.devices); the clone puts the child into it (the shared kind clone.cgroup), so that cgroup.joined is true
// from the child's first instruction on.
#include "planning.hpp"
#include "steps.hpp"

namespace {

using namespace ctr;
using namespace ctr::cgroup2;

int plan(Plan plan) {
    const std::string mount = find_mount(plan);
    if (mount.empty())
        return plan.fail(
            {.error_class = CTR_E_UNSUPPORTED,
             .message = "cgroup v2 is not mounted on this machine",
             .hint =
                 "mount it (mount -t cgroup2 cgroup2 /sys/fs/cgroup), or use \"cgroup\": {\"driver\": \"cgroup-v1\"}",
             .path = "/sys/fs/cgroup"});
    const auto planned = cgroup::planned_path(plan);
    if (!planned.ok()) return plan.fail(planned.error());
    const std::string &path = planned.value();
    if (plan.operation() == CTR_OP_EXEC) return plan_exec(plan, "cgroup2.open", mount, path);

    Limits limits;
    if (read_limits(plan, mount, limits) != 0) return -1;
    Step step = plan.step("cgroup2.create", CTR_PREPARE);
    describe(plan, step, mount, path, limits);
    step.until(CTR_UNTIL_DELETE).note("the container's cgroup, with its limits");
    if (step.add() != 0 || add_devices(plan, "cgroup2.devices", CTR_PREPARE, limits.devices) != 0 ||
        add_clone(plan) != 0)
        return -1;
    return add_mounts(plan, mount, path);
}

const void *extension(const char *id) { return std::string_view(id) == CTR_EXT_CGROUP ? &running : nullptr; }

constexpr ctr_step_kind create_kind =
    parent_kind<create, cgroup2::remove, create_shell, remove_shell>("cgroup2.create");
constexpr ctr_step_kind devices_kind = parent_kind<devices, devices_shell>("cgroup2.devices");
constexpr ctr_step_kind open_kind = parent_kind<cgroup2::open, open_shell>("cgroup2.open");

} // namespace

CTR_PLUGIN_WITH_EXTENSION("cgroup-v2", "0.1.0", plan, extension, &create_kind, &devices_kind, &open_kind);
