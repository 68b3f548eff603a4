// SPDX-License-Identifier: MIT
//
// /linux/netDevices: interfaces of the machine for the container alone. There is no undo: when the namespace dies the
// kernel gives a physical interface back to the machine, and deletes a virtual one; one that was moved into a namespace
// that others own stays there.
#include "../namespaces-common/standing.hpp"
#include "move.hpp"
#include "names.hpp"

namespace netdevices {
namespace {

using ctr::Plan;

int add_device(Plan plan, const std::string &device, const std::string &given, const std::string &path) {
    const std::string where = "/linux/netDevices/" + device, name = given.empty() ? device : given;
    if (!is_name(device, false)) return plan.invalid(where, "\"" + device + "\" is no name of a network interface");
    if (!is_name(name, true))
        return plan.invalid(where + "/name", "\"" + name + "\" is no name of a network interface",
                            "at most 15 characters, without / : and spaces; one %d becomes a number");
    ctr::Step step = plan.step("netdevices.move", CTR_ATTACH);
    step.arg("device", device).arg("name", name);
    if (path.empty())
        step.value("pid", "child.pid").value("pidfd", "child.pidfd").needs(CTR_TOKEN_CHILD_ALIVE);
    else
        step.arg("path", path);
    return step.gives(CTR_TOKEN_NETWORK_READY).add();
}

int plan_steps(Plan plan) {
    const ctr::Node devices = plan.spec("/linux/netDevices");
    if (devices.size() == 0) return 0;
    const auto network = namespaces::standing(plan, "network");
    if (!network.problem.empty())
        return plan.invalid("/linux/netDevices", network.problem + ": there is nowhere to move to", network.hint);
    for (std::size_t i = 0; i < devices.size(); ++i)
        if (add_device(plan, devices.key(i), devices.at(i).get("/name").str(), network.path) != 0) return -1;
    return 0;
}

constexpr ctr_step_kind move_kind = ctr::parent_kind<move, move_in_shell>("netdevices.move");

} // namespace
} // namespace netdevices

CTR_PLUGIN("netdevices", "0.1.0", netdevices::plan_steps, &netdevices::move_kind);
