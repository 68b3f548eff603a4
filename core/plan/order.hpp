// SPDX-License-Identifier: MIT
//
// The order of a plan. Phases give the default order, tokens and values the exact one; ties go by plugin id, then by the order in which a
// plugin added its steps: never by load order. The result is one line-up for both processes; where a step needs what the other process
// gives after the clone, its wait_for says which step to wait for. Since both follow the same line-up, no two can wait for each other.
#pragma once

#include "base/result.hpp"
#include "plan/step.hpp"

#include <functional>

namespace core::plan {

/// Sorts plan.steps and sets wait_for. Errors: a token that nobody gives (names it, its needer and, from `known_givers`, which plugins could
/// give it), a value that nobody gives, a live value used where only durable ones are legal, a cycle (the chain is printed).
/// `known_givers`: the ids of installed plugins whose manifest says that they give that token.
using KnownGivers = std::function<std::vector<std::string>(const std::string &token)>;
Result<void> order(Plan &plan, const KnownGivers &known_givers);

} // namespace core::plan
