// SPDX-License-Identifier: MIT
//
// `ctr ps`, `ctr rm`, `ctr recover`.
#include "front/cli/app.hpp"

#include <nlohmann/json.hpp>

namespace core::cli {
namespace {

std::string command_text(const Json &meta) {
    std::string out;
    for (const Json &word : meta.value("/about/command"_json_pointer, Json::array()))
        out += (out.empty() ? "" : " ") + word.get<std::string>();
    return out.size() > 40 ? out.substr(0, 37) + "..." : out;
}

std::string source_of(const Json &meta) {
    for (const char *key : {"image", "rootfs", "bundle"})
        if (std::string text = meta.value(Json::json_pointer(std::string("/about/") + key), ""); !text.empty())
            return text;
    return "-";
}

std::string status_text(const container::State &state) {
    std::string text = container::status_name(state.status);
    if (state.status == container::Status::stopped && state.exit_status >= 0)
        text += " (" + std::to_string(state.exit_status) + ")";
    if (state.abandoned) text += ", its ctr was killed";
    return text;
}

Json state_json(const container::State &state) {
    return {{"id", state.id},
            {"status", container::status_name(state.status)},
            {"pid", state.pid},
            {"exit_status", state.exit_status < 0 ? Json() : Json(state.exit_status)},
            {"source", source_of(state.meta)},
            {"command", state.meta.value("/about/command"_json_pointer, Json::array())},
            {"drivers", state.drivers},
            {"abandoned", state.abandoned}};
}

} // namespace

int ps_command(App &app, const Arguments &arguments) {
    auto engine = app.engine();
    if (!engine.ok()) return app.report(engine.error());
    std::vector<std::string> problems;
    auto all = container::list(*engine.value(), &problems);
    if (!all.ok()) return app.report(all.error());
    for (const std::string &each : problems)
        App::warn(each);
    Json json = Json::array();
    std::vector<std::vector<std::string>> rows = {{"NAME", "STATUS", "PID", "SOURCE", "DRIVERS", "COMMAND"}};
    for (const container::State &state : all.value()) {
        if (state.status == container::Status::stopped && !arguments.has("all")) continue;
        if (arguments.has("quiet")) {
            App::print(state.id + "\n");
            continue;
        }
        std::string drivers;
        for (const auto &[slot, driver] : state.drivers)
            drivers += (drivers.empty() ? "" : ",") + driver;
        json.push_back(state_json(state));
        rows.push_back({state.id, status_text(state), state.pid == 0 ? "-" : std::to_string(state.pid),
                        source_of(state.meta), drivers, command_text(state.meta)});
    }
    if (!arguments.has("quiet"))
        App::print(app.json() ? json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n" : table(rows));
    return 0;
}

int rm_command(App &app, const Arguments &arguments) {
    auto engine = app.engine();
    if (!engine.ok()) return app.report(engine.error());
    int status = 0;
    for (const std::string &id : arguments.positional()) {
        auto removed = container::remove(*engine.value(), id, arguments.has("force"));
        if (!removed.ok()) status = app.report(std::move(removed).error().in("removing"));
    }
    return status;
}

int recover_command(App &app, const Arguments & /*arguments*/) {
    auto engine = app.engine();
    if (!engine.ok()) return app.report(engine.error());
    std::vector<std::string> problems;
    auto recovered = container::recover(*engine.value(), container::Recovery::asked_for, &problems);
    if (!recovered.ok()) return app.report(recovered.error());
    for (const std::string &id : recovered.value())
        App::print(id + "\n");
    for (const std::string &problem : problems)
        App::warn(problem);
    return problems.empty() ? 0 : exit_failed;
}

} // namespace core::cli
