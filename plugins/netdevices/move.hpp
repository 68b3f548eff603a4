// SPDX-License-Identifier: MIT
//
// The step: one interface into one namespace.
#pragma once

#include <ctr/plugin.hpp>

namespace netdevices {

int move(ctr::Run run);
int move_in_shell(ctr::Run run, ctr::Shell shell);

} // namespace netdevices
