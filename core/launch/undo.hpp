// SPDX-License-Identifier: MIT
//
// Takes parent steps back, in reverse order, as if in a fresh process: with the stored plan, and what the steps
// recorded. The same code serves a failed start, a stop, a delete and the recovery after a crash.
#pragma once

#include "base/json.hpp"
#include "launch/launch.hpp"

#include <map>
#include <string>
#include <vector>

namespace core::launch {

/// Hears how it goes, before and after each step.
class UndoListener {
public:
    virtual ~UndoListener() = default;
    virtual void begins(std::uint32_t step) = 0;
    virtual void failed(std::uint32_t step, const Error &error) = 0;
};

struct UndoRequest {
    const plan::Plan *plan = nullptr;
    std::vector<bool> to_undo;                           // by step: ran (or may have run), and is not yet undone
    const std::map<std::string, Json> *values = nullptr; // what was recorded
    UndoListener *listener = nullptr;                    // may be nullptr
    sys::Interruption *interruption = nullptr;           // ends what a step waits for, not the undoing
};

/// Goes on past errors, which the listener hears of; each undone step is recorded. A plugin that is missing blocks only
/// its own steps.
void undo(const UndoRequest &request, const KindLookup &lookup, Recorder &recorder);

} // namespace core::launch
