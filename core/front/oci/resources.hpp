// SPDX-License-Identifier: MIT
//
// The resources that the command line of `update` asks for.
#pragma once

#include "base/json.hpp"
#include "base/result.hpp"
#include "front/cli/options.hpp"

namespace core::oci {

/// A linux.resources object from --resources FILE (- is standard input), or from options. Errors name the option or the
/// file.
Result<Json> read_resources(const cli::Arguments &arguments);
/// The linux.intelRdt object, which is no resource of the cgroup; null if nothing is asked for.
Json read_rdt(const cli::Arguments &arguments);
/// True if 0 is a limit for pids.limit: since version 1.3 of the specification the field is a pointer. In a container
/// that was made from an older document 0 means "not set".
bool zero_pids_is_meant(const Json &spec);
/// Removes pids from `resources` if it is not set.
void drop_pids(Json &resources, bool zero_is_meant);

} // namespace core::oci
