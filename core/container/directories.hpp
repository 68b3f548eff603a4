// SPDX-License-Identifier: MIT
//
// The directories of a container that the engine makes and removes: those that the plan's first row lists.
#pragma once

#include "base/result.hpp"
#include "container/journal.hpp"

#include <string>

namespace core::container {

/// Makes the directories that the plan's first row lists, but the container's own.
Result<void> make_shared_directories(const plan::Plan &plan, const std::string &own);
/// Makes the container's own directory, if the plan lists it or `anyway`. After the journal, which says that it may be
/// there.
Result<void> make_own_directory(const Journal &journal, bool anyway);
/// The container's directory and its journal: last of all.
Result<void> remove_record(Journal &journal);

} // namespace core::container
