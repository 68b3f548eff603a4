// SPDX-License-Identifier: MIT
//
// This clones a child as exec does, but without a program: it joins the container's namespaces, carries out the steps
// of its plan, and is killed when it reaches the gate. The parent opens sources on the machine. Nothing is written to
// the journal, because these mounts end with the container's mount namespace.
#include "container/mounts.hpp"

#include "container/container.hpp"
#include "container/journal.hpp"
#include "sys/process.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace core::container {
namespace {

struct Target {
    std::string id;
    int pid = 0;
    Fd pidfd;
    Json spec; // the container's description without its mounts
};

const std::vector<std::string> asked = {"/mounts", "/ctr/unmount"};

Result<Target> find(Engine &engine, const std::string &id) {
    CTR_TRY(check_id(id));
    CTR_ASSIGN(Record record, Journal::read(engine.journal_of(id), Journal::Part::without_steps));
    Target target{id, record.pid, sys::open_pidfd(record.pid), Json::object()};
    if ((record.stage != Stage::created && record.stage != Stage::running) || !target.pidfd.valid() || !record.alive())
        return failure(CTR_E_NOT_FOUND, "container not running: " + id, "`state` says how it is");
    target.spec = std::move(record.meta["spec"]);
    target.spec.erase("mounts");
    Json &ctr = target.spec["ctr"];
    ctr.erase("unmount"); // only what is asked for now
    ctr["container"] = {{"pid", record.pid}};
    return target;
}

/// Carries out what `target.spec` asks for.
Result<void> carry_out(Engine &engine, const Target &target) {
    CTR_ASSIGN(const plan::Plan plan, engine.plan(CTR_OP_MOUNT, target.id, target.spec, {}, asked));
    launch::LaunchOptions options;
    options.init_pid = target.pid;
    options.init_pidfd = target.pidfd.get();
    options.protect_executable = engine.config().protect_executable;
    launch::Unrecorded recorder;
    launch::Launch launch(plan, engine.kinds(), recorder, options);
    auto done = launch.create();
    launch.kill();
    return done;
}

Result<void> remove_at(Engine &engine, Target &target, const Json &destinations) {
    target.spec.erase("mounts");
    target.spec["ctr"]["unmount"] = destinations;
    return carry_out(engine, target);
}

} // namespace

Result<void> add_mounts(Engine &engine, const std::string &id, const Json &mounts) {
    CTR_ASSIGN(Target target, find(engine, id));
    target.spec["mounts"] = mounts;
    CTR_TRY(engine.plan(CTR_OP_MOUNT, id, target.spec, {}, asked)); // a first check of the whole list
    Json made = Json::array();
    for (const Json &mount : mounts) {
        target.spec["mounts"] = Json::array({mount});
        auto done = carry_out(engine, target);
        if (done.ok()) {
            if (const Json options = mount.value("options", Json::array());
                std::find(options.begin(), options.end(), "remount") == options.end())
                made.push_back(mount["destination"]);
            continue;
        }
        Error error = std::move(done).error().in(mount["destination"].get<std::string>());
        if (!made.empty())
            if (auto gone = remove_at(engine, target, made); !gone.ok())
                error.hint += "; besides, mounts made before it are still there: " + gone.error().text();
        return error;
    }
    return {};
}

Result<void> remove_mounts(Engine &engine, const std::string &id, const Json &mounts) {
    CTR_ASSIGN(Target target, find(engine, id));
    Json destinations = Json::array();
    for (const Json &mount : mounts)
        destinations.push_back(mount["destination"]);
    return destinations.empty() ? Result<void>() : remove_at(engine, target, destinations);
}

} // namespace core::container
