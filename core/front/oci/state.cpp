// SPDX-License-Identifier: MIT
//
// state, list, ps: they read without a lock.
#include "front/oci/app.hpp"

#include "base/text.hpp"
#include "container/running.hpp"
#include "front/cli/app.hpp"
#include "front/oci/tables.hpp"
#include "sys/spawn.hpp"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace core::oci {
namespace {

/// The state object of the runtime-spec (runtime.md), with runc's additional members.
nlohmann::ordered_json state_json(const container::State &state) {
    const Json spec = state.meta.value("spec", Json::object()), about = state.meta.value("about", Json::object());
    nlohmann::ordered_json out = {{"ociVersion", spec.value("ociVersion", "1.0.0")},
                                  {"id", state.id},
                                  {"pid", state.pid},
                                  {"status", container::status_name(state.status)},
                                  {"bundle", about.value("bundle", "")},
                                  {"rootfs", spec.value("/root/path"_json_pointer, "")},
                                  {"created", about.value("created", "")}};
    if (const Json notes = spec.value("annotations", Json::object()); !notes.empty()) out["annotations"] = notes;
    out["owner"] = "";
    return out;
}

std::string text_of(const nlohmann::ordered_json &json, int indent) {
    return json.dump(indent, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

/// Does not look the user up in the machine's databases, because that loads libraries.
std::string user_name(unsigned id) { return id == 0 ? "root" : "#" + std::to_string(id); }

/// The lines of ps(1) about the container's processes.
Result<std::string> lines_of_ps(const std::vector<std::string> &arguments, const std::vector<int> &pids) {
    std::vector<std::string> words = {"ps"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    if (arguments.empty()) words.emplace_back("-ef");
    CTR_ASSIGN(const sys::Ran ran, sys::run_program(words, true));
    if (ran.status != 0) return failure(CTR_E_SYSTEM, "ps failed: " + ran.errors, "check the options for ps");
    return lines_of_pids(ran.output, pids);
}

/// A container exists for other commands when `create` is done, because before that it may still be undone. If its
/// `create` was killed, it is shown as stopped, so that it can be deleted.
bool is_there(container::State &state) {
    if (state.status != container::Status::creating) return true;
    if (state.abandoned) state.status = container::Status::stopped;
    return state.abandoned;
}

Result<std::string> format_of(const Arguments &arguments) {
    const std::string format = arguments.one("format", "table");
    if (format == "table" || format == "json") return format;
    return invalid("--format " + format, "invalid format option: expected table or json");
}

} // namespace

int state_command(App &app, const Arguments &arguments) {
    auto engine = app.engine();
    if (!engine.ok()) return app.report(engine.error());
    auto state = container::state(*engine.value(), arguments.positional()[0]);
    if (!state.ok()) return app.report(state.error());
    if (!is_there(state.value())) return app.report(container::no_such_container(arguments.positional()[0]));
    App::print(text_of(state_json(state.value()), 2));
    return 0;
}

int list_command(App &app, const Arguments &arguments) {
    auto format = format_of(arguments);
    if (!format.ok()) return app.report(format.error());
    auto engine = app.engine();
    if (!engine.ok()) return app.report(engine.error());
    const std::string root = engine.value()->config().run_root;
    if (app.globals().has("root") && ::access(root.c_str(), F_OK) != 0) // the default root may not exist yet
        return app.report(system_error("open", root, "no container was ever made there; check --root"));
    std::vector<std::string> problems;
    auto all = container::list(*engine.value(), &problems);
    if (!all.ok()) return app.report(all.error());
    for (const std::string &each : problems)
        app.log().line(CTR_LOG_WARN, each);
    auto json = nlohmann::ordered_json::array();
    std::vector<std::vector<std::string>> rows = {{"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"}};
    for (container::State &state : all.value()) {
        if (!is_there(state)) continue;
        auto one = state_json(state);
        one["owner"] = user_name(state.owner);
        json.push_back(one);
        rows.push_back({state.id, std::to_string(state.pid), container::status_name(state.status),
                        one["bundle"].get<std::string>(), one["created"].get<std::string>(),
                        one["owner"].get<std::string>()});
        if (arguments.has("quiet")) App::print(state.id + "\n");
    }
    if (!arguments.has("quiet")) App::print(format.value() == "json" ? text_of(json, -1) : wide_table(rows));
    return 0;
}

int ps_command(App &app, const Arguments &arguments) {
    auto format = format_of(arguments);
    if (!format.ok()) return app.report(format.error());
    auto engine = app.engine();
    if (!engine.ok()) return app.report(engine.error());
    const auto &words = arguments.positional();
    auto pids = container::processes(*engine.value(), words[0]);
    if (!pids.ok()) return app.report(pids.error());
    if (format.value() == "json") {
        App::print(Json(pids.value()).dump() + "\n");
        return 0;
    }
    auto lines = lines_of_ps({words.begin() + 1, words.end()}, pids.value());
    if (!lines.ok()) return app.report(lines.error());
    App::print(lines.value());
    return 0;
}

} // namespace core::oci
