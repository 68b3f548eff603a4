// SPDX-License-Identifier: MIT
//
// SCMP_ACT_NOTIFY: the supervisor at the other end of listenerPath gets the filter's descriptor and the container
// process state.
#pragma once

#include <ctr/plugin.hpp>

namespace seccomp {

/// Adds seccomp.channel and seccomp.notify, both after the tokens that seccomp.load comes after: because the parent can
/// do nothing else while it waits for the descriptor. 0, or -1: the plan was refused.
int plan_notify(ctr::Plan plan, const std::vector<std::string> &after);

int notify_step(ctr::Run run);
int notify_in_shell(ctr::Run run, ctr::Shell shell);
int channel_in_shell(ctr::Run run, ctr::Shell shell);

} // namespace seccomp
