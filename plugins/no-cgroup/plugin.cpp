// SPDX-License-Identifier: MIT
//
// The driver `no-cgroup` of the slot `cgroup`: the container stays in its caller's cgroup. It is chosen where no cgroup
// can be made. Limits are refused by name, because no plugin claims them. Device rules are claimed, but accepted only
// where they are not needed: - in a user namespace, or started by somebody else than the machine's root: nobody can
// make device nodes there
//   (user_namespaces(7)), and those that are bound into it open by the rights of their owner on the machine;
// - where they allow everything; - without rules, if the container has no right to make device nodes: it has only those
// that it is given. In all other cases the container would have all devices of the machine, so it is refused.
#include "../cgroup-common/planning.hpp"

#include <algorithm>

namespace {

using namespace ctr;

/// Without a list of capabilities the container keeps all of them.
bool may_make_nodes(Plan plan) {
    const Node all = plan.spec("/process/capabilities");
    if (!all) return true;
    const auto bounding = all.get("/bounding").strings();
    return std::find(bounding.begin(), bounding.end(), "CAP_MKNOD") != bounding.end();
}

int plan(Plan plan) {
    if (plan.operation() != CTR_OP_CREATE || namespace_of(plan, "user") || !cgroup::devices_at_stake(plan)) return 0;
    const auto resources = cgroup::read_resources(plan.spec("/linux/resources"), "/linux/resources");
    if (!resources.ok()) return plan.fail(resources.error());
    const auto &asked = resources.value().devices;
    const auto rules = cgroup::effective_rules(asked);
    const bool all_allowed = rules.size() == 1 && rules.front().allow;
    if (all_allowed || (asked.empty() && !may_make_nodes(plan))) return 0;
    return plan.fail(
        {.error_class = CTR_E_UNSUPPORTED,
         .message = "without a cgroup nothing holds the container to device rules",
         .hint = "use a cgroup driver, give the container a user namespace, or leave the rules and CAP_MKNOD out",
         .path = "/linux/resources/devices"});
}

} // namespace

CTR_PLUGIN("no-cgroup", "0.1.0", plan);
