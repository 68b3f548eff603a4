// SPDX-License-Identifier: MIT
//
// The verbs on a container that another process created. All that they know comes from its journal.
#include "container/container.hpp"

#include "container/directories.hpp"
#include "container/recovery.hpp"
#include "container/running.hpp"
#include "container/undo.hpp"
#include "launch/run.hpp"
#include "launch/undo.hpp"
#include "sys/files.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace core::container {

Status status_of(const Record &record) {
    if (record.stage == Stage::stopped) return Status::stopped;
    if (record.stage == Stage::creating) return Status::creating;
    if (!record.alive()) return Status::stopped;
    return record.stage == Stage::created ? Status::created : Status::running;
}

const char *status_name(Status status) {
    switch (status) {
    case Status::creating: return "creating";
    case Status::created: return "created";
    case Status::running: return "running";
    case Status::paused: return "paused";
    case Status::stopped: return "stopped";
    }
    return "?";
}

Result<State> state(const Engine &engine, const std::string &id) {
    CTR_TRY(check_id(id));
    CTR_ASSIGN(Record record, Journal::read(engine.journal_of(id), Journal::Part::without_steps));
    State out;
    out.id = id;
    out.status = status_of(record);
    const bool lives = out.status == Status::running || out.status == Status::created;
    if (lives && record.paused) out.status = Status::paused;
    out.pid = record.alive() ? record.pid : 0;
    out.exit_status = record.exit_status;
    out.drivers = record.plan.drivers;
    out.abandoned = is_abandoned(record, Journal::owner(engine.journal_of(id)));
    out.meta = std::move(record.meta);
    if (struct stat st{}; ::stat(engine.journal_of(id).c_str(), &st) == 0) out.owner = st.st_uid;
    return out;
}

Result<std::vector<State>> list(const Engine &engine, std::vector<std::string> *problems) {
    std::vector<State> all;
    auto names = sys::list_directory(engine.containers_dir());
    if (!names.ok())
        return names.error().errno_value == ENOENT ? Result<std::vector<State>>(std::move(all))
                                                   : Result<std::vector<State>>(std::move(names).error());
    for (const std::string &id : names.value()) {
        auto one = apart(engine.journal_of(id), [&] { return state(engine, id); });
        if (one.ok())
            all.push_back(std::move(one).value());
        else if (problems != nullptr && one.error().error_class != CTR_E_NOT_FOUND)
            problems->push_back(id + ": " + one.error().text());
        // not_found: it was removed meanwhile, or it is half made, and then `recover` cleans up
    }
    return all;
}

namespace {

/// Looks up only the parent's steps behind the gate: the child already has the code of its own steps in memory.
launch::KindLookup kinds_behind_gate(Engine &engine, const plan::Plan &plan) {
    return [all = engine.kinds(), &plan](const std::string &plugin, const std::string &kind) -> const ctr_step_kind * {
        const bool needed = std::any_of(plan.steps.begin(), plan.steps.end(), [&](const plan::Step &step) {
            return step.process == CTR_PROCESS_PARENT && plan::era(step.phase) >= 3 && step.kind == kind &&
                   step.plugin == plugin;
        });
        return needed ? all(plugin, kind) : nullptr;
    };
}

} // namespace

Result<void> start(Engine &engine, const std::string &id, sys::Interruption *interruption) {
    CTR_ASSIGN(Journal journal, Journal::open(engine.journal_of(id)));
    const Record &record = journal.record();
    if (status_of(record) != Status::created)
        return failure(CTR_E_INVALID, id + " is " + status_name(status_of(record)) + ", not created",
                       "only a created container can be started");
    launch::LaunchOptions options;
    options.interruption = interruption;
    launch::Launch launch(record.plan, kinds_behind_gate(engine, record.plan), journal, options);
    launch.restore(record.values, record.pid);
    CTR_TRY(launch.knock(gate_of(engine.journal_of(id))));
    auto started = launch.open_gate();
    if (started.ok()) started = journal.running();
    if (started.ok()) started = launch.run_started_steps();
    if (started.ok()) return {};
    // The runtime-spec (runtime.md, "Lifecycle") says that a container whose start fails is destroyed and its poststop
    // OCI hooks run. Afterwards it is gone and its name is free, as after a failed create.
    Error error = std::move(started).error();
    auto undone = kill_init(engine, id, record);
    if (undone.ok()) static_cast<void>(journal.stopped(-1));
    if (undone.ok()) undone = undo_steps_apart(engine, journal, Scope::all);
    if (undone.ok()) undone = remove_record(journal);
    if (!undone.ok())
        error.hint += (error.hint.empty() ? "" : "; ") + std::string("besides, not all could be undone: ") +
                      undone.error().text() + " (`delete` tries again)";
    return error;
}

namespace {

/// Forced removal of a container whose record is damaged. Every step of its plan is undone, whether it ran or not. If
/// there is no plan, only the record can be removed.
Result<void> remove_damaged(Engine &engine, const std::string &id) {
    const std::string file = engine.journal_of(id);
    auto journal = Journal::open_damaged(file);
    if (!journal.ok() && journal.error().error_class == CTR_E_INVALID) {
        const std::string why = journal.error().text();
        CTR_TRY(Journal::remove_unreadable(file));
        if (::access(files_of(file).c_str(), F_OK) == 0) CTR_TRY(sys::remove_tree(files_of(file)));
        if (launch::log_sink != nullptr)
            launch::log_sink(
                CTR_LOG_WARN, "core",
                ("removed a record that could not be read (" + why +
                 "): what the container had on the machine may be left, look for its id in mounts, links and cgroups")
                    .c_str());
        return {};
    }
    if (!journal.ok()) return std::move(journal).error();
    CTR_TRY(kill_init(engine, id, journal.value().record()));
    CTR_TRY(undo_steps_apart(engine, journal.value(), Scope::all));
    return remove_record(journal.value());
}

} // namespace

Result<void> remove(Engine &engine, const std::string &id, bool force, Removal how) {
    CTR_TRY(check_id(id));
    const std::string file = engine.journal_of(id);
    // Under cgroup v1 SIGKILL has no effect until the container is thawed. If the thaw fails, the undo of the cgroup's
    // step reports why.
    if (force) {
        // An owner in the foreground notices the death and cleans up itself. Then there is nothing left to do here.
        auto record = Journal::read(file, Journal::Part::without_steps);
        if (!record.ok() && record.error().error_class == CTR_E_NOT_FOUND && ::access(file.c_str(), F_OK) != 0)
            return record.error();
        if (!record.ok() && record.error().error_class == CTR_E_INVALID)
            return apart(file, [&] { return remove_damaged(engine, id); });
        if (record.ok() && record.value().paused) static_cast<void>(freeze(engine, id, false));
        if (record.ok()) CTR_TRY(kill_init(engine, id, record.value()));
    }
    auto journal = Journal::open(file);
    for (int i = 0; i < 500 && force && !journal.ok() && journal.error().error_class == CTR_E_BUSY; ++i) {
        ::usleep(10000);
        journal = Journal::open(file);
    }
    if (!journal.ok()) {
        if (force && ::access(file.c_str(), F_OK) != 0) return {};
        if (journal.error().error_class == CTR_E_NOT_FOUND && ::access(file.c_str(), F_OK) == 0 &&
            Journal::owner(file) == 0)
            return Journal::remove_unbegun(file);
        return std::move(journal).error();
    }
    const Record &record = journal.value().record();
    if (!force && record.alive())
        return failure(CTR_E_BUSY, id + " is " + status_name(status_of(record)),
                       "stop it first, or remove it by force: ctr rm -f " + id);
    CTR_TRY(kill_init(engine, id, record));
    // The journal says that a removal began. If that earlier one did not finish, a plugin may have killed it, so this
    // removal runs the undo in another process.
    const bool apart_from_us = how == Removal::guarded || record.removing || record.stuck;
    static_cast<void>(journal.value().removing());
    CTR_TRY(apart_from_us ? undo_steps_apart(engine, journal.value(), Scope::all)
                          : undo_steps(engine, journal.value(), Scope::all));
    return remove_record(journal.value());
}

} // namespace core::container
