// SPDX-License-Identifier: MIT
//
// The built-in kinds of step (sdk/include/ctr/kinds.h says what each does). They are written with the SDK, like a plugin's, and
// run through the same table; the few things they need beyond it stand below.
#pragma once

#include "base/arguments.hpp"

#include <ctr/plugin.h>
#include <span>

namespace core::kinds {

/// All built-in kinds, ended by nullptr. Kinds of process CTR_PROCESS_CLONE have no apply: the executor reads their arguments.
const ctr_step_kind *const *all();
/// What each of them takes.
std::span<const KindArguments> arguments();

/// [child] Sets what host->root_fd() answers and paths inside the container are resolved against. Takes the descriptor.
/// Implemented by core/launch/child.cpp.
CTR_CHILD void set_root_fd(ctr_run *run, int fd);
/// [child] The parent death signal that must be armed again after ids change (setresuid clears it, prctl(2)); 0: none.
CTR_CHILD int death_signal(ctr_run *run);
/// A descriptor that is readable when the command is to end, for who waits for something else; -1: none, always so in the child, whose owner kills it.
CTR_CHILD int interrupt(ctr_run *run);
/// [child] The user's home directory, for the program's HOME. Does nothing if its environment has that variable already.
CTR_CHILD void set_home(ctr_run *run, const char *directory);
/// [child] What the program will get, as far as it is known: the user's home since the step that makes the process that user.
CTR_CHILD const char *const *program_environment(ctr_run *run);
/// [child] The environment has no HOME yet.
CTR_CHILD bool wants_home(ctr_run *run);
/// [child] Of a step that stands among those that confine the container's program: what confines a process that the step made in the same way, by all steps
/// behind it. nullptr: the step stands before them. The function returns 0 or, when it has told why, not at all.
CTR_CHILD int (*confinement_behind(ctr_run *run))(void *);

} // namespace core::kinds
