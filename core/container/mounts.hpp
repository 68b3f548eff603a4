// SPDX-License-Identifier: MIT
//
// Adds and removes mounts in a living container.
#pragma once

#include "container/engine.hpp"

#include <string>

namespace core::container {

/// Mounts what an OCI /mounts array lists, in its order. On failure the mounts that were already made are removed.
Result<void> add_mounts(Engine &engine, const std::string &id, const Json &mounts);
/// Unmounts what is mounted at the destinations of `mounts`, in reverse order.
Result<void> remove_mounts(Engine &engine, const std::string &id, const Json &mounts);

} // namespace core::container
