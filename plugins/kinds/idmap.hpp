// SPDX-License-Identifier: MIT
//
// Writes the id maps of a new user namespace.
#pragma once

#include <ctr/plugin.hpp>

namespace kinds {

/// Writes the step's arguments uid and gid ("INSIDE OUTSIDE SIZE") as the maps of that process's user namespace. Fails
/// the step.
int write_id_maps(ctr::Run run, const std::string &pid);

} // namespace kinds
