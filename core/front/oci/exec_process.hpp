// SPDX-License-Identifier: MIT
//
// The process that the command line of `exec` asks for.
#pragma once

#include "base/json.hpp"
#include "base/result.hpp"
#include "front/cli/options.hpp"

namespace core::oci {

/// A complete process object: that of --process FILE, or the container's own, changed by the flags and the command.
/// Errors name the option or the file.
Result<Json> process_of_exec(const cli::Arguments &arguments, const Json &of_container);

} // namespace core::oci
