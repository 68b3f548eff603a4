// SPDX-License-Identifier: MIT
//
// Taking back what the steps of a container did, when it ends, is removed, or its owner has died.
#pragma once

#include "container/engine.hpp"
#include "container/journal.hpp"

#include <vector>

namespace core::container {

enum class Scope { until_stop, all };

/// Takes back the parent steps of that lifetime which ran and are not undone yet. The first error is returned, all
/// others named in it. `interruption` ends what a step waits for (a poststop OCI hook that hangs), not the undoing.
Result<void> undo_steps(Engine &engine, Journal &journal, Scope scope, sys::Interruption *interruption = nullptr);
/// The same for a container whose steps another process did: in a process of its own, step by step (undo_apart.cpp), so
/// that a plugin whose undo crashes, hangs or ends the process keeps only its own step.
Result<void> undo_steps_apart(Engine &engine, Journal &journal, Scope scope);
/// "Until stop" says that the container's processes are gone. Its cgroup stays until delete, with what it has counted,
/// so nothing else ends those that outlive its first process. Both of the above do it.
Result<void> end_the_rest(Engine &engine, const Journal &journal, Scope scope);
/// The steps that undo_steps() would take back.
std::vector<bool> steps_to_undo(const Record &record, Scope scope);
/// Many errors as one: the first, and in its hint the others.
Result<void> first_of(std::vector<Error> errors);

} // namespace core::container
