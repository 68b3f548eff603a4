// SPDX-License-Identifier: MIT
//
// exec: one more process in a container.
#include "front/oci/app.hpp"

#include "front/cli/terminal.hpp"
#include "front/oci/exec_process.hpp"
#include "front/oci/rendezvous.hpp"

#include <nlohmann/json.hpp>

namespace core::oci {
namespace {

Result<container::ExecRequest> read_request(const Arguments &arguments, const container::State &state) {
    container::ExecRequest request;
    request.id = state.id;
    const Json own = state.meta.value("/spec/process"_json_pointer, Json::object());
    CTR_ASSIGN(request.process, process_of_exec(arguments, own));
    request.detached = arguments.has("detach");
    if (request.process.value("terminal", false) && !request.detached && !cli::wants_carriage_returns())
        request.ctr["onlcr"] = false;
    request.open_ahead = nothing_to_tell(arguments);
    CTR_TRY(check_console(arguments, request.process.value("terminal", false), !request.detached));
    CTR_ASSIGN(request.preserve_fds, passed_fds(arguments, request.process));
    request.sub_cgroups = arguments.all("cgroup");
    return request;
}

} // namespace

namespace {

int report_exec(const App &app, const Error &error, const std::string &program = {}) {
    app.log().fatal("exec failed: " + message_for_engines(error, program), error.hint);
    return exit_exec_failed;
}

} // namespace

int exec_command(App &app, const Arguments &arguments) {
    auto engine = app.engine();
    if (!engine.ok()) return report_exec(app, engine.error());
    auto state = container::state(*engine.value(), arguments.positional()[0]);
    if (!state.ok()) return report_exec(app, state.error());
    if (state.value().status == container::Status::paused && !arguments.has("ignore-paused"))
        return report_exec(
            app, failure(CTR_E_INVALID, "cannot exec in a paused container (use --ignore-paused to override)"));
    auto request = read_request(arguments, state.value());
    if (!request.ok()) return report_exec(app, request.error());
    const std::string program = request.value().process.value("/args/0"_json_pointer, "");

    cli::ForwardedSignals signals;
    request.value().interruption = &signals.interruption();
    auto made = container::exec(*engine.value(), request.value());
    Result<void> running = made.ok() ? Result<void>() : Result<void>(made.error());
    Fd console;
    if (running.ok()) {
        console = made.value().take_console();
        running = tell_engine(arguments, made.value().launch->child(), console);
        if (!running.ok()) made.value().launch->kill();
    }
    if (running.ok()) running = made.value().start();
    if (!running.ok()) return signals.status(report_exec(app, running.error(), program));
    if (request.value().detached) return 0;
    auto ended = cli::attend(made.value().launch->child(), signals, std::move(console), true, [](const sys::Exit &) {});
    return ended.ok() ? ended.value().shell_status() : app.report(ended.error(), exit_exec_failed);
}

} // namespace core::oci
