// SPDX-License-Identifier: MIT
//
// create, start and clean_up: the verbs of the owner. stored.cpp has the verbs for other processes; exec.cpp and
// mounts.cpp have what is done in a living container.
#include "container/container.hpp"

#include "container/directories.hpp"
#include "container/recovery.hpp"
#include "container/undo.hpp"
#include "launch/run.hpp"
#include "sys/clock.hpp"
#include "sys/files.hpp"
#include "sys/socket.hpp"

namespace core::container {

Result<std::unique_ptr<Container>> Container::create(Engine &engine, CreateRequest request) {
    CTR_TRY(check_id(request.id));
    // Checked before any plugin plans, because a driver would only report that the data of such a container exists. The
    // check that counts is in Journal::create().
    const std::string file = engine.journal_of(request.id);
    if (::access(file.c_str(), F_OK) == 0) {
        CTR_TRY(take_back_abandoned(engine, request.id));
        if (::access(file.c_str(), F_OK) == 0) return name_in_use(file);
    }
    CTR_ASSIGN(plan::Plan plan, engine.plan(CTR_OP_CREATE, request.id, request.spec, request.drivers));
    request.meta["created"] = sys::timestamp();
    Json meta = Json::object();
    meta["spec"] = std::move(request.spec);
    meta["about"] = std::move(request.meta);
    CTR_TRY(make_shared_directories(plan, files_of(file)));
    CTR_ASSIGN(Journal journal, Journal::create(file, std::move(plan), std::move(meta)));
    std::unique_ptr<Container> container(new Container(engine, std::move(journal)));
    // From here on there is something to undo, so every error goes through give_up().
    if (auto made = make_own_directory(container->journal_, request.own_gate || !request.directory.empty()); !made.ok())
        return container->give_up(std::move(made).error());
    if (!request.directory.empty())
        if (auto made = sys::make_directories(files_of(file) + "/" + request.directory, 0755); !made.ok())
            return container->give_up(std::move(made).error());
    launch::LaunchOptions options;
    options.protect_executable = engine.config().protect_executable;
    options.preserve_fds = request.preserve_fds;
    options.outlives_owner = request.detached;
    options.open_ahead = request.open_ahead;
    options.interruption = container->interruption_ = request.interruption;
    if (request.own_gate) {
        auto gate = sys::listen_at(gate_of(file), SOCK_SEQPACKET);
        if (!gate.ok()) return container->give_up(std::move(gate).error());
        container->gate_ = std::move(gate).value();
        options.gate = container->gate_.get();
    }
    container->launch_ =
        std::make_unique<launch::Launch>(container->plan(), engine.kinds(), container->journal_, options);
    auto created = container->launch_->create();
    if (created.ok() && !request.open_ahead) created = container->journal_.created();
    if (!created.ok()) return container->give_up(std::move(created).error());
    return container;
}

Result<void> Container::commit() {
    auto committed = launch_->commit();
    if (committed.ok()) committed = journal_.commit();
    if (!committed.ok()) return give_up(std::move(committed).error());
    return {};
}

Result<void> Container::start() {
    auto started = launch_->open_gate();
    if (started.ok()) started = journal_.running();
    if (started.ok()) started = launch_->run_started_steps();
    if (started.ok()) launch_->close_values(); // now, while the program runs, because nobody waits for us
    if (!started.ok()) return give_up(std::move(started).error());
    return {};
}

Result<void> Container::clean_up(sys::Exit exit, bool keep) {
    // The line is not needed to see that the container has ended, so a full disk must not stop the undo.
    if (auto noted = journal_.stopped(exit.shell_status()); !noted.ok() && keep && launch::log_sink != nullptr)
        launch::log_sink(CTR_LOG_WARN, "core", ("the exit status is not kept: " + noted.error().text()).c_str());
    CTR_TRY(undo_steps(engine_, journal_, keep ? Scope::until_stop : Scope::all, interruption_));
    if (!keep) return remove_record(journal_);
    return {};
}

Fd Container::take_console() { return launch_->take_terminal(); }

/// Returns the given error; what could not be undone is added to its hint and stays in the journal.
Error Container::give_up(Error error) {
    if (launch_) launch_->kill();
    launch_.reset();
    auto undone = undo_steps(engine_, journal_, Scope::all, interruption_);
    if (undone.ok()) undone = remove_record(journal_);
    if (!undone.ok())
        error.hint += (error.hint.empty() ? "" : "; ") + std::string("besides, not all could be undone: ") +
                      undone.error().text() + " (`ctr recover` tries again)";
    return error;
}

} // namespace core::container
