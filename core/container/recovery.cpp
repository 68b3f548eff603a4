// SPDX-License-Identifier: MIT
//
// Cleans up containers whose owner died at work, and finishes stops and removals that could not undo everything.
#include "container/recovery.hpp"

#include "container/directories.hpp"
#include "container/images.hpp"
#include "container/running.hpp"
#include "container/undo.hpp"
#include "sys/files.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace core::container {
namespace {

/// True if a stop or removal could not undo everything: a plugin was missing, or its undo failed.
bool is_half_undone(const Record &record) {
    if (record.stage != Stage::stopped || record.plan.steps.empty()) return false; // read without its steps, so unknown
    const auto pending = [&](Scope scope) {
        const std::vector<bool> steps = steps_to_undo(record, scope);
        return std::find(steps.begin(), steps.end(), true) != steps.end();
    };
    return record.removing || pending(Scope::until_stop);
}

/// Recovers one container. If it was to be removed at its end, all of it is removed. Returns true if there was
/// something to do.
Result<bool> recover_one(Engine &engine, Recovery how, const std::string &file) {
    auto journal = Journal::open(file);
    if (!journal.ok()) {
        if (journal.error().error_class == CTR_E_BUSY) return false;
        // The owner was killed before it wrote a plan, so there is nothing to undo.
        if (journal.error().error_class == CTR_E_NOT_FOUND) {
            CTR_TRY(Journal::remove_unbegun(file));
            return true;
        }
        return std::move(journal).error();
    }
    const Record &record = journal.value().record();
    if (!is_abandoned(record, 0) && !is_half_undone(record)) return false;
    if (record.stuck && how == Recovery::on_the_way)
        return failure(CTR_E_BUSY, "the undo of one of its steps crashed or hung before",
                       "`ctr recover` tries it once more");
    const bool keep =
        record.stage != Stage::creating && !record.removing && !record.meta.value("/about/rm"_json_pointer, false);
    const bool was_stopped = record.stage == Stage::stopped;
    CTR_TRY(kill_init(engine, file.substr(file.rfind('/') + 1), record));
    if (!was_stopped && keep) static_cast<void>(journal.value().stopped(-1)); // the state can be seen without this line
    CTR_TRY(undo_steps_apart(engine, journal.value(), keep ? Scope::until_stop : Scope::all));
    if (!keep) CTR_TRY(remove_record(journal.value()));
    return true;
}

Result<void> recover_all_in(Engine &engine, Recovery how, const std::string &parent, std::vector<std::string> *done,
                            std::vector<std::string> *problems) {
    auto names = sys::list_directory(parent);
    if (!names.ok())
        return names.error().errno_value == ENOENT ? Result<void>() : Result<void>(std::move(names).error());
    for (const std::string &name : names.value()) {
        if (Journal::owner(parent + "/" + name) != 0) continue; // a cheap check first: most have a living owner
        auto recovered = apart(parent + "/" + name, [&] { return recover_one(engine, how, parent + "/" + name); });
        if (recovered.ok() && recovered.value() && done != nullptr) done->push_back(name);
        if (!recovered.ok() && problems != nullptr)
            problems->push_back(name + ": " + recovered.error().text() +
                                (recovered.error().hint.empty() ? "" : "\n  hint: " + recovered.error().hint));
    }
    return {};
}

} // namespace

bool is_abandoned(const Record &record, int owner) {
    if (owner != 0) return false;
    if (record.stage == Stage::stopped)
        return std::any_of(record.intended.begin(), record.intended.end(), [](bool x) { return x; }) &&
               record.meta.value("/about/rm"_json_pointer, false);
    return !record.committed || !record.alive();
}

Result<void> take_back_abandoned(Engine &engine, const std::string &id) {
    const std::string file = engine.journal_of(id);
    if (Journal::owner(file) != 0) return {};
    auto taken = recover_one(engine, Recovery::asked_for, file);
    return taken.ok() ? Result<void>()
                      : Result<void>(std::move(taken).error().in("taking back what is left of an earlier " + id));
}

Result<std::vector<std::string>> recover(Engine &engine, Recovery how, std::vector<std::string> *problems) {
    std::vector<std::string> done;
    CTR_TRY(recover_all_in(engine, how, engine.containers_dir(), &done, problems));
    if (::access(engine.operations_dir().c_str(), F_OK) != 0) return done;
    CTR_ASSIGN(const auto lock, lock_images(engine, false)); // an image command with the lock does it
    if (lock) CTR_TRY(recover_operations(engine, how, &done, problems));
    return done;
}

Result<void> recover_operations(Engine &engine, Recovery how, std::vector<std::string> *done,
                                std::vector<std::string> *problems) {
    std::vector<std::string> here;
    CTR_TRY(recover_all_in(engine, how, engine.operations_dir(), &here, problems));
    if (done != nullptr) done->insert(done->end(), here.begin(), here.end());
    return here.empty() ? Result<void>() : collect_layers(engine);
}

} // namespace core::container
