// SPDX-License-Identifier: MIT
//
// The container's state as hooks get it on their standard input: runtime-spec, runtime.md "State".
#pragma once

#include <ctr/plugin.hpp>

#include <string>
#include <string_view>

namespace hooks {

/// The state's text as a template. `status`: creating, created, running, stopped; a stopped container has no pid.
std::string state_of(ctr::Plan plan, const std::string &bundle, const std::string &status);

} // namespace hooks
