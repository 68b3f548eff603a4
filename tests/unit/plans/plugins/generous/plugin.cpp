// SPDX-License-Identifier: MIT
#include <ctr/plugin.hpp>

namespace {
int plan(ctr::Plan plan) {
    return plan.step(CTR_KIND_LINK_UP, CTR_ISOLATE).arg("name", "lo").gives("generous.raedy").add();
}
} // namespace

CTR_PLUGIN("generous", "0.1.0", plan);
