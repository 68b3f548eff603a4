// SPDX-License-Identifier: MIT
//
// What follows the end of a container, or of its owner.
#pragma once

#include "container/engine.hpp"
#include "container/journal.hpp"

#include <vector>

namespace core::container {

enum class Scope { until_stop, all };

/// Takes back the parent steps of that lifetime which ran and are not undone yet. The first error is returned, all others named in it.
/// `interruption` ends what a step waits for (a poststop OCI hook that hangs), not the undoing.
Result<void> undo_steps(Engine &engine, Journal &journal, Scope scope, sys::Interruption *interruption = nullptr);
/// The same for a container whose steps another process did: in a process of its own, step by step (undo_apart.cpp), so that a plugin whose undo crashes,
/// hangs or ends the process keeps only its own step.
Result<void> undo_steps_apart(Engine &engine, Journal &journal, Scope scope);
/// "Until stop" says that the container's processes are gone. Its cgroup stays until delete, with what it has counted, so nothing else ends those that outlive
/// its first process. Both of the above do it.
Result<void> end_the_rest(Engine &engine, const Journal &journal, Scope scope);
/// The steps that undo_steps() would take back.
std::vector<bool> steps_to_undo(const Record &record, Scope scope);
/// Many errors as one: the first, and in its hint the others.
Result<void> first_of(std::vector<Error> errors);
/// Makes the directories that the plan's first row lists, but the container's own.
Result<void> make_shared_directories(const plan::Plan &plan, const std::string &own);
/// Makes the container's own directory, if the plan lists it or `anyway`. After the journal, which says that it may be there.
Result<void> make_own_directory(const Journal &journal, bool anyway);
/// The container's directory and its journal: last of all.
Result<void> remove_record(Journal &journal);
/// The master of the terminal that a plan's step opened; invalid if there is none. It is the caller's from here on.
Fd take_console(const plan::Plan &plan, launch::Launch &launch);
/// If the container of that name has no owner and is of no use to anybody (is_abandoned), it is taken back, so that its name is free.
Result<void> take_back_abandoned(Engine &engine, const std::string &id);
/// Kills the container's first process, if it still lives, and waits until it is gone. Frozen, by whomever, it is thawed for that.
Result<void> kill_init(Engine &engine, const std::string &id, const Record &record);

} // namespace core::container
