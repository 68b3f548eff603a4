// SPDX-License-Identifier: MIT
//
// The verbs on a container that another process created: what they know stands in its journal.
#include "container/container.hpp"

#include "container/images.hpp"
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
namespace {

Status status_of(const Record &record) {
    if (record.stage == Stage::stopped) return Status::stopped;
    if (record.stage == Stage::creating) return Status::creating;
    if (!record.alive()) return Status::stopped;
    return record.stage == Stage::created ? Status::created : Status::running;
}

/// Nobody's stop or removal took all back that it should have: a plugin was missing, or its undo failed.
bool is_half_undone(const Record &record) {
    if (record.stage != Stage::stopped || record.plan.steps.empty()) return false; // read without its steps: unknown
    const auto pending = [&](Scope scope) {
        const std::vector<bool> steps = steps_to_undo(record, scope);
        return std::find(steps.begin(), steps.end(), true) != steps.end();
    };
    return record.removing || pending(Scope::until_stop);
}

/// Its owner died at work: nobody holds the lock, and it is not one of the states that need no owner. One that was not on its own yet dies with
/// the owner, which may take it a moment: that it still lives says nothing.
bool is_abandoned(const Record &record, int owner) {
    if (owner != 0) return false;
    if (record.stage == Stage::stopped)
        return std::any_of(record.intended.begin(), record.intended.end(), [](bool x) { return x; }) &&
               record.meta.value("/about/rm"_json_pointer, false);
    return !record.committed || !record.alive();
}

/// Each container stands alone: what a damaged file of one makes the libraries throw is that one's error.
template <typename Work> auto apart(const std::string &file, Work work) -> decltype(work()) {
    try {
        return work();
    } catch (const std::exception &e) {
        return invalid(file, std::string("what is stored of the container is damaged: ") + e.what(),
                       "`ctr rm -f` or `ctr-oci delete --force` removes it");
    }
}

/// One container whose owner is gone: what is to be taken back is, and if it goes away with its end, all of it.
Result<bool> recover_one(Engine &engine, Recovery how, const std::string &file) {
    auto journal = Journal::open(file);
    if (!journal.ok()) {
        if (journal.error().error_class == CTR_E_BUSY) return false;
        // Killed before the first line: without a plan there is nothing to undo.
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
    if (!was_stopped && keep) static_cast<void>(journal.value().stopped(-1)); // it shows without the line, too
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
        if (Journal::owner(parent + "/" + name) != 0) continue; // cheap: most have a living owner
        auto recovered = apart(parent + "/" + name, [&] { return recover_one(engine, how, parent + "/" + name); });
        if (recovered.ok() && recovered.value() && done != nullptr) done->push_back(name);
        if (!recovered.ok() && problems != nullptr)
            problems->push_back(name + ": " + recovered.error().text() +
                                (recovered.error().hint.empty() ? "" : "\n  hint: " + recovered.error().hint));
    }
    return {};
}

} // namespace

Result<void> take_back_abandoned(Engine &engine, const std::string &id) {
    const std::string file = engine.journal_of(id);
    if (Journal::owner(file) != 0) return {};
    auto taken = recover_one(engine, Recovery::asked_for, file);
    return taken.ok() ? Result<void>()
                      : Result<void>(std::move(taken).error().in("taking back what is left of an earlier " + id));
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
        // not_found: it went away meanwhile, or is half made: `recover` looks after it
    }
    return all;
}

namespace {

/// The child carries its steps out with the code that it was made with; here only the parent's are left.
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
    if (started.ok()) started = launch.started();
    if (started.ok()) return {};
    // runtime-spec, runtime.md "Lifecycle": a failed start goes on where a container is destroyed, and then poststop OCI hooks run. It is gone
    // afterwards, and its name is free, as with a failed create.
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

/// By force, of one whose record is damaged. What its plan lists is taken back, whatever of it was done; without a plan only the record can go.
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
    // SIGKILL waits for the thaw under cgroup v1. If it fails, the undo of the cgroup's step says what is wrong.
    if (force) {
        // A foreground owner notices the death itself and cleans up; then there is nothing left to do here.
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
    // Who dies while it undoes leaves word that it began: the next one does not risk its own life for it.
    const bool apart_from_us = how == Removal::guarded || record.removing || record.stuck;
    static_cast<void>(journal.value().removing());
    CTR_TRY(apart_from_us ? undo_steps_apart(engine, journal.value(), Scope::all)
                          : undo_steps(engine, journal.value(), Scope::all));
    return remove_record(journal.value());
}

Result<std::vector<std::string>> recover(Engine &engine, Recovery how, std::vector<std::string> *problems) {
    std::vector<std::string> done;
    CTR_TRY(recover_all_in(engine, how, engine.containers_dir(), &done, problems));
    if (::access(engine.operations_dir().c_str(), F_OK) != 0) return done;
    CTR_ASSIGN(const auto lock, lock_images(engine, false)); // an image command that runs looks after it
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

namespace {

/// Where the container's cgroup is was decided when it was made. "PATH" is one below it, "CONTROLLER,CONTROLLER:PATH" that of some controllers of cgroup v1:
/// the driver's to carry out.
Result<void> add_cgroup(const Record &record, const std::vector<std::string> &asked, Json &ctr) {
    std::string below;
    Json by_controller = Json::object();
    for (const std::string &each : asked) {
        const auto colon = each.rfind(':');
        std::string path = colon == std::string::npos ? each : each.substr(colon + 1);
        if (("/" + path + "/").find("/../") != std::string::npos)
            return invalid("--cgroup " + each, path + " is not a sub cgroup path",
                           "name one below the container's cgroup");
        while (!path.empty() && path.back() == '/')
            path.pop_back();
        if (!path.empty() && path[0] != '/') path.insert(0, "/");
        if (colon == std::string::npos && asked.size() > 1)
            return invalid("--cgroup " + each, "beside another --cgroup it needs a controller", "CONTROLLER:PATH");
        if (colon == std::string::npos) below = path;
        for (std::size_t from = 0; colon != std::string::npos && from <= colon;) {
            const auto end = std::min(each.find(',', from), colon);
            by_controller[each.substr(from, end - from)] = path;
            from = end + 1;
        }
    }
    if (!ctr.contains("cgroup") && !record.cgroup.empty()) ctr["cgroup"] = record.cgroup + below;
    if (!by_controller.empty()) ctr["cgroups"] = std::move(by_controller);
    return {};
}

/// What an exec is planned from: the container's own description, so that whatever confines the container confines every program in it, with
/// another program.
struct Description {
    Json spec;
    std::vector<std::string> asked; // the parts of it that are new
};

Result<Description> one_more_program(const Engine &engine, Record &record, const ExecRequest &request) {
    Description out;
    out.spec = std::move(record.meta["spec"]);
    for (const std::string &path : engine.vocabulary().paths_of_program()) {
        const Json::json_pointer at(path);
        if (out.spec.contains(at)) out.spec[at.parent_pointer()].erase(at.back());
    }
    out.spec["process"] = request.process;
    out.asked = {"/process"};
    Json &ctr = out.spec["ctr"];
    if (!request.ctr.is_null())
        for (const auto &[key, value] : request.ctr.items()) {
            ctr[key] = value;
            out.asked.push_back("/ctr/" + key);
        }
    ctr["container"] = {{"pid", record.pid}, {"cgroup", record.cgroup}};
    CTR_TRY(add_cgroup(record, request.sub_cgroups, ctr));
    return out;
}

} // namespace

Result<Exec> exec(Engine &engine, const ExecRequest &request) {
    CTR_TRY(check_id(request.id));
    CTR_ASSIGN(Record record, Journal::read(engine.journal_of(request.id), Journal::Part::without_steps));
    if (const Status status = status_of(record); status != Status::running && status != Status::created)
        return failure(CTR_E_INVALID,
                       "cannot exec in a " + std::string(status_name(status)) + " container: " + request.id,
                       "exec needs a created or running container");
    CTR_ASSIGN(const Description description, one_more_program(engine, record, request));

    Exec out;
    CTR_ASSIGN(plan::Plan plan,
               engine.plan(CTR_OP_EXEC, request.id, description.spec, record.plan.drivers, description.asked));
    out.plan = std::make_unique<plan::Plan>(std::move(plan));
    const Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, record.pid, 0U)));
    if (!pidfd.valid() || !record.alive())
        return failure(CTR_E_NOT_FOUND, "cannot exec in a stopped container (container not running): " + request.id);
    out.recorder = std::make_unique<launch::Unrecorded>();
    launch::LaunchOptions options;
    options.init_pid = record.pid;
    options.init_pidfd = pidfd.get();
    options.outlives_owner = request.detached;
    options.open_ahead = request.open_ahead;
    options.protect_executable = engine.config().protect_executable;
    options.preserve_fds = request.preserve_fds;
    options.interruption = request.interruption;
    out.launch = std::make_unique<launch::Launch>(*out.plan, engine.kinds(), *out.recorder, options);
    CTR_TRY(out.launch->create());
    return out;
}

Result<void> Exec::start() {
    auto opened = launch->open_gate();
    if (!opened.ok()) launch->kill();
    return opened;
}

Fd Exec::take_console() { return container::take_console(*plan, *launch); }

} // namespace core::container
