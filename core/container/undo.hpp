// SPDX-License-Identifier: MIT
//
// Undoes the steps of a container when it ends, is removed, or its owner has died.
#pragma once

#include "container/engine.hpp"
#include "container/journal.hpp"

#include <vector>

namespace core::container {

enum class Scope { until_stop, all };

/// Undoes the parent steps of that lifetime that ran and are not undone yet. Returns the first error, with the others
/// in its hint. `interruption` ends what a step waits for (a poststop OCI hook that hangs), but not the undoing.
Result<void> undo_steps(Engine &engine, Journal &journal, Scope scope, sys::Interruption *interruption = nullptr);
/// The same for a container whose steps another process carried out. The undo runs in a process of its own
/// (undo_apart.cpp), so that a plugin whose undo crashes, hangs or ends the process spoils only its own step.
Result<void> undo_steps_apart(Engine &engine, Journal &journal, Scope scope);
/// Scope::until_stop means that the container's processes are gone. But its cgroup stays until delete, because it has
/// the counters, so processes that outlive the first one must be ended here. Both functions above call this.
Result<void> end_the_rest(Engine &engine, const Journal &journal, Scope scope);
/// The steps that undo_steps() would undo.
std::vector<bool> steps_to_undo(const Record &record, Scope scope);
/// Makes one error of many: the first one, with the others in its hint.
Result<void> first_of(std::vector<Error> errors);

} // namespace core::container
