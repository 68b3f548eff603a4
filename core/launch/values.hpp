// SPDX-License-Identifier: MIT
//
// Restores the values that steps gave from a journal, for a process that goes on with a stored plan.
#pragma once

#include "base/json.hpp"
#include "launch/block.hpp"

#include <map>
#include <string>

namespace core::launch {

/// Gives a fresh block the recorded values. A value that the block does not have, or has with another type, is skipped.
void restore_values(Block &block, const std::map<std::string, Json> &values);

} // namespace core::launch
