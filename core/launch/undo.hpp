// SPDX-License-Identifier: MIT
//
// Takes parent steps back, in reverse order, as if in a fresh process: with the stored plan, and what the steps recorded. The same code serves a failed
// start, a stop, a delete and the recovery after a crash.
#pragma once

#include "base/json.hpp"
#include "launch/launch.hpp"

#include <map>
#include <string>
#include <vector>

namespace core::launch {

struct UndoRequest {
    const plan::Plan *plan = nullptr;
    std::vector<bool> to_undo;                           // by step: ran (or may have run), and is not yet undone
    const std::map<std::string, Json> *values = nullptr; // what was recorded
    sys::Interruption *interruption = nullptr;           // ends what a step waits for, not the undoing
};

/// Goes on past errors; each undone step is recorded. The first error is returned, and `failed` lists what could not be undone.
/// A plugin that is missing blocks only its own steps.
Result<void> undo(const UndoRequest &request, const KindLookup &lookup, Recorder &recorder,
                  std::vector<std::string> *failed);

/// Gives a fresh block the recorded values.
void restore_values(Block &block, const std::map<std::string, Json> &values);

} // namespace core::launch
