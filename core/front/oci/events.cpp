// SPDX-License-Identifier: MIT
//
// events: statistics in runc's form, and a line when the kernel killed a process of the container for lack of memory.
#include "front/oci/app.hpp"

#include "container/running.hpp"
#include "front/oci/stats.hpp"
#include "sys/process.hpp"

#include <nlohmann/json.hpp>
#include <optional>
#include <poll.h>
#include <unistd.h>

namespace core::oci {
namespace {

/// Members in runc's order.
nlohmann::ordered_json event(const char *type, const std::string &id, const Json &data) {
    nlohmann::ordered_json out = {{"type", type}, {"id", id}};
    if (!data.is_null()) out["data"] = data;
    return out;
}

/// Prints events until the container's first process has ended.
int watch(App &app, container::Engine &engine, const container::State &state, int interval) {
    const Fd pidfd = sys::open_pidfd(state.pid);
    const auto ended_within = [&](int milliseconds) {
        pollfd end = {pidfd.get(), POLLIN, 0};
        return !pidfd.valid() || ::poll(&end, 1, milliseconds) == 1;
    };
    std::optional<std::uint64_t> kills; // earlier kills are not reported
    for (bool ended = ended_within(0);; ended = ended_within(interval)) {
        auto stats = container::stats(engine, state.id);
        if (!stats.ok()) return ended_within(0) ? 0 : app.report(stats.error()); // 0: deleted meanwhile
        const auto now = stats.value().find("memory.oom_kills");
        const std::uint64_t killed = now == stats.value().end() ? 0 : now->second;
        if (killed > kills.value_or(killed)) App::print(event("oom", state.id, nullptr).dump() + "\n");
        kills = killed;
        // After the end there is one last look, because a kill may have ended the container.
        if (!ended) App::print(event("stats", state.id, stats_json(stats.value())).dump() + "\n");
        if (std::fflush(stdout) != 0) return app.report(system_error("write", "standard output"));
        if (ended) return 0;
    }
}

} // namespace

int events_command(App &app, const Arguments &arguments) {
    const auto interval = parse_duration(arguments.one("interval", "5s"));
    if (!interval)
        return app.report(invalid("--interval " + arguments.one("interval"), "duration interval must be greater than 0",
                                  "for example 5s, 500ms or 1m"));
    auto engine = app.engine();
    if (!engine.ok()) return app.report(engine.error());
    const std::string &id = arguments.positional()[0];
    auto state = container::state(*engine.value(), id);
    if (!state.ok()) return app.report(state.error());
    if (state.value().status == container::Status::stopped)
        return app.report(failure(CTR_E_INVALID, "container with id " + id + " is not running"));
    if (!arguments.has("stats")) return watch(app, *engine.value(), state.value(), *interval);
    auto stats = container::stats(*engine.value(), id);
    if (!stats.ok()) return app.report(stats.error());
    App::print(event("stats", id, stats_json(stats.value())).dump() + "\n");
    return 0;
}

} // namespace core::oci
