// SPDX-License-Identifier: MIT
//
// ctr.cgroup/1 for a running container. Path and hierarchies are read from the stored step, even if mounts or config
// have changed since.
#include "limits.hpp"
#include "realtime.hpp"
#include "steps.hpp"

#include "../cgroup-common/errors.hpp"
#include "../cgroup-common/extension.hpp"
#include "../cgroup-common/writing.hpp"

namespace ctr::cgroup1 {
namespace {

/// The container's directory in the hierarchy of a controller; empty if it is not mounted.
std::string dir_of(const Place &place, std::string_view controller) {
    const Hierarchy *const h = find_controller(place.all, controller);
    return h == nullptr ? std::string() : h->mount + place.path;
}

/// A process is in all hierarchies, so one is enough for the list. It is the freezer's, because that is also used to
/// stop processes.
const Hierarchy &listing(const Place &place) {
    const Hierarchy *const freezer = find_controller(place.all, "freezer");
    return freezer != nullptr ? *freezer : place.all.front();
}

int read_processes(Run run, const Place &place, std::vector<pid_t> &pids) {
    const Hierarchy &h = listing(place);
    const std::string dir = h.mount + place.path;
    // The cgroup is gone, so it has no processes.
    if (place.members.list(dir, whose_in(run, place, h), pids) || errno == ENOENT || errno == ENODEV) return 0;
    return run.fail("read", dir + "/cgroup.procs");
}

int kill(Run run, int signal) {
    const auto place = place_of(run);
    if (!place) return -1;
    std::vector<pid_t> pids;
    if (signal != SIGKILL) {
        if (read_processes(run, *place, pids) != 0) return -1;
        cgroup::signal_all(pids, signal);
        return 0;
    }
    Ending ending;
    ending.thaw = true;
    for (const auto &h : place->all) {
        const auto whose = whose_in(run, *place, h);
        if (whose == cgroup::Whose::others) continue;
        ending.cgroups.push_back({h.mount + place->path, whose, false, true});
        if (h.has("freezer")) ending.freezer = h.mount + place->path;
    }
    std::string left;
    if (end_cgroups(ending, place->members, left)) return 0;
    return run.fail(cgroup::does_not_end(left));
}

int processes(Run run, void (*found)(void *, int64_t), void *user) {
    const auto place = place_of(run);
    std::vector<pid_t> pids;
    if (!place || read_processes(run, *place, pids) != 0) return -1;
    for (const pid_t pid : pids)
        found(user, pid);
    return 0;
}

int freeze(Run run, bool frozen) {
    const auto place = place_of(run);
    if (!place) return -1;
    const std::string dir = dir_of(*place, "freezer");
    if (dir.empty())
        return run.fail(
            {.error_class = CTR_E_UNSUPPORTED,
             .message = "the controller freezer of cgroup v1 is not mounted, so the container cannot be paused",
             .hint = "mount it on /sys/fs/cgroup/freezer and start the container again"});
    const std::string file = dir + "/freezer.state";
    const std::string wanted = frozen ? "FROZEN" : "THAWED";
    cgroup::Patience patience(cgroup::end_ms);
    do {
        // Written again each time, because a process that was forked meanwhile keeps the state at FREEZING until the
        // next write.
        if (!cgroup::write_file(file, wanted)) return run.fail("write", file);
        const auto state = cgroup::read_file(file);
        if (!state) return run.fail("read", file);
        if (cgroup::trimmed(*state) == wanted) return 0;
    } while (patience.wait());
    if (frozen) cgroup::write_file(file, "THAWED");
    return run.fail(cgroup::does_not_freeze(file));
}

/// What an update writes.
Result<cgroup::Settings> settings_for(const cgroup::Resources &resources) {
    if (!resources.unified.empty())
        return invalid("/unified", "invalid configuration: cannot use unified on cgroup v1",
                       "use the other members of resources");
    cgroup::Settings settings = limit_settings(resources);
    if (resources.devices.empty()) return settings;
    CTR_ASSIGN(const cgroup::Settings rules, device_settings(resources.devices));
    settings.insert(settings.end(), rules.begin(), rules.end());
    return settings;
}

int update(Run run, Node node) {
    const auto read = cgroup::read_resources(node, "");
    const auto all = read.ok() ? settings_for(read.value()) : read.error();
    if (!all.ok()) return run.fail(all.error());
    const cgroup::Resources &resources = read.value();
    const cgroup::Settings &settings = all.value();
    const auto place = place_of(run);
    if (!place) return -1;
    for (const auto &s : settings)
        if (find_controller(place->all, s.controller()) == nullptr)
            return run.fail({.error_class = CTR_E_UNSUPPORTED,
                             .message = "the controller " + s.controller() +
                                        " of cgroup v1 was not mounted when the container was made",
                             .hint = "leave out what it limits",
                             .path = resource_of(s.controller())});
    if (cgroup::check_usage(run, dir_of(*place, "memory"), resources.memory, "memory.usage_in_bytes",
                            "memory.limit_in_bytes") != 0)
        return -1;
    if (const Hierarchy *const cpu = find_controller(place->all, "cpu"))
        give_realtime(cpu->mount, place->path, settings);
    const auto done = cgroup::write_settings(
        settings, [&](const cgroup::Setting &s) { return dir_of(*place, s.controller()) + '/' + s.file; });
    return done.ok() ? 0 : run.fail(done.error());
}

/// A file with one number, and the name under which it is reported.
struct Stat {
    const char *controller, *file, *name;
};
constexpr Stat plain_stats[] = {
    {"memory", "memory.usage_in_bytes", "memory.usage_bytes"},
    {"memory", "memory.max_usage_in_bytes", "memory.peak_bytes"},
    {"memory", "memory.limit_in_bytes", "memory.limit_bytes"},
    {"memory", "memory.failcnt", "memory.limit_hits"},
    {"memory", "memory.memsw.usage_in_bytes", "memory.swap_usage_bytes"},
    {"memory", "memory.memsw.limit_in_bytes", "memory.swap_limit_bytes"},
    {"pids", "pids.current", "pids.current"},
    {"pids", "pids.max", "pids.limit"},
    {"cpuacct", "cpuacct.usage", "cpu.usage_ns"},
};
struct KeyedStat {
    const char *controller, *file, *key, *name;
};
constexpr KeyedStat keyed_stats[] = {
    {"cpu", "cpu.stat", "nr_periods", "cpu.periods"},
    {"cpu", "cpu.stat", "nr_throttled", "cpu.throttled_periods"},
    {"cpu", "cpu.stat", "throttled_time", "cpu.throttled_ns"},
    {"memory", "memory.stat", "total_cache", "memory.cache_bytes"},
    {"memory", "memory.stat", "total_rss", "memory.anon_bytes"},
    {"memory", "memory.stat", "total_inactive_file", "memory.inactive_file_bytes"},
    {"memory", "memory.oom_control", "oom_kill", "memory.oom_kills"},
};

/// blkio lines are "MAJOR:MINOR Read NUMBER"; summed over all devices.
std::uint64_t sum_of(std::string_view text, std::string_view operation) {
    std::uint64_t sum = 0;
    ctr::each_part(text, '\n', [&](std::string_view line) {
        const auto words = ctr::split(line, ' ');
        if (words.size() == 3 && words[1] == operation) sum += cgroup::leading_number(words[2]).value_or(0);
    });
    return sum;
}

int stats(Run run, void (*found)(void *, const char *, uint64_t), void *user) {
    const auto place = place_of(run);
    if (!place) return -1;
    for (const auto &each : plain_stats) {
        const std::string dir = dir_of(*place, each.controller);
        const auto text = dir.empty() ? std::nullopt : cgroup::read_file(dir + '/' + each.file);
        if (!text) continue;
        // "max" and memory's largest page-aligned number both mean "no limit", which is reported as UINT64_MAX.
        std::uint64_t value = cgroup::leading_number(*text).value_or(UINT64_MAX);
        if (std::string_view(each.file).find("limit") != std::string_view::npos &&
            value >= UINT64_C(0x7ffffffffff00000))
            value = UINT64_MAX;
        found(user, each.name, value);
    }
    for (const auto &each : keyed_stats) {
        const std::string dir = dir_of(*place, each.controller);
        const auto text = dir.empty() ? std::nullopt : cgroup::read_file(dir + '/' + each.file);
        const auto value = cgroup::keyed_number(text.value_or(""), each.key);
        if (value) found(user, each.name, *value);
    }
    const std::string blkio = dir_of(*place, "blkio");
    if (blkio.empty()) return 0;
    if (const auto bytes = cgroup::read_file(blkio + "/blkio.throttle.io_service_bytes_recursive")) {
        found(user, "io.read_bytes", sum_of(*bytes, "Read"));
        found(user, "io.write_bytes", sum_of(*bytes, "Write"));
    }
    if (const auto count = cgroup::read_file(blkio + "/blkio.throttle.io_serviced_recursive")) {
        found(user, "io.read_operations", sum_of(*count, "Read"));
        found(user, "io.write_operations", sum_of(*count, "Write"));
    }
    return 0;
}

} // namespace

constexpr ctr_cgroup_v1 running = cgroup::extension<kill, processes, freeze, update, stats>("cgroup1.create");

} // namespace ctr::cgroup1
