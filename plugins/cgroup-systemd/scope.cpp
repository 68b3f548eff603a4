// SPDX-License-Identifier: MIT
//
// The scope begins with a process, so the child is born first and put there by systemd; then cgroup-v2's code fills the cgroup that systemd
// made: Delegate=yes gives it to us. systemd is told the same limits as properties.
//
// Whose is it? The unit's Description names the container's run directory. A unit of our name with another Description is somebody else's, and nothing in
// its cgroup is touched.
#include "bus.hpp"
#include "steps.hpp"

#include "../cgroup-v2/limits.hpp"
#include "../cgroup-v2/steps.hpp"

#include <unistd.h>

namespace ctr::systemd {

int start(Run run) {
    const std::string unit = run.str("unit"), path = run.str("path");
    Bus bus;
    if (const auto error = bus.open()) return run.fail(*error);
    if (const auto error = bus.start_scope(unit, static_cast<pid_t>(run.integer("pid")), run.strings("property")))
        return run.fail(*error);
    const std::string group = bus.control_group(unit).value_or("");
    if (group != path)
        return run.fail({CTR_E_UNSUPPORTED,
                         "systemd put the scope into \"" + group + "\", not into \"" + path + '"',
                         "ctr and systemd must see the same root of the cgroups",
                         0,
                         {},
                         unit});
    return cgroup2::create(run);
}

int stop(Run run) {
    const std::string unit = run.str("unit");
    const bool there = ::access((run.str("mount") + run.str("path")).c_str(), F_OK) == 0;
    Bus bus;
    if (const auto error = bus.open()) return there ? run.fail(*error) : 0;
    const auto description = bus.description(unit);
    if (description && *description != description_of(run.str("owner"))) return 0;
    if (there && cgroup2::remove(run) != 0) return -1;
    if (!description) return 0;
    const auto error = bus.stop(unit);
    return error ? run.fail(*error) : 0;
}

int start_shell(Run run, Shell shell) {
    const std::string unit = run.str("unit"), dir = run.str("mount") + run.str("path");
    std::vector<std::string> call{"busctl",
                                  "call",
                                  "org.freedesktop.systemd1",
                                  "/org/freedesktop/systemd1",
                                  "org.freedesktop.systemd1.Manager",
                                  "StartTransientUnit",
                                  "ssa(sv)a(sa(sv))",
                                  unit,
                                  "fail"};
    std::vector<std::string> words, devices;
    std::size_t count = 1;
    for (const auto &each : run.strings("property")) {
        const std::size_t equals = each.find('=');
        const std::string name = each.substr(0, equals), value = each.substr(equals + 1);
        const std::string_view type = type_of(name);
        if (type == "a(ss)") {
            devices.push_back(value.substr(0, value.rfind(' ')));
            devices.push_back(value.substr(value.rfind(' ') + 1));
            continue;
        }
        ++count;
        words.insert(words.end(), {name, std::string(type)});
        if (type != "ay") {
            words.push_back(value);
            continue;
        }
        const auto mask = mask_of(value).value_or(std::vector<std::uint8_t>());
        words.push_back(std::to_string(mask.size()));
        for (const auto byte : mask)
            words.push_back(std::to_string(byte));
    }
    if (!devices.empty()) {
        ++count;
        words.insert(words.end(), {"DeviceAllow", "a(ss)", std::to_string(devices.size() / 2)});
        words.insert(words.end(), devices.begin(), devices.end());
    }
    call.push_back(std::to_string(count));
    call.insert(call.end(), words.begin(), words.end());
    call.insert(call.end(), {"PIDs", "au", "1", run.str("pid"), "0"});
    if (shell.cmd(call) != 0) return -1;
    shell.text("until [ -d " + cgroup::shell_word(dir) + " ]; do sleep 0.1; done");
    return cgroup2::create_shell(run, shell);
}

int stop_shell(Run run, Shell shell) {
    const std::string unit = cgroup::shell_word(run.str("unit"));
    return shell.text("systemctl kill --signal=KILL " + unit + " 2>/dev/null || true\nsystemctl stop " + unit +
                      " 2>/dev/null || true");
}

namespace {

/// First systemd, which then writes its rounded numbers; then the files.
int update(Run run, Node node) {
    const cgroup2::Current current = cgroup2::current_of(run.str("mount") + run.str("path"));
    cgroup::Resources resources;
    cgroup::Problem problem;
    cgroup::Settings settings;
    if (!cgroup::read_resources(node, "", resources, problem) ||
        !cgroup2::limit_settings(resources, &current, settings, problem))
        return run.fail({CTR_E_INVALID, problem.message, problem.hint, 0, {}, problem.path});
    Properties properties = limit_properties(settings);
    for (auto &each : device_properties(resources.devices))
        properties.push_back(std::move(each));
    if (!properties.empty()) {
        Bus bus;
        if (const auto error = bus.open()) return run.fail(*error);
        if (const auto error = bus.set_properties(run.str("unit"), properties)) return run.fail(*error);
    }
    return cgroup2::running.update(run.raw(), node.raw());
}

} // namespace

const ctr_cgroup_v1 running = {
    sizeof(ctr_cgroup_v1),
    "systemd.scope",
    [](ctr_run *raw, int signal) { return cgroup2::running.kill(raw, signal); },
    [](ctr_run *raw, void (*found)(void *, int64_t), void *user) {
        return cgroup2::running.processes(raw, found, user);
    },
    [](ctr_run *raw, int frozen) { return cgroup2::running.freeze(raw, frozen); },
    [](ctr_run *raw, const ctr_node *resources) {
        try {
            return update(Run{raw}, Node{resources});
        } catch (const std::exception &e) {
            return Run{raw}.fail({CTR_E_INTERNAL, e.what(), "this is a bug of the plugin", 0, "C++ exception", {}});
        }
    },
    [](ctr_run *raw, void (*found)(void *, const char *, uint64_t), void *user) {
        return cgroup2::running.stats(raw, found, user);
    },
};

} // namespace ctr::systemd
