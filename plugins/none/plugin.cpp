// SPDX-License-Identifier: MIT
//
// The driver `none` of the slot `network`: the container's own network namespace has lo, up, and nothing else. The
// namespace itself is made by `namespaces`; one that is joined by path belongs to somebody else and stays as it is.
#include <ctr/cpp/description.hpp>

namespace {

bool has_new_network_namespace(ctr::Plan plan) {
    const auto network = ctr::namespace_of(plan, "network");
    return network && network->is_new();
}

int plan(ctr::Plan plan) {
    if (plan.operation() != CTR_OP_CREATE || !has_new_network_namespace(plan)) return 0;
    return plan.step(CTR_KIND_LINK_UP, CTR_ISOLATE)
        .arg("name", "lo")
        .gives(CTR_TOKEN_NETWORK_READY)
        .note("a new network namespace has lo, but down")
        .add();
}

} // namespace

CTR_PLUGIN("none", "0.1.0", plan);
