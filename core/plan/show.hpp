// SPDX-License-Identifier: MIT
//
// Shows a plan to people: one row for each step, in the order in which they run.
#pragma once

#include "plan/step.hpp"

#include <string>

namespace core::plan {

/// A table of phase, process, plugin, step and arguments. With `notes` each step's note follows it.
std::string show(const Plan &plan, bool notes);
/// "path=/x mode=0755 rootfs=<rootfs>": how arguments are shown everywhere.
std::string show_args(const Step &step);

} // namespace core::plan
