// SPDX-License-Identifier: MIT
//
// A plan as JSON: whole for `ctr plan --format json`, and stored as the second line of a container's journal.
#pragma once

#include "base/json.hpp"
#include "plan/step.hpp"

namespace core {
class JsonWriter;
}

namespace core::plan {

/// `stored` has what `start`, `update` and undo need in another process: every step. It leaves out why a step is there
/// and in this order, the answers of the machine, and the arguments of steps that only the child carries out before the
/// gate. That saves two thirds of a plan.
enum class Form { whole, stored };
void write(JsonWriter &out, const Plan &plan, Form form);
Json to_json(const Plan &plan);
/// Errors: it is no plan that this or an older release wrote.
Result<Plan> from_json(const Json &json);

} // namespace core::plan
