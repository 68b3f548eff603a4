// SPDX-License-Identifier: MIT
//
// Writing the id maps of a user namespace that was just made.
#pragma once

#include <ctr/plugin.hpp>

namespace kinds {

/// Writes the step's arguments uid and gid ("INSIDE OUTSIDE SIZE") as the maps of that process's user namespace. Fails
/// the step.
int write_id_maps(ctr::Run run, const std::string &pid);

} // namespace kinds
