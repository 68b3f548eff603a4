// SPDX-License-Identifier: MIT
//
// The planning half of the host's table: what a plugin's plan() may call.
#pragma once

#include "base/json.hpp"
#include "plan/arguments.hpp"
#include "plan/planner.hpp"
#include "plugin/callback.hpp"

#include <deque>
#include <optional>
#include <set>

/// What `ctr_plan *` points to: one plan that is being made, and whose turn it is.
struct ctr_plan {
    const core::plan::Request *request = nullptr;
    core::plugin::Catalog *catalog = nullptr;
    core::sys::Machine *machine = nullptr;
    core::plan::Plan *plan = nullptr;
    core::plugin::Plugin *current = nullptr; // whose plan() runs; nullptr: no plugin may call
    std::deque<std::string> answers;         // what was handed out as ctr_str
    std::set<std::string> directories;       // state_dir and data_dir that were handed out
    std::optional<core::Error> failed;       // the first refusal
    /// For each step of the plan so far, what its kind takes; nothing if a plugin's kind does not say.
    std::vector<std::optional<std::span<const core::Argument>>> declared;
    std::map<std::string, std::optional<std::vector<core::Argument>>> from_manifests; // by kind
    std::set<const core::plugin::Plugin *> sharers;                                   // whose kinds others used
};

namespace core::plan {

/// When all steps are there: the first whose argument gets a value of another type.
Result<void> check_values(const ctr_plan &plan);

/// Stands around the call of a plugin's plan(), which may then call the host's functions with this plan.
plugin::Calling calling(ctr_plan &plan);

/// Sets the members of the table that are legal in planning.
void set_plan_functions(ctr_host &table);

} // namespace core::plan
