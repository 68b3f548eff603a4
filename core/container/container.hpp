// SPDX-License-Identifier: MIT
//
// The life of a container. A Container object is the *owner* of one: it holds the journal's lock. Every verb exists
// twice: on the object, for the process that creates, starts and waits (`ctr run`, a monitor), and as a function on the
// stored state, for create, start and delete in processes of their own.
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
    bool own_gate = false;   // the child waits on a socket for `start`, from whatever process
    bool detached = false;   // without own_gate: once started, nobody's death kills it
    bool open_ahead = false; // without own_gate: the caller has nothing to do between create() and start()
    unsigned preserve_fds = 0;
    std::string directory; // made among the container's files before its steps run, for the caller; empty: none
    sys::Interruption *interruption = nullptr; // what ends it before the program runs; it outlives the container
};

class Container {
public:
    /// Plans, journals, carries out, up to the gate. On failure everything is undone and nothing is left.
    static Result<std::unique_ptr<Container>> create(Engine &engine, CreateRequest request);

    /// With own_gate: writes the state and lets the child live on its own. Afterwards this object owns nothing.
    Result<void> commit();
    /// Opens the gate; the program runs when it returns. On failure everything is undone.
    Result<void> start();
    /// Call it after you reaped the process, sys::wait_for(child()): takes back what lives until stop. Without `keep`,
    /// until delete too: nothing is left.
    Result<void> clean_up(sys::Exit exit, bool keep);

    const sys::Child &child() const { return launch_->child(); }
    /// With `detached`, after start(): it goes on without an owner; this object owns nothing any more.
    Result<void> leave() { return journal_.commit(); }
    /// What follows a failure of the caller's own between create and start: everything is undone.
    Error give_up(Error error);
    /// The terminal's master, if the container has one; it is the caller's. Before start(), which gives up what steps
    /// gave.
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

/// A journaled plan of parent steps alone: image import and removal. On failure everything is undone. `id` names the
/// operation, not the image.
Result<void> run_operation(Engine &engine, ctr_operation operation, const std::string &id, const Json &spec);

/// Opens the gate of a container that another process created. If that fails, or is interrupted, the container is
/// destroyed.
Result<void> start(Engine &engine, const std::string &id, sys::Interruption *interruption = nullptr);
/// Takes everything back and removes the container. `force` kills what still runs. Errors: busy while it runs or its
/// owner works. `guarded`: what a plugin's undo does to its process is survived, by a process in between
/// (undo_apart.cpp), which costs a sixth of create, start and delete. `quick`, for a command that removes one container
/// and ends: so only if an earlier removal did not come back.
enum class Removal { guarded, quick };
Result<void> remove(Engine &engine, const std::string &id, bool force, Removal how = Removal::guarded);
/// For containers whose owner died before they were on their own, and for what an earlier stop or removal could not
/// take back: does it. Returns their ids. What could not be undone is in `problems`, and stays in the journal for the
/// next time. Who recovers on the way to something else does not wait for an undo that crashed or hung before.
enum class Recovery { asked_for, on_the_way };
Result<std::vector<std::string>> recover(Engine &engine, Recovery how, std::vector<std::string> *problems);
/// The same for image operations whose ctr was killed, and for layers that they left. The caller holds the image lock
/// (images.hpp).
Result<void> recover_operations(Engine &engine, Recovery how, std::vector<std::string> *done,
                                std::vector<std::string> *problems);

struct ExecRequest {
    std::string id;
    Json process;                         // an OCI process object, complete
    Json ctr;                             // the object /ctr beside it; null: none
    std::vector<std::string> sub_cgroups; // "[CONTROLLER[,CONTROLLER]:]PATH" below the container's own; empty: that one
    bool detached = false;                // nobody's death kills it once it runs
    bool open_ahead = false;              // the caller has nothing to do before it runs
    unsigned preserve_fds = 0;
    sys::Interruption *interruption = nullptr; // what ends it before it runs; it outlives it
};

/// One more process in a created or running container.
struct Exec {
    std::unique_ptr<plan::Plan> plan;
    std::unique_ptr<launch::Recorder> recorder;
    std::unique_ptr<launch::Launch> launch;

    /// The process stands at its gate when exec() returns: what the caller tells others of it (terminal, pid) is told
    /// first. Then the program runs.
    Result<void> start();
    Fd take_console();
};
Result<Exec> exec(Engine &engine, const ExecRequest &request);

enum class Status { creating, created, running, paused, stopped };
const char *status_name(Status status);
/// As its journal says, but for "paused".
Status status_of(const Record &record);

struct State {
    std::string id;
    Status status = Status::stopped;
    int pid = 0;
    std::int64_t exit_status = -1; // -1: unknown
    Json meta;
    std::map<std::string, std::string> drivers;
    unsigned owner = 0;     // user id of who made it
    bool abandoned = false; // its owner died at work: `ctr recover`
};

/// Read without any lock; the truth at this moment.
Result<State> state(const Engine &engine, const std::string &id);
/// Those that cannot be read are named in `problems`, if it is given.
Result<std::vector<State>> list(const Engine &engine, std::vector<std::string> *problems = nullptr);

} // namespace core::container
