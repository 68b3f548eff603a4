// SPDX-License-Identifier: MIT
//
// Prints a plan as a shell script: the container, the hard way.
#pragma once

#include "base/result.hpp"
#include "launch/block.hpp"

#include <string>

namespace core::launch {

Result<std::string> shell_script(const plan::Plan &plan, const KindLookup &lookup);

} // namespace core::launch
