// SPDX-License-Identifier: MIT
//
// Prints a plan as a shell script that makes the container with ordinary commands.
#pragma once

#include "base/result.hpp"
#include "launch/block.hpp"

#include <string>

namespace core::launch {

Result<std::string> shell_script(const plan::Plan &plan, const KindLookup &lookup);

} // namespace core::launch
