// SPDX-License-Identifier: MIT
//
// Mounts of a container that lives already.
#pragma once

#include "container/engine.hpp"

#include <string>

namespace core::container {

/// Mounts what an OCI /mounts array lists, in its order. On failure those that were made are taken off again.
Result<void> add_mounts(Engine &engine, const std::string &id, const Json &mounts);
/// Takes off what is mounted at their destinations, in reverse.
Result<void> remove_mounts(Engine &engine, const std::string &id, const Json &mounts);

} // namespace core::container
