// SPDX-License-Identifier: MIT
//
// One step for each kernel parameter. A parameter that does not belong to one of the container's own namespaces is
// refused, because setting it would change the machine.
//
// The steps stand at the end of `mounts`, not in `pivot`: there /proc/sys may be read-only already
// (/linux/readonlyPaths), and in a user namespace the kernel gives a process a fresh procfs only while it still sees an
// unmasked one (mount_too_revealing, fs/namespace.c).
#include "../namespaces-common/standing.hpp"
#include "keys.hpp"

#include <ctr/plugin.hpp>

namespace sysctl {
namespace {

using ctr::Node;
using ctr::Plan;

/// The field of the spec that sets the same parameter. If both are given, the plan is refused.
const char *rival(const std::string &path) {
    if (path == "kernel/hostname") return "/hostname";
    if (path == "kernel/domainname") return "/domainname";
    return nullptr;
}

int plan_one(Plan plan, const std::string &key, const Node &value) {
    const std::string where = "/linux/sysctl/" + key;
    const auto path = path_of(key);
    if (!path)
        return plan.invalid(where, "is no name of a kernel parameter",
                            "for example net.ipv4.ip_forward or net/ipv4/ip_forward");
    if (!value.is_string()) return plan.invalid(where, "the value must be a string");
    const Owner owner = owner_of(*path);
    if (owner == Owner::machine)
        return plan.invalid(where, "belongs to no namespace: setting it would change the machine",
                            "set it on the machine itself, with sysctl(8)");
    const auto standing = namespaces::standing(plan, name_of(owner));
    if (!standing.problem.empty())
        return plan.invalid(where, standing.problem + ": setting it would change the machine", standing.hint);
    if (const char *other = rival(*path); other != nullptr && plan.spec(other))
        return plan.invalid(where, std::string("says the same thing as ") + other, "leave one of them out");
    auto step = plan.step(CTR_KIND_SYSCTL, CTR_MOUNTS);
    step.arg("key", *path).arg("value", value.str()).args("not_in", standing.not_in).after(CTR_TOKEN_MOUNTS_DONE);
    if (owner == Owner::network) step.after(CTR_TOKEN_NETWORK_READY); // a key may name an interface
    return step.add();
}

int plan_steps(Plan plan) {
    const Node all = plan.spec("/linux/sysctl");
    for (std::size_t i = 0; i < all.size(); ++i)
        if (plan_one(plan, all.key(i), all.at(i)) != 0) return -1;
    return 0;
}

} // namespace
} // namespace sysctl

CTR_PLUGIN("sysctl", "0.1.0", sysctl::plan_steps);
