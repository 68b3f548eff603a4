// SPDX-License-Identifier: MIT
//
// The driver `no-cgroup` of the slot `cgroup`: the container stays in its caller's cgroup. It is what is chosen where none can be made. Limits are
// refused by name, since nobody claims them. Device rules are claimed, but only where a user namespace makes them needless: the kernel lets nobody in it
// make device nodes (user_namespaces(7)), and those that are bound into it open by the rights of their owner on the machine.
#include <ctr/plugin.hpp>

namespace {

bool has_user_namespace(ctr::Plan plan) {
    const ctr::Node all = plan.spec("/linux/namespaces");
    for (std::size_t i = 0; i < all.size(); ++i)
        if (all.at(i).get("/type").str() == "user") return true;
    return false;
}

int plan(ctr::Plan plan) {
    if (plan.operation() != CTR_OP_CREATE || plan.spec("/linux/resources/devices").size() == 0) return 0;
    if (has_user_namespace(plan) || plan.ask("euid").value_or("0") != "0") return 0;
    return plan.fail({CTR_E_UNSUPPORTED,
                      "without a cgroup nothing holds the container to device rules",
                      "use a cgroup driver, leave the rules out, or give the container a user namespace",
                      0,
                      {},
                      "/linux/resources/devices"});
}

} // namespace

CTR_PLUGIN("no-cgroup", "0.1.0", plan);
