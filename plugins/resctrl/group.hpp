// SPDX-License-Identifier: MIT
//
// The steps: a group (class of service) with its schemata, a monitoring group in it, and a process in both.
#pragma once

#include <ctr/plugin.hpp>

namespace resctrl {

int group(ctr::Run run);
int group_undo(ctr::Run run);
int group_in_shell(ctr::Run run, ctr::Shell shell);
/// Changes the schemata of the group of a running container.
int update(ctr::Run run, const std::string &l3, const std::string &bandwidth);
int monitor(ctr::Run run);
int monitor_undo(ctr::Run run);
int monitor_in_shell(ctr::Run run, ctr::Shell shell);
int remove_in_shell(ctr::Run run, ctr::Shell shell);
int join(ctr::Run run);
int join_in_shell(ctr::Run run, ctr::Shell shell);

} // namespace resctrl
