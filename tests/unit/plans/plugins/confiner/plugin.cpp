// SPDX-License-Identifier: MIT
#include <ctr/plugin.hpp>

#include <sys/prctl.h>

namespace {

CTR_CHILD int set_slack(ctr_run *raw) {
    const ctr::ChildRun run(raw);
    return prctl(PR_SET_TIMERSLACK, run.integer("ns"), 0, 0, 0) == 0 ? 0 : run.fail("prctl");
}

/// The same for the container and for what is executed in it later.
int plan(ctr::Plan plan) {
    return plan.step("confiner.slack", CTR_CONFINE).arg("ns", plan.spec("/ctr/confiner").integer(0)).add();
}

constexpr auto slack = ctr::child_kind("confiner.slack", set_slack);

} // namespace

CTR_PLUGIN("confiner", "0.1.0", plan, &slack);
