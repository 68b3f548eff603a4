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

/// What `ctr_plan *` points to: a plan that is being made, and the plugin that is planning.
struct ctr_plan {
    const core::plan::Request *request = nullptr;
    core::plugin::Catalog *catalog = nullptr;
    core::sys::Machine *machine = nullptr;
    core::plan::Plan *plan = nullptr;
    core::plugin::Plugin *current = nullptr; // whose plan() runs; nullptr: none
    std::deque<std::string> answers;         // what was handed out as ctr_str
    std::set<std::string> directories;       // the state_dir and data_dir that were handed out
    std::optional<core::Error> failed;       // the first refusal
    /// For each step so far, the arguments that its kind takes; std::nullopt if the kind does not declare them.
    std::vector<std::optional<std::span<const core::Argument>>> declared;
    std::map<std::string, std::optional<std::vector<core::Argument>>> from_manifests; // by kind
    std::set<const core::plugin::Plugin *> sharers;                                   // plugins whose kinds others used
};

namespace core::plan {

/// Call it when all steps are known. The error names the first step whose argument gets a value of a wrong type.
Result<void> check_values(const ctr_plan &plan);

/// Exists while a plugin's plan() is called, which may then call the host's functions with this plan.
plugin::Calling calling(ctr_plan &plan);

/// Sets the functions of the table that are legal while planning.
void set_plan_functions(ctr_host &table);

} // namespace core::plan
