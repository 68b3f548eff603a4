// SPDX-License-Identifier: MIT
//
// The life of a container. A Container object is the *owner* of one container: it holds the lock of the journal. Every
// verb exists twice: as a member of the object, for the process that creates, starts and waits (`ctr run`, a monitor),
// and as a function on the stored state, for `create`, `start` and `delete`, which are processes of their own.
#pragma once

#include "container/engine.hpp"
#include "container/journal.hpp"
#include "launch/launch.hpp"

#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace core::container {

struct CreateRequest {
    std::string id;
    Json spec; // validated
    std::map<std::string, std::string> drivers;
    Json meta = nullptr;     // kept with the container: image, bundle, ...
    bool own_gate = false;   // the child waits on a socket; any process may `start` it
    bool detached = false;   // without own_gate: once started, it outlives this process
    bool open_ahead = false; // without own_gate: the caller has nothing to do between create() and start()
    unsigned preserve_fds = 0;
    /// A directory to make below files_of() before the steps run; the caller uses it. Empty: none.
    std::string directory;
    sys::Interruption *interruption = nullptr; // may end it before the program runs; must outlive the Container
};

class Container {
public:
    /// Plans, writes the journal and carries the plan out up to the gate. On failure everything is undone and nothing
    /// is left.
    static Result<std::unique_ptr<Container>> create(Engine &engine, CreateRequest request);

    /// With own_gate: writes the state, and the child no longer depends on this process. Afterwards this object owns
    /// nothing.
    Result<void> commit();
    /// Opens the gate; the program runs when it returns. On failure everything is undone.
    Result<void> start();
    /// Call it after you reaped the process with sys::wait_for(child()). Undoes the steps that last until the container
    /// stops. Without `keep` it also undoes those that last until delete and removes the record, so that nothing is
    /// left.
    Result<void> clean_up(sys::Exit exit, bool keep);

    const sys::Child &child() const { return launch_->child(); }
    /// With `detached`, after start(): the container goes on without an owner, and this object owns nothing any more.
    Result<void> leave() { return journal_.commit(); }
    /// Call it when the caller itself failed between create() and start(): everything is undone. Returns `error`, with
    /// what could not be undone added to its hint.
    Error give_up(Error error);
    /// The master of the container's terminal, which the caller then owns; invalid if there is none. Call it before
    /// start(), which closes the descriptors that steps gave.
    Fd take_console();
    const plan::Plan &plan() const { return journal_.record().plan; }

private:
    Container(Engine &engine, Journal journal) : engine_(engine), journal_(std::move(journal)) {}

    Engine &engine_;
    Journal journal_;
    std::unique_ptr<launch::Launch> launch_;
    sys::Interruption *interruption_ = nullptr;
    Fd gate_;
};

/// Carries out a plan that has parent steps only, with a journal: image import and removal. On failure everything is
/// undone. `id` names the operation, not the image.
Result<void> run_operation(Engine &engine, ctr_operation operation, const std::string &id, const Json &spec);

/// Opens the gate of a container that another process created. If that fails, or is interrupted, the container is
/// destroyed.
Result<void> start(Engine &engine, const std::string &id, sys::Interruption *interruption = nullptr);
/// Undoes all steps and removes the container. `force` kills what still runs. Errors: busy if it runs or its owner is
/// at work. `guarded`: the undo runs in a process of its own (undo_apart.cpp), so that a plugin that crashes does not
/// end this one; this costs a sixth of the time of create, start and delete. `quick`, for a command that removes one
/// container and ends: the undo runs in this process, unless an earlier removal did not finish.
enum class Removal { guarded, quick };
Result<void> remove(Engine &engine, const std::string &id, bool force, Removal how = Removal::guarded);
/// Cleans up containers whose owner died before they could live without it, and finishes earlier stops and removals
/// that could not undo everything. Returns their ids. What could not be undone is described in `problems` and stays in
/// the journal for the next time. `on_the_way`: the command does something else and only recovers first, so it does not
/// try an undo again that crashed or hung before.
enum class Recovery { asked_for, on_the_way };
Result<std::vector<std::string>> recover(Engine &engine, Recovery how, std::vector<std::string> *problems);
/// The same for image operations whose ctr was killed, and for the layers that they left. The caller holds the image
/// lock (images.hpp). `done` and `problems` may be nullptr.
Result<void> recover_operations(Engine &engine, Recovery how, std::vector<std::string> *done,
                                std::vector<std::string> *problems);

struct ExecRequest {
    std::string id;
    Json process;                         // a complete OCI process object
    Json ctr;                             // the description's object /ctr; null: none
    std::vector<std::string> sub_cgroups; // "[CONTROLLER[,CONTROLLER]:]PATH" below the container's; empty: its own
    bool detached = false;                // once it runs, it outlives this process
    bool open_ahead = false;              // the caller has nothing to do before it runs
    unsigned preserve_fds = 0;
    sys::Interruption *interruption = nullptr; // may end it before it runs; must outlive it
};

/// One more process in a created or running container.
struct Exec {
    std::unique_ptr<plan::Plan> plan;
    std::unique_ptr<launch::Recorder> recorder;
    std::unique_ptr<launch::Launch> launch;

    /// When exec() returns, the process waits at its gate, so that the caller can first tell others about it (terminal,
    /// pid). start() lets the program run.
    Result<void> start();
    Fd take_console();
};
Result<Exec> exec(Engine &engine, const ExecRequest &request);

enum class Status { creating, created, running, paused, stopped };
const char *status_name(Status status);
/// What the journal says; never Status::paused, which only state() reports.
Status status_of(const Record &record);

struct State {
    std::string id;
    Status status = Status::stopped;
    int pid = 0;
    std::int64_t exit_status = -1; // -1: unknown
    Json meta;
    std::map<std::string, std::string> drivers;
    unsigned owner = 0;     // user id of the owner of its journal
    bool abandoned = false; // its owner died at work; `ctr recover` cleans up
};

/// Reads without a lock, so the answer may be out of date at once.
Result<State> state(const Engine &engine, const std::string &id);
/// Containers that cannot be read are described in `problems`, unless it is nullptr.
Result<std::vector<State>> list(const Engine &engine, std::vector<std::string> *problems = nullptr);

} // namespace core::container
