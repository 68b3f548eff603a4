// SPDX-License-Identifier: MIT
//
// create, start, run: a bundle becomes a container.
//
//   create            run                    run --detach
//   plan, up to the gate: the same for all three (bring_up)
//   commit            start                  start
//                     wait, delete           leave it on its own
#include "front/oci/app.hpp"

#include "front/cli/bundle.hpp"
#include "front/cli/notify.hpp"
#include "front/cli/terminal.hpp"
#include "front/oci/rendezvous.hpp"
#include "sys/files.hpp"
#include "sys/process.hpp"

#include <climits>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sys/prctl.h>
#include <unistd.h>

namespace core::oci {
namespace {

using container::Container;

enum class Mode { create, run, run_detached };

Result<std::string> absolute(const std::string &path) {
    char resolved[PATH_MAX];
    if (::realpath(path.c_str(), resolved) == nullptr) return system_error("realpath", path);
    return std::string(resolved);
}

Result<container::CreateRequest> read_request(App &app, const Arguments &arguments, Mode mode) {
    container::CreateRequest request;
    request.id = arguments.positional()[0];
    request.drivers = app.drivers();
    request.own_gate = mode == Mode::create;
    request.detached = mode == Mode::run_detached;
    request.open_ahead = mode != Mode::create && nothing_to_tell(arguments);
    CTR_ASSIGN(const std::string bundle, absolute(arguments.one("bundle", ".")).in("--bundle"));
    request.meta = {{"rm", mode == Mode::run && !arguments.has("keep")}};
    std::string config = arguments.one("config");
    if (!config.empty() && config[0] != '/') {
        CTR_ASSIGN(config, absolute(config).in("--config"));
    }
    CTR_ASSIGN(const container::Engine *engine, app.engine());
    if (auto read = cli::read_bundle(engine->config(), bundle, config, request); !read.ok()) {
        const std::string file = config.empty() ? bundle + "/config.json" : config;
        if (read.error().errno_value == ENOENT && read.error().path == file)
            return std::move(read).error().in("JSON specification file " + file.substr(file.rfind('/') + 1) +
                                              " not found");
        return std::move(read).error();
    }
    if (!request.spec.contains("process"))
        return invalid("/process", "missing: there is no program to run", "the bundle's config.json says it");
    Json &process = request.spec["process"];
    CTR_TRY(check_console(arguments, process.value("terminal", false), mode == Mode::run));
    CTR_ASSIGN(request.preserve_fds, passed_fds(arguments, process));
    if (mode == Mode::run && process.value("terminal", false) && !cli::wants_carriage_returns())
        request.spec["ctr"]["onlcr"] = false;
    if (cli::wants_notify(request.spec)) {
        CTR_TRY(container::check_id(request.id));
        cli::add_notify(*engine, request);
    }
    if (arguments.has("no-pivot")) request.spec["ctr"]["pivot"] = false;
    if (arguments.has("no-new-keyring")) request.spec["ctr"]["keyring"] = false;
    return request;
}

/// Brings the container up to the gate and tells the engine what it wants to know.
Result<Container *> bring_up(App &app, const Arguments &arguments, container::CreateRequest request, Fd &console) {
    CTR_ASSIGN(container::Engine * engine, app.engine());
    CTR_ASSIGN(auto container, Container::create(*engine, std::move(request)));
    console = container->take_console();
    if (auto told = tell_engine(arguments, container->child(), console); !told.ok())
        return container->give_up(std::move(told).error());
    return &engine->keep(std::move(container));
}

int report_start(const App &app, const Error &error, const std::string &program, const cli::ForwardedSignals &signals) {
    app.log().fatal(message_for_engines(error, program), error.hint);
    return signals.status(exit_failed);
}

/// Waits for the end of a container in the foreground.
int attend_to_end(App &app, const Arguments &arguments, Container &container, cli::ForwardedSignals &signals,
                  Fd console, std::optional<cli::Notify> &notify) {
    const int pid = container.child().pid;
    const auto clean_up = [&](const sys::Exit &exit) {
        if (notify) notify->pass_on(pid);
        if (auto cleaned = container.clean_up(exit, arguments.has("keep")); !cleaned.ok())
            app.report(std::move(cleaned).error().in("the container ended, but not all could be taken back"));
    };
    const cli::Watch watch = {notify ? notify->fd() : -1, [&] { notify->pass_on(pid); }};
    auto ended = cli::attend(container.child(), signals, std::move(console), true, clean_up, watch);
    return ended.ok() ? ended.value().shell_status() : app.report(ended.error());
}

/// For a detached program that talks to a service manager: this command ends when the program is ready, as with runc.
void leave_notify(const App &app, cli::Notify &notify, int pid, int pidfd, cli::ForwardedSignals &signals) {
    notify.until_ready(pid, pidfd, signals.interruption());
    if (auto stays = notify.stay(pid, pidfd); !stays.ok())
        app.log().line(CTR_LOG_WARN, "nobody passes on what it says by sd_notify: " + stays.error().text());
}

int make(App &app, const Arguments &arguments, Mode mode) {
    auto request = read_request(app, arguments, mode);
    if (!request.ok()) return app.report(request.error());
    const std::string program = request.value().spec.value("/process/args/0"_json_pointer, "");
    const std::string id = request.value().id;
    const bool with_notify = !request.value().directory.empty() && mode != Mode::create; // else `start` listens
    // The container's orphans become children of this process, which knows of them and waits for them.
    if (mode == Mode::run && !arguments.has("no-subreaper")) ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    cli::ForwardedSignals signals;
    request.value().interruption = &signals.interruption();
    Fd console;
    auto container = bring_up(app, arguments, std::move(request).value(), console);
    if (!container.ok()) return report_start(app, container.error(), program, signals);
    Container &made = *container.value();
    std::optional<cli::Notify> notify;
    if (with_notify) {
        auto listening = cli::Notify::listen(cli::notify_directory(*app.engine().value(), id));
        if (!listening.ok()) return report_start(app, made.give_up(std::move(listening).error()), program, signals);
        notify.emplace(std::move(listening).value());
    }
    auto gone_on = mode == Mode::create ? made.commit() : made.start();
    if (!gone_on.ok()) return report_start(app, gone_on.error(), program, signals);
    if (mode == Mode::run) return attend_to_end(app, arguments, made, signals, std::move(console), notify);
    if (mode == Mode::create) return 0;
    auto left = made.leave();
    if (left.ok() && notify) leave_notify(app, *notify, made.child().pid, made.child().pidfd.get(), signals);
    return left.ok() ? 0 : report_start(app, made.give_up(std::move(left).error()), program, signals);
}

/// In runc's words.
Error not_created(const std::string &id, container::Status status) {
    using container::Status;
    const std::string hint = "only a created container can be started: " + id;
    if (status == Status::stopped) return failure(CTR_E_INVALID, "cannot start a container that has stopped", hint);
    if (status == Status::running) return failure(CTR_E_INVALID, "cannot start an already running container", hint);
    return failure(CTR_E_INVALID,
                   std::string("cannot start a container in the ") + container::status_name(status) + " state", hint);
}

} // namespace

int create_command(App &app, const Arguments &arguments) { return make(app, arguments, Mode::create); }

int run_command(App &app, const Arguments &arguments) {
    return make(app, arguments, arguments.has("detach") ? Mode::run_detached : Mode::run);
}

int start_command(App &app, const Arguments &arguments) {
    auto engine = app.engine();
    if (!engine.ok()) return app.report(engine.error());
    const std::string &id = arguments.positional()[0];
    auto state = container::state(*engine.value(), id);
    if (!state.ok()) return app.report(state.error());
    if (state.value().status != container::Status::created) return app.report(not_created(id, state.value().status));
    cli::ForwardedSignals signals;
    // Must listen before the program runs, because it may speak at once. Only a container that `create` made for this
    // has the directory.
    std::optional<cli::Notify> notify;
    const std::string directory = cli::notify_directory(*engine.value(), id);
    if (std::getenv("NOTIFY_SOCKET") != nullptr && ::access(directory.c_str(), F_OK) == 0) {
        auto listening = cli::Notify::listen(directory);
        if (!listening.ok()) return app.report(listening.error());
        notify.emplace(std::move(listening).value());
    }
    const Fd pidfd = notify ? sys::open_pidfd(state.value().pid) : Fd();
    auto started = container::start(*engine.value(), id, &signals.interruption());
    if (started.ok() && notify && pidfd.valid()) leave_notify(app, *notify, state.value().pid, pidfd.get(), signals);
    if (started.ok()) return 0;
    const Json program = state.value().meta.value("/spec/process/args/0"_json_pointer, Json(""));
    return report_start(app, started.error(), program.get<std::string>(), signals);
}

} // namespace core::oci
