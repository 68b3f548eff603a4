// SPDX-License-Identifier: MIT
//
// The order of a plan. Phases give the default order, tokens and values the exact one; ties go by plugin id, then by
// the order in which a plugin added its steps: never by load order. The result is one line-up for both processes; where
// a step needs what the other process gives after the clone, its wait_for says which step to wait for. Since both
// follow the same line-up, no two can wait for each other.
#pragma once

#include "base/result.hpp"
#include "plan/step.hpp"
#include "plan/tokens.hpp"

namespace core::plan {

/// Sorts plan.steps and sets wait_for. Errors: a token that is needed and that nobody gives, a token that there is not
/// (both name it, its step and, from `tokens`, who could give it or what was meant), a value that nobody gives, a live
/// value used where only durable ones are legal, a cycle (the chain is printed).
Result<void> order(Plan &plan, const Tokens &tokens);

} // namespace core::plan
