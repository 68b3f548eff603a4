// SPDX-License-Identifier: MIT
//
// ctr.cgroup/1 for a running container. Where its cgroup is, is read from the stored step.
#include "bpf.hpp"
#include "device_program.hpp"
#include "limits.hpp"
#include "steps.hpp"

#include "../cgroup-common/errors.hpp"
#include "../cgroup-common/extension.hpp"
#include "../cgroup-common/writing.hpp"

namespace ctr::cgroup2 {
namespace {

int read_processes(Run run, const Place &place, std::vector<pid_t> &pids) {
    // The cgroup is gone, so it has no processes.
    if (place.members.list(place.dir(), whose_is(run, place), pids) || errno == ENOENT || errno == ENODEV) return 0;
    return run.fail("read", place.dir() + "/cgroup.procs");
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
    const auto whose = whose_is(run, *place);
    if (whose == cgroup::Whose::others || end_cgroup(*place, whose, Fate::leave)) return 0;
    return run.fail(cgroup::does_not_end(place->dir()));
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
    const std::string dir = place->dir();
    if (freeze_cgroup(dir, frozen)) return 0;
    const int saved = errno;
    if (saved != ETIMEDOUT) return errno = saved, run.fail("write", dir + "/cgroup.freeze");
    if (frozen) cgroup::write_file(dir + "/cgroup.freeze", "0");
    return run.fail(cgroup::does_not_freeze(dir + "/cgroup.freeze"));
}

int update_devices(Run run, const std::string &dir, const std::vector<cgroup::DeviceRule> &rules) {
    if (rules.empty()) return 0;
    const Fd fd(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd.valid()) return run.fail("open", dir);
    const auto done = attach_device_program(fd.get(), device_program(cgroup::effective_rules(rules)));
    return done.ok() ? 0 : run.fail(done.error());
}

int update(Run run, Node node) {
    const auto place = place_of(run);
    if (!place) return -1;
    const std::string dir = place->dir();
    const Current current = current_of(dir);
    const auto resources = cgroup::read_resources(node, "");
    const auto settings = resources.ok() ? limit_settings(resources.value(), &current) : resources.error();
    if (!settings.ok()) return run.fail(settings.error());
    if (cgroup::check_usage(run, dir, resources.value().memory, "memory.current", "memory.max") != 0) return -1;
    const auto done =
        cgroup::write_settings(settings.value(), [&](const cgroup::Setting &s) { return dir + '/' + s.file; });
    return done.ok() ? update_devices(run, dir, resources.value().devices) : run.fail(done.error());
}

/// A file and the name under which its number is reported; `key` is null if the file is one number.
struct Stat {
    const char *file, *key, *name;
    std::uint64_t factor = 1;
};
constexpr Stat known_stats[] = {
    {"memory.current", nullptr, "memory.usage_bytes"},
    {"memory.peak", nullptr, "memory.peak_bytes"}, // Linux 5.19
    {"memory.max", nullptr, "memory.limit_bytes"},
    {"memory.swap.current", nullptr, "memory.swap_usage_bytes"},
    {"memory.swap.max", nullptr, "memory.swap_limit_bytes"},
    {"memory.stat", "file", "memory.cache_bytes"},
    {"memory.stat", "anon", "memory.anon_bytes"},
    {"memory.stat", "inactive_file", "memory.inactive_file_bytes"},
    {"memory.events", "max", "memory.limit_hits"},
    {"memory.events", "oom_kill", "memory.oom_kills"},
    {"pids.current", nullptr, "pids.current"},
    {"pids.max", nullptr, "pids.limit"},
    {"cpu.stat", "usage_usec", "cpu.usage_ns", 1000},
    {"cpu.stat", "user_usec", "cpu.user_ns", 1000},
    {"cpu.stat", "system_usec", "cpu.system_ns", 1000},
    {"cpu.stat", "nr_periods", "cpu.periods"},
    {"cpu.stat", "nr_throttled", "cpu.throttled_periods"},
    {"cpu.stat", "throttled_usec", "cpu.throttled_ns", 1000},
};

/// io.stat lines are "MAJOR:MINOR rbytes=N wbytes=N rios=N wios=N ..."; summed over all devices.
std::uint64_t sum_of(std::string_view text, std::string_view key) {
    std::uint64_t sum = 0;
    ctr::each_part(text, '\n', [&](std::string_view line) {
        ctr::each_part(line, ' ', [&](std::string_view word) {
            if (word.substr(0, key.size()) == key) sum += cgroup::leading_number(word.substr(key.size())).value_or(0);
        });
    });
    return sum;
}

int stats(Run run, void (*found)(void *, const char *, uint64_t), void *user) {
    const auto place = place_of(run);
    if (!place) return -1;
    const std::string dir = place->dir();
    std::string file;
    std::optional<std::string> text;
    for (const auto &each : known_stats) {
        if (file != each.file) file = each.file, text = cgroup::read_file(dir + '/' + file);
        if (!text) continue; // its controller is off
        // "max" means "no limit", which is reported as UINT64_MAX.
        const auto value = each.key == nullptr ? std::optional(cgroup::leading_number(*text).value_or(UINT64_MAX))
                                               : cgroup::keyed_number(*text, each.key);
        if (value) found(user, each.name, *value == UINT64_MAX ? *value : *value * each.factor);
    }
    if (const auto io = cgroup::read_file(dir + "/io.stat")) {
        found(user, "io.read_bytes", sum_of(*io, "rbytes="));
        found(user, "io.write_bytes", sum_of(*io, "wbytes="));
        found(user, "io.read_operations", sum_of(*io, "rios="));
        found(user, "io.write_operations", sum_of(*io, "wios="));
    }
    return 0;
}

} // namespace

Current current_of(const std::string &dir) {
    Current current;
    if (const auto text = cgroup::read_file(dir + "/memory.max")) {
        const auto number = cgroup::leading_number(*text);
        current.memory_max = number ? static_cast<std::int64_t>(*number) : -1;
    }
    current.cpu_max = cgroup::trimmed(cgroup::read_file(dir + "/cpu.max").value_or(""));
    return current;
}

constexpr ctr_cgroup_v1 running = cgroup::extension<kill, processes, freeze, update, stats>("cgroup2.create");

} // namespace ctr::cgroup2
