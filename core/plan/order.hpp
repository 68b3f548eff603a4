// SPDX-License-Identifier: MIT
//
// The order of a plan. Phases give the default order, tokens and values the exact one. Ties are broken by plugin id,
// then by the order in which a plugin added its steps, never by load order. The result is one order for both processes.
// If a step needs what the other process gives after the clone, its wait_for says which step to wait for. Because both
// processes follow the same order, they can never wait for each other.
#pragma once

#include "base/result.hpp"
#include "plan/step.hpp"
#include "plan/tokens.hpp"

namespace core::plan {

/// Sorts plan.steps and sets wait_for. Errors: a token that is needed but not given, or an unknown token (both name it,
/// its step and, from `tokens`, who could give it or what was meant); a value that nobody gives; a live value where
/// only durable ones are legal; a cycle (the chain is printed).
Result<void> order(Plan &plan, const Tokens &tokens);

} // namespace core::plan
