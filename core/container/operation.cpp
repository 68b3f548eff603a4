// SPDX-License-Identifier: MIT
#include "container/container.hpp"
#include "container/directories.hpp"
#include "container/undo.hpp"

#include <nlohmann/json.hpp>

namespace core::container {

Result<void> run_operation(Engine &engine, ctr_operation operation, const std::string &id, const Json &spec) {
    CTR_ASSIGN(plan::Plan plan, engine.plan(operation, id, spec, {}));
    const std::string file = engine.operations_dir() + "/" + id;
    CTR_TRY(make_shared_directories(plan, files_of(file)));
    CTR_ASSIGN(Journal journal, Journal::create(file, std::move(plan), Json{{"spec", spec}}));
    launch::Launch launch(journal.record().plan, engine.kinds(), journal, {});
    auto done = make_own_directory(journal, false);
    if (done.ok()) done = launch.run_parent_steps();
    if (done.ok()) return remove_record(journal);
    auto undone = undo_steps(engine, journal, Scope::all);
    if (undone.ok()) undone = remove_record(journal);
    if (!undone.ok())
        done.error().hint += (done.error().hint.empty() ? "" : "; ") +
                             std::string("besides, not all could be undone: ") + undone.error().text();
    return done;
}

} // namespace core::container
