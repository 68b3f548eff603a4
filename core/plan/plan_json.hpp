// SPDX-License-Identifier: MIT
//
// A plan as JSON: whole for `ctr plan --format json`, and stored as the first record of a container's journal.
#pragma once

#include "base/json.hpp"
#include "plan/step.hpp"

namespace core {
class JsonWriter;
}

namespace core::plan {

/// Stored is what `start`, `update` and undo may want to know in another process: every step, but not why it is there
/// and in that order, what was asked of the machine, and the arguments of those that only the forked child carries out,
/// before the gate. That is two thirds of a plan.
enum class Form { whole, stored };
void write(JsonWriter &out, const Plan &plan, Form form);
Json to_json(const Plan &plan);
/// Errors: of a record that this or an older release did not write.
Result<Plan> from_json(const Json &json);

} // namespace core::plan
