// SPDX-License-Identifier: MIT
//
// What a journal kept of the values that steps gave, for a process that carries on with the stored plan.
#pragma once

#include "base/json.hpp"
#include "launch/block.hpp"

#include <map>
#include <string>

namespace core::launch {

/// Gives a fresh block the recorded values; those that it does not have, or has with another type, are passed over.
void restore_values(Block &block, const std::map<std::string, Json> &values);

} // namespace core::launch
