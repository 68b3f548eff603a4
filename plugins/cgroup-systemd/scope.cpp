// SPDX-License-Identifier: MIT
//
// systemd makes a scope only with a process in it. So the child is born first, and systemd puts it there. Then
// cgroup-v2's code writes the limits into the cgroup that systemd made (Delegate=yes allows that). systemd gets the
// same limits as properties.
//
// On cgroup v1 systemd makes the cgroup in the hierarchies that it knows (its own, cpu, memory, pids, blkio, devices).
// cgroup-v1's code makes it at the same path in the others (cpuset, freezer, hugetlb, ...), sets all limits, and
// removes what it made; systemd removes the rest.
//
// The systemd of a user (cgroup v2 alone) makes the scope below its own service, which the machine's systemd has given
// to the user. A user may not move a process out of another cgroup, but the user's systemd may ask the machine's to do
// it.
//
// The owner: the unit's Description names the container's record. A unit with our name and another Description belongs
// to somebody else, and nothing in its cgroup is touched.
#include "bus.hpp"
#include "steps.hpp"

#include "../cgroup-v1/limits.hpp"
#include "../cgroup-v1/steps.hpp"
#include "../cgroup-v2/limits.hpp"
#include "../cgroup-v2/steps.hpp"

#include <unistd.h>

namespace ctr::systemd {
namespace {

/// The user whose systemd made the scope; 0: the machine's systemd.
uid_t user_of(Run run) { return run.has("user") ? static_cast<uid_t>(run.integer("user")) : 0; }

bool on_v1(Run run) { return run.has("hierarchy"); }

/// The container's cgroup in each hierarchy.
std::vector<std::string> directories(Run run) {
    std::vector<std::string> all;
    if (!on_v1(run)) {
        if (const auto place = cgroup2::place_of(run)) all.push_back(place->dir());
    } else if (const auto place = cgroup1::place_of(run)) {
        for (const auto &h : place->all)
            all.push_back(h.mount + place->path);
    }
    return all;
}

bool any_exists(Run run) {
    const auto all = directories(run);
    return std::any_of(all.begin(), all.end(), [](const auto &dir) { return ::access(dir.c_str(), F_OK) == 0; });
}

/// The unit's name belongs to another container now. Removes the cgroups that we made in hierarchies without systemd,
/// if no process is in them.
void remove_marked(Run run) {
    const std::string owner = run.str("owner");
    for (const auto &dir : directories(run))
        if (cgroup::mark_of(dir) == owner) ::rmdir(dir.c_str());
}

} // namespace

int start(Run run) {
    const std::string unit = run.str("unit"), path = run.str("path");
    Bus bus;
    auto done = bus.open(user_of(run));
    if (done.ok()) done = bus.start_scope(unit, static_cast<pid_t>(run.integer("pid")), run.strings("property"));
    if (!done.ok()) return run.fail(done.error());
    const std::string group = bus.control_group(unit).value_or("");
    if (group != path)
        return run.fail({.error_class = CTR_E_UNSUPPORTED,
                         .message = "systemd put the scope into \"" + group + "\", not into \"" + path + '"',
                         .hint = "ctr and systemd must see the same root of the cgroups",
                         .path = unit});
    return on_v1(run) ? cgroup1::create(run) : cgroup2::create(run);
}

int stop(Run run) {
    const std::string unit = run.str("unit");
    if (on_v1(run) ? !cgroup1::place_of(run) : !cgroup2::place_of(run)) return -1;
    const bool there = any_exists(run);
    Bus bus;
    if (auto done = bus.open(user_of(run)); !done.ok()) return there ? run.fail(done.error()) : 0;
    const auto description = bus.description(unit);
    if (description && *description != description_of(run.str("owner"))) return remove_marked(run), 0;
    if (there && (on_v1(run) ? cgroup1::remove(run) : cgroup2::remove(run)) != 0) return -1;
    if (!description) return 0;
    const auto done = bus.stop(unit);
    return done.ok() ? 0 : run.fail(done.error());
}

int start_shell(Run run, Shell shell) {
    const auto all = directories(run);
    if (all.empty()) return -1;
    const std::string unit = run.str("unit"), &dir = all.back();
    std::vector<std::string> call{"busctl",
                                  "call",
                                  "org.freedesktop.systemd1",
                                  "/org/freedesktop/systemd1",
                                  "org.freedesktop.systemd1.Manager",
                                  "StartTransientUnit",
                                  "ssa(sv)a(sa(sv))",
                                  unit,
                                  "fail"};
    if (run.has("user")) call.insert(call.begin() + 1, "--user");
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
    shell.text("until [ -d " + ctr::shell_word(dir) + " ]; do sleep 0.1; done");
    return on_v1(run) ? cgroup1::create_shell(run, shell) : cgroup2::create_shell(run, shell);
}

int stop_shell(Run run, Shell shell) {
    const std::string unit = ctr::shell_word(run.str("unit"));
    const std::string systemctl = run.has("user") ? "systemctl --user " : "systemctl ";
    shell.text(systemctl + "kill --signal=KILL " + unit + " 2>/dev/null || true\n" + systemctl + "stop " + unit +
               " 2>/dev/null || true");
    return on_v1(run) ? cgroup1::remove_shell(run, shell) : 0;
}

int attach(Run run) {
    const std::string dir = cgroup2::directory_for_exec(run);
    if (dir.empty()) return -1;
    Bus bus;
    auto done = bus.open(user_of(run));
    const std::string below = dir.substr(directories(run).front().size());
    if (done.ok()) done = bus.attach(run.str("unit"), below, static_cast<pid_t>(run.integer("pid")));
    return done.ok() ? 0 : run.fail(done.error());
}

int attach_shell(Run run, Shell shell) {
    return shell.cmd({"busctl", "--user", "call", "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
                      "org.freedesktop.systemd1.Manager", "AttachProcessesToUnit", "ssau", run.str("unit"), "", "1",
                      run.str("pid")});
}

int open(Run run) { return on_v1(run) ? cgroup1::open(run) : cgroup2::open(run); }

int open_shell(Run run, Shell shell) {
    return on_v1(run) ? cgroup1::open_shell(run, shell) : cgroup2::open_shell(run, shell);
}

namespace {

/// systemd needs quota and period together, so the one that does not change is read from its file.
void complete_bandwidth(Run run, const cgroup::Cpu &cpu, cgroup::Settings &settings) {
    if (cpu.quota.has_value() == cpu.period.has_value()) return;
    const auto place = cgroup1::place_of(run);
    const cgroup1::Hierarchy *const h = place ? cgroup1::find_controller(place->all, "cpu") : nullptr;
    if (h == nullptr) return;
    const std::string file = cpu.quota ? "cpu.cfs_period_us" : "cpu.cfs_quota_us";
    const auto text = cgroup::read_file(h->mount + run.str("path") + '/' + file);
    if (text) settings.push_back({file, cgroup::trimmed(*text)});
}

/// The properties for an update.
int properties_of(Run run, Node node, Properties &out) {
    const auto read = cgroup::read_resources(node, "");
    if (!read.ok()) return run.fail(read.error());
    const cgroup::Resources &resources = read.value();
    if (on_v1(run)) {
        auto settings = cgroup1::limit_settings(resources);
        complete_bandwidth(run, resources.cpu, settings);
        out = limit_properties_v1(settings);
    } else {
        const auto place = cgroup2::place_of(run);
        if (!place) return -1;
        const cgroup2::Current current = cgroup2::current_of(place->dir());
        const auto settings = cgroup2::limit_settings(resources, &current);
        if (!settings.ok()) return run.fail(settings.error());
        out = limit_properties(settings.value());
    }
    if (!resources.devices.empty())
        for (auto &each : device_properties(cgroup::effective_rules(resources.devices)))
            out.push_back(std::move(each));
    return 0;
}

const ctr_cgroup_v1 &driver(ctr_run *raw) { return on_v1(Run{raw}) ? cgroup1::running : cgroup2::running; }

/// First systemd, because it writes its rounded numbers; then the files with the exact ones.
int update(Run run, Node node) {
    Properties properties;
    if (properties_of(run, node, properties) != 0) return -1;
    if (!properties.empty()) {
        Bus bus;
        auto done = bus.open(user_of(run));
        if (done.ok()) done = bus.set_properties(run.str("unit"), properties);
        if (!done.ok()) return run.fail(done.error());
    }
    return driver(run.raw()).update(run.raw(), node.raw());
}

} // namespace

const ctr_cgroup_v1 running = {
    sizeof(ctr_cgroup_v1),
    "systemd.scope",
    [](ctr_run *raw, int signal) { return driver(raw).kill(raw, signal); },
    [](ctr_run *raw, void (*found)(void *, int64_t), void *user) { return driver(raw).processes(raw, found, user); },
    [](ctr_run *raw, int frozen) { return driver(raw).freeze(raw, frozen); },
    [](ctr_run *raw, const ctr_node *resources) {
        try {
            return update(Run{raw}, Node{resources});
        } catch (const std::exception &e) {
            return Run{raw}.fail({.error_class = CTR_E_INTERNAL,
                                  .message = e.what(),
                                  .hint = "this is a bug of the plugin",
                                  .syscall = "C++ exception"});
        }
    },
    [](ctr_run *raw, void (*found)(void *, const char *, uint64_t), void *user) {
        return driver(raw).stats(raw, found, user);
    },
};

} // namespace ctr::systemd
