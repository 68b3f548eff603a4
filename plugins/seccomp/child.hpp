// SPDX-License-Identifier: MIT
//
// What happens in the child, between clone3 and execve.
#pragma once

#include <ctr/plugin.hpp>

namespace seccomp {

int channel_in_child(ctr_run *run);
int load_in_child(ctr_run *run);

} // namespace seccomp
