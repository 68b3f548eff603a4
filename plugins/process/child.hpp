// SPDX-License-Identifier: MIT
//
// What happens in the child, between clone3 and execve.
#pragma once

#include <ctr/plugin.hpp>

namespace process {

int scheduler_in_child(ctr_run *run);
int ioprio_in_child(ctr_run *run);
int personality_in_child(ctr_run *run);
int mempolicy_in_child(ctr_run *run);
int affinity_in_child(ctr_run *run);

} // namespace process
