// SPDX-License-Identifier: MIT
#include "launch/undo.hpp"

#include "launch/launch.hpp"
#include "launch/run.hpp"
#include "launch/values.hpp"
#include "sys/in_plugin.hpp"

namespace core::launch {
namespace {

constexpr const char *missing_plugin_hint = "install it again; then `ctr recover` (with the same --run-root), or the "
                                            "same command again, takes back what is left";

Result<void> undo_step(const UndoRequest &request, Block &block, std::uint32_t index, Recorder &recorder) {
    const plan::Plan &plan = *request.plan;
    const PackedStep &step = block.steps[index];
    if (step.kind == nullptr)
        return failure(CTR_E_NOT_FOUND, "the plugin " + std::string(step.plugin) + " is missing", missing_plugin_hint)
            .in("undo of " + step_title(plan, index));
    if (step.kind->undo == nullptr) return recorder.undone(index);
    if (log_wanted(CTR_LOG_DEBUG)) log_sink(CTR_LOG_DEBUG, "core", ("undo of " + step_text(plan, index)).c_str());
    ctr_run run;
    run.context = CTR_IN_UNDO;
    run.block = &block;
    run.interrupt = request.interruption == nullptr ? -1 : request.interruption->fd();
    begin_step(&run, index);
    at_boundary("before undo", index);
    const int code = [&] {
        const sys::InPlugin inside(step.plugin, "undo");
        const auto context = calling(run);
        return step.kind->undo(&run);
    }();
    if (code != 0 || run.failed)
        return (run.failed ? to_error(run.error)
                           : failure(CTR_E_INTERNAL, "it failed without saying why", "this is a bug of the plugin"))
            .in("undo of " + step_title(plan, index));
    at_boundary("after undo", index);
    CTR_TRY(recorder.undone(index));
    at_boundary("after undone", index);
    return {};
}

} // namespace

void undo(const UndoRequest &request, const KindLookup &lookup, Recorder &recorder) {
    const auto block = Block::pack(*request.plan, lookup, &request.to_undo);
    restore_values(*block, *request.values);
    for (std::size_t i = request.plan->steps.size(); i-- > 0;) {
        if (!request.to_undo[i]) continue;
        const auto step = static_cast<std::uint32_t>(i);
        if (request.listener != nullptr) request.listener->begins(step);
        auto undone = undo_step(request, *block, step, recorder);
        // It has already interrupted the undo above.
        if (request.interruption != nullptr) request.interruption->take();
        if (!undone.ok() && request.listener != nullptr) request.listener->failed(step, undone.error());
    }
}

} // namespace core::launch
