// SPDX-License-Identifier: MIT
#include "container/undo.hpp"

#include "container/running.hpp"
#include "launch/undo.hpp"

namespace core::container {

std::vector<bool> steps_to_undo(const Record &record, Scope scope) {
    std::vector<bool> steps(record.plan.steps.size(), false);
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const plan::Step &step = record.plan.steps[i];
        steps[i] = step.has_undo && record.intended[i] && !record.undone[i] &&
                   (scope == Scope::all || step.lifetime == CTR_UNTIL_STOP);
    }
    return steps;
}

Result<void> first_of(std::vector<Error> errors) {
    if (errors.empty()) return {};
    Error first = std::move(errors.front());
    for (std::size_t i = 1; i < errors.size(); ++i)
        first.hint += (i > 1 ? "; also: " : first.hint.empty() ? "also: " : "; also: ") + errors[i].text();
    return first;
}

Result<void> end_the_rest(Engine &engine, const Journal &journal, Scope scope) {
    if (scope == Scope::all || ends_with_first_process(engine, journal.record())) return {};
    auto ended = end_processes(engine, journal.file().substr(journal.file().rfind('/') + 1), journal.record());
    return ended.ok() || ended.error().error_class == CTR_E_UNSUPPORTED ? Result<void>() : std::move(ended);
}

namespace {

class Collector final : public launch::UndoListener {
public:
    void begins(std::uint32_t) override {}
    void failed(std::uint32_t, const Error &error) override { errors.push_back(error); }
    std::vector<Error> errors;
};

} // namespace

Result<void> undo_steps(Engine &engine, Journal &journal, Scope scope, sys::Interruption *interruption) {
    const Record &record = journal.record();
    Collector heard;
    if (auto ended = end_the_rest(engine, journal, scope); !ended.ok())
        heard.errors.push_back(std::move(ended).error());
    launch::undo({&record.plan, steps_to_undo(record, scope), &record.values, &heard, interruption}, engine.kinds(),
                 journal);
    return first_of(std::move(heard.errors));
}

} // namespace core::container
