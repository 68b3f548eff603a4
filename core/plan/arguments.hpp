// SPDX-License-Identifier: MIT
//
// A step's arguments against what its kind takes.
#pragma once

#include "base/arguments.hpp"
#include "plan/step.hpp"

#include <map>
#include <optional>
#include <span>
#include <string>

namespace core::plan {

/// What is wrong with them, in words; nothing if they fit.
std::optional<std::string> argument_problem(const std::vector<Arg> &args, std::span<const Argument> declared);

/// Once all steps are there: does each argument that names a value get one of its type?
std::optional<std::string> value_problem(const std::vector<Arg> &args, std::span<const Argument> declared,
                                         const std::map<std::string, ctr_type> &values);

} // namespace core::plan
