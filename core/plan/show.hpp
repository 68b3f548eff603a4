// SPDX-License-Identifier: MIT
//
// A plan for people: one row a step, in the order in which they run.
#pragma once

#include "plan/step.hpp"

#include <string>

namespace core::plan {

/// A table of phase, process, plugin, step and arguments; notes beneath when `notes` is set.
std::string show(const Plan &plan, bool notes);
/// "path=/x mode=493 rootfs=<rootfs>": how arguments are shown everywhere.
std::string show_args(const Step &step);

} // namespace core::plan
