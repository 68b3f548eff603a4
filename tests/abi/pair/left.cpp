// SPDX-License-Identifier: MIT
#include <ctr/plugin.hpp>

namespace {

CTR_CHILD int apply(ctr_run *) { return 0; }
int shell(ctr::Run, ctr::Shell shell) { return shell.text(": left"); }
constexpr ctr_step_kind nothing = ctr::child_kind<shell>("left.nothing", apply);

int plan(ctr::Plan plan) { return plan.step("left.nothing", CTR_ISOLATE).add(); }

} // namespace

CTR_PLUGIN("left", "1", plan, &nothing);
