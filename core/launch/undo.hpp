// SPDX-License-Identifier: MIT
//
// Undoes parent steps in reverse order, as a fresh process would: from the stored plan and from what the steps
// recorded. The same code serves a failed start, a stop, a delete and the recovery after a crash.
#pragma once

#include "base/json.hpp"
#include "launch/launch.hpp"

#include <map>
#include <string>
#include <vector>

namespace core::launch {

/// Is told when the undo of a step begins, and when it fails.
class UndoListener {
public:
    virtual ~UndoListener() = default;
    virtual void begins(std::uint32_t step) = 0;
    virtual void failed(std::uint32_t step, const Error &error) = 0;
};

struct UndoRequest {
    const plan::Plan *plan = nullptr;
    std::vector<bool> to_undo;                           // by step: it ran, or may have run, and is not yet undone
    const std::map<std::string, Json> *values = nullptr; // what was recorded
    UndoListener *listener = nullptr;                    // may be nullptr
    sys::Interruption *interruption = nullptr;           // may be nullptr; ends what a step waits for, not the undoing
};

/// Goes on after an error, of which the listener is told. Each undone step is recorded. If a plugin is missing, only
/// its own steps stay.
void undo(const UndoRequest &request, const KindLookup &lookup, Recorder &recorder);

} // namespace core::launch
