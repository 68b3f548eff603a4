// SPDX-License-Identifier: MIT
//
// Checks a step's arguments against those that its kind takes.
#pragma once

#include "base/arguments.hpp"
#include "plan/step.hpp"

#include <map>
#include <optional>
#include <span>
#include <string>

namespace core::plan {

/// Says what is wrong with the arguments; std::nullopt if they fit.
std::optional<std::string> argument_problem(const std::vector<Arg> &args, std::span<const Argument> declared);

/// Call it when all steps are known: says which argument that names a value has one of a wrong type; std::nullopt if
/// none.
std::optional<std::string> value_problem(const std::vector<Arg> &args, std::span<const Argument> declared,
                                         const std::map<std::string, ctr_type> &values);

} // namespace core::plan
