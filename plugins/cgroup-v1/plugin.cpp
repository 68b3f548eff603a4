// SPDX-License-Identifier: MIT
//
// cgroup-v1: the plan. In prepare the cgroup is made in all hierarchies and their `tasks` files opened
// (cgroup1.create); in isolate the child joins through them (cgroup1.join) and gives cgroup.joined; after that the
// plugin `namespaces` has it unshare the cgroup namespace. On a hybrid machine the container gets a cgroup of v2 too.
// It limits nothing there, but programs use it to find out to which unit or container a process belongs. A mount of
// type "cgroup" is built from the container's own directories while the child still sees the machine's mounts.
#include "planning.hpp"
#include "steps.hpp"

namespace {

using namespace ctr;
using namespace ctr::cgroup1;

int plan(Plan plan) {
    const auto limiting = find_hierarchies(plan);
    if (limiting.empty())
        return plan.fail(
            {.error_class = CTR_E_UNSUPPORTED,
             .message = "no controller of cgroup v1 is mounted on this machine",
             .hint = "use \"cgroup\": {\"driver\": \"cgroup-v2\"}, or mount one: mount -t cgroup -o memory cgroup "
                     "/sys/fs/cgroup/memory",
             .path = "/sys/fs/cgroup"});
    const auto planned = cgroup::planned_path(plan);
    if (!planned.ok()) return plan.fail(planned.error());
    const std::string &path = planned.value();
    auto all = limiting;
    for (auto &h : find_unified(plan.ask("mounts:/sys/fs/cgroup").value_or("")))
        all.push_back(std::move(h));
    if (plan.operation() == CTR_OP_EXEC) return plan_exec(plan, "cgroup1.open", "cgroup1.join", all, path);

    Limits limits;
    if (read_limits(plan, limiting, limits) != 0) return -1;
    Step step = plan.step("cgroup1.create", CTR_PREPARE);
    describe(plan, step, all, path, limits.settings);
    add_outputs(step, all, true);
    step.until(CTR_UNTIL_DELETE).note("the container's cgroup in each controller hierarchy, with its limits");
    if (step.add() != 0 || add_clone(plan, all) != 0) return -1;
    return add_join(plan, "cgroup1.join", all) != 0 ? -1 : add_mounts(plan, limiting, path);
}

const void *extension(const char *id) { return std::string_view(id) == CTR_EXT_CGROUP ? &running : nullptr; }

constexpr ctr_step_kind create_kind =
    parent_kind<create, cgroup1::remove, create_shell, remove_shell>("cgroup1.create");
constexpr ctr_step_kind open_kind = parent_kind<cgroup1::open, open_shell>("cgroup1.open");
constexpr ctr_step_kind join_kind = child_kind<join_shell>("cgroup1.join", join);

} // namespace

CTR_PLUGIN_WITH_EXTENSION("cgroup-v1", "0.1.0", plan, extension, &create_kind, &open_kind, &join_kind);
