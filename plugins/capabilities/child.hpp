// SPDX-License-Identifier: MIT
//
// What happens in the child, between clone3 and execve.
#pragma once

#include <ctr/plugin.hpp>

namespace capabilities {

int bound_in_child(ctr_run *run);
int interim_in_child(ctr_run *run);
int final_in_child(ctr_run *run);

} // namespace capabilities
