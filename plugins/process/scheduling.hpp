// SPDX-License-Identifier: MIT
//
// /process/scheduler, /process/ioPriority and /linux/personality: one system call for each.
#pragma once

#include <ctr/plugin.hpp>

namespace process {

int plan_scheduler(ctr::Plan plan);
int plan_ioprio(ctr::Plan plan);
int plan_personality(ctr::Plan plan);

int scheduler_in_shell(ctr::Run run, ctr::Shell shell);
int ioprio_in_shell(ctr::Run run, ctr::Shell shell);
int personality_in_shell(ctr::Run run, ctr::Shell shell);

} // namespace process
