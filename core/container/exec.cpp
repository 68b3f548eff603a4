// SPDX-License-Identifier: MIT
//
// Runs one more program in a living container.
#include "container/container.hpp"

#include "container/record.hpp"
#include "launch/run.hpp"
#include "sys/process.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace core::container {
namespace {

/// Puts the cgroup of the new program into `ctr`. The container's own cgroup is known from its journal. "PATH" is a
/// cgroup below it; "CONTROLLER,CONTROLLER:PATH" is one for some controllers of cgroup v1, which the driver carries
/// out.
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
    if (!record.cgroup.empty()) ctr["cgroup"] = record.cgroup + below;
    if (!by_controller.empty()) ctr["cgroups"] = std::move(by_controller);
    return {};
}

/// What an exec is planned from: the container's own description with another program in it, so that every program in
/// the container is confined as its first one is.
struct Description {
    Json spec;
    std::vector<std::string> asked; // paths in `spec` that this exec adds
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
    // These are the engine's words to plugins, for one exec. A description may come with its own.
    for (const char *word : {"cgroup", "cgroups", "container"})
        ctr.erase(word);
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
    const Fd pidfd = sys::open_pidfd(record.pid);
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

Fd Exec::take_console() { return launch->take_terminal(); }

} // namespace core::container
