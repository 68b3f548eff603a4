// SPDX-License-Identifier: MIT
//
// What the command line of update asks for.
#pragma once

#include "base/json.hpp"
#include "base/result.hpp"
#include "front/cli/options.hpp"

namespace core::oci {

/// A linux.resources object from --resources FILE (- is standard input), or from options. Errors name the option or the
/// file.
Result<Json> read_resources(const cli::Arguments &arguments);
/// The linux.intelRdt object: not a resource of the cgroup. null if nothing is asked for.
Json read_rdt(const cli::Arguments &arguments);
/// Since version 1.3 of the specification pids.limit is a pointer too, and 0 a limit. In a container that was made from
/// an older document 0 says nothing.
bool zero_pids_is_meant(const Json &spec);
/// Takes pids out of `resources` where it says nothing.
void drop_pids(Json &resources, bool zero_is_meant);

} // namespace core::oci
