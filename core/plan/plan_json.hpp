// SPDX-License-Identifier: MIT
//
// The stored form of a plan: `ctr plan --format json`, and the first record of a container's journal.
#pragma once

#include "base/json.hpp"
#include "plan/step.hpp"

namespace core {
class JsonWriter;
}

namespace core::plan {

/// What was asked of the machine is for `ctr plan`; an undo asks nothing, so a journal leaves it out.
enum class Answers { with, without };
void write(JsonWriter &out, const Plan &plan, Answers answers);
Json to_json(const Plan &plan);
/// Errors: of a record that this or an older release did not write.
Result<Plan> from_json(const Json &json);

} // namespace core::plan
