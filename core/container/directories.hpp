// SPDX-License-Identifier: MIT
//
// The directories that the engine itself makes and removes for a container: the plan's first row lists them.
#pragma once

#include "base/result.hpp"
#include "container/journal.hpp"

#include <string>

namespace core::container {

/// Makes the directories that the plan's first row lists, except the container's own.
Result<void> make_shared_directories(const plan::Plan &plan, const std::string &own);
/// Makes the container's own directory, if the plan lists it or `anyway` is set. Call it after the journal was made,
/// because recovery finds the directory by its journal.
Result<void> make_own_directory(const Journal &journal, bool anyway);
/// Removes the container's directory and its journal, and gives the lock up. The last thing that is done to a
/// container.
Result<void> remove_record(Journal &journal);

} // namespace core::container
