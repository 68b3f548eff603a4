// SPDX-License-Identifier: MIT
//
// kill, delete, pause, resume.
#include "front/oci/app.hpp"

#include "container/running.hpp"

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstring>
#include <regex>
#include <unistd.h>

namespace core::oci {
namespace {

/// "9", "KILL", "SIGKILL", "kill", "RTMIN+3": kill(1).
Result<int> parse_signal(const std::string &text) {
    int number = 0;
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (wrong == std::errc() && end == text.data() + text.size() && number >= 0 && number <= SIGRTMAX) return number;
    std::string name = text;
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    if (name.rfind("SIG", 0) == 0) name.erase(0, 3);
    for (int i = 1; i < SIGRTMIN; ++i)
        if (const char *known = ::sigabbrev_np(i); known != nullptr && name == known) return i;
    if (name == "IOT") return SIGABRT;
    if (name == "CLD") return SIGCHLD;
    if (name == "IO") return SIGIO;
    for (const auto &[base, value] : {std::pair{"RTMIN", SIGRTMIN}, std::pair{"RTMAX", SIGRTMAX}}) {
        if (name.rfind(base, 0) != 0) continue;
        const std::string rest = name.substr(5);
        if (rest.empty()) return value;
        const char *from = rest.c_str() + (rest[0] == '+' ? 1 : 0); // from_chars accepts a minus but no plus
        const auto [stop, bad] = std::from_chars(from, rest.c_str() + rest.size(), number);
        const bool direction = (rest[0] == '+') == (value == SIGRTMIN);
        if (bad == std::errc() && *stop == '\0' && direction && value + number >= SIGRTMIN &&
            value + number <= SIGRTMAX)
            return value + number;
    }
    return invalid("signal " + text, "unknown signal", "a number or a name, as `kill -l` lists them");
}

/// The container of that id, or with --regex all that match.
Result<std::vector<std::string>> chosen(container::Engine &engine, const Arguments &arguments) {
    const std::string &word = arguments.positional()[0];
    if (!arguments.has("regex")) return std::vector<std::string>{word};
    std::vector<std::string> ids;
    try {
        const std::regex pattern(word, std::regex::extended);
        CTR_ASSIGN(const auto all, container::list(engine));
        for (const container::State &each : all)
            if (std::regex_search(each.id, pattern)) ids.push_back(each.id);
    } catch (const std::regex_error &e) {
        return invalid("--regex " + word, std::string("not a regular expression: ") + e.what());
    }
    return ids;
}

/// Calls `what` for each container, goes on after errors, and returns the status of the whole.
template <typename Do> int for_each(App &app, const Arguments &arguments, Do what) {
    auto engine = app.engine();
    if (!engine.ok()) return app.report(engine.error());
    auto ids = chosen(*engine.value(), arguments);
    if (!ids.ok()) return app.report(ids.error());
    int status = 0;
    for (const std::string &id : ids.value())
        if (Result<void> done = what(*engine.value(), id); !done.ok()) status = app.report(done.error());
    return status;
}

Result<void> delete_one(container::Engine &engine, const std::string &id, bool force, container::Removal how) {
    auto state = container::state(engine, id);
    if (state.ok() && !force &&
        (state.value().status == container::Status::running || state.value().status == container::Status::paused))
        return failure(CTR_E_BUSY,
                       "cannot delete container " + id +
                           " that is not stopped: " + container::status_name(state.value().status),
                       "kill it first, or delete --force");
    // A created container may be deleted, because it only waits for a start.
    const bool created = state.ok() && state.value().status == container::Status::created;
    auto removed = container::remove(engine, id, force || created, how);
    // With force a container that is gone is a success. But not_found is an error if the container still exists: a
    // plugin may be missing.
    const bool is_gone = ::access(engine.journal_of(id).c_str(), F_OK) != 0 && errno == ENOENT;
    if (!removed.ok() && removed.error().error_class == CTR_E_NOT_FOUND && force && is_gone) return {};
    return removed;
}

} // namespace

int kill_command(App &app, const Arguments &arguments) {
    const auto &words = arguments.positional();
    auto signal = parse_signal(words.size() > 1 ? words[1] : "TERM");
    if (!signal.ok()) return app.report(signal.error());
    return for_each(app, arguments, [&](container::Engine &engine, const std::string &id) {
        return arguments.has("all") ? container::signal_all(engine, id, signal.value())
                                    : container::signal_container(engine, id, signal.value());
    });
}

int delete_command(App &app, const Arguments &arguments) {
    const bool force = arguments.has("force");
    // `quick` is for the usual delete of an engine. With force or for several containers the removal must get through.
    const auto how = force || arguments.has("regex") ? container::Removal::guarded : container::Removal::quick;
    return for_each(app, arguments, [force, how](container::Engine &engine, const std::string &id) {
        return delete_one(engine, id, force, how);
    });
}

namespace {

int freeze(App &app, const Arguments &arguments, bool frozen) {
    auto engine = app.engine();
    if (!engine.ok()) return app.report(engine.error());
    const std::string &id = arguments.positional()[0];
    auto state = container::state(*engine.value(), id);
    if (!state.ok()) return app.report(state.error());
    using container::Status;
    const Status now = state.value().status;
    const bool fits = frozen ? now == Status::running || now == Status::created : now == Status::paused;
    if (!fits)
        return app.report(failure(
            CTR_E_INVALID, frozen ? std::string("container not running or created: ") + container::status_name(now)
                                  : "container not paused: " + std::string(container::status_name(now))));
    auto done = container::freeze(*engine.value(), id, frozen);
    return done.ok() ? 0 : app.report(done.error());
}

} // namespace

int pause_command(App &app, const Arguments &arguments) { return freeze(app, arguments, true); }
int resume_command(App &app, const Arguments &arguments) { return freeze(app, arguments, false); }

} // namespace core::oci
