// SPDX-License-Identifier: MIT
#include "container/running.hpp"

#include "launch/run.hpp"
#include "launch/values.hpp"
#include "sys/process.hpp"

#include <algorithm>
#include <csignal>
#include <ctr/ext/cgroup.h>
#include <ctr/ext/update.h>
#include <fcntl.h>
#include <functional>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace core::container {
namespace {

using Call = std::function<int(const ctr_cgroup_v1 &driver, ctr_run *run)>;

Error no_cgroup(const std::string &id) {
    return failure(CTR_E_UNSUPPORTED, id + " has no cgroup", "run it with a cgroup driver");
}

/// Calls a plugin with a handle on a step of the container.
Result<void> call_at(Engine &engine, const Record &record, const plan::Step &step, const std::string &what,
                     const std::function<int(ctr_run *run)> &call) {
    const auto at = static_cast<std::uint32_t>(&step - record.plan.steps.data());
    std::vector<bool> only(record.plan.steps.size(), false);
    only[at] = true;
    const auto block = launch::Block::pack(record.plan, engine.kinds(), &only);
    launch::restore_values(*block, record.values);
    ctr_run run;
    run.context = CTR_IN_CALL;
    run.block = block.get();
    launch::begin_step(&run, at);
    const auto context = launch::calling(run);
    if (call(&run) == 0 && !run.failed) return {};
    return (run.failed ? launch::to_error(run.error)
                       : failure(CTR_E_INTERNAL, "the plugin " + step.plugin + " failed without saying why"))
        .in(what);
}

/// Calls the driver with a handle on the step that made the container's cgroup.
Result<void> call_driver(Engine &engine, const std::string &id, const Record &record, const char *word,
                         const Call &call) {
    const auto name = record.plan.drivers.find("cgroup");
    plugin::Plugin *plugin = name == record.plan.drivers.end() ? nullptr : engine.catalog().find(name->second);
    if (plugin == nullptr) return no_cgroup(id);
    CTR_ASSIGN(const ctr_plugin_entry *entry, plugin->load(launch::host_table()));
    const auto *driver =
        entry->extension == nullptr ? nullptr : static_cast<const ctr_cgroup_v1 *>(entry->extension(CTR_EXT_CGROUP));
    const plan::Step *step = driver == nullptr ? nullptr : record.plan.find(driver->kind);
    if (step == nullptr) return no_cgroup(id);
    return call_at(engine, record, *step, word + (" " + id), [&](ctr_run *run) { return call(*driver, run); });
}

Result<void> call_driver(Engine &engine, const std::string &id, const char *word, const Call &call) {
    CTR_TRY(check_id(id));
    CTR_ASSIGN(const Record record, Journal::read(engine.journal_of(id)));
    return call_driver(engine, id, record, word, call);
}

/// Refuses settings that the driver does not carry out, as planning does.
Result<void> check_claims(Engine &engine, const std::string &id, const Json &resources) {
    CTR_TRY(check_id(id));
    CTR_ASSIGN(const Record record, Journal::read(engine.journal_of(id)));
    const auto name = record.plan.drivers.find("cgroup");
    const plugin::Plugin *plugin = name == record.plan.drivers.end() ? nullptr : engine.catalog().find(name->second);
    if (plugin == nullptr) return no_cgroup(id);
    Json part;
    part[Json::json_pointer(std::string(engine.vocabulary().path_of_resources()))] = resources;
    const auto requested = engine.vocabulary().requested_paths(part);
    const std::vector<Claimant> claimants = {{name->second, plugin->manifest.claims}};
    const auto matches = engine.vocabulary().match_claims(requested, claimants);
    for (std::size_t i = 0; i < requested.size(); ++i)
        if (matches[i].empty())
            return Error{.error_class = CTR_E_UNSUPPORTED,
                         .message = "the driver " + name->second + " of the container's cgroup does not carry this out",
                         .hint = "leave it out",
                         .path = requested[i].example()};
    return {};
}

Error not_running(const std::string &id) {
    return failure(CTR_E_NOT_FOUND, "container not running: " + id, "`state` says how it is");
}

} // namespace

bool ends_with_first_process(const Engine &engine, const Record &record) {
    const auto description = record.meta.find("spec");
    return description != record.meta.end() && engine.vocabulary().ends_with_first_process(*description);
}

Result<void> kill_init(Engine &engine, const std::string &id, const Record &record) {
    if (!record.alive()) return {};
    const Fd pidfd = sys::open_pidfd(record.pid);
    if (!pidfd.valid())
        return errno == ESRCH ? Result<void>() : Result<void>(system_error("pidfd_open", std::to_string(record.pid)));
    if (!record.alive()) return {}; // the pid was reused between the two checks
    if (::syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0U) != 0 && errno != ESRCH)
        return system_error("pidfd_send_signal", std::to_string(record.pid));
    pollfd gone = {pidfd.get(), POLLIN, 0};
    if (::poll(&gone, 1, 200) == 1) return {};
    // Under cgroup v1 a frozen process dies only when it is thawed, and something other than `pause` may have frozen
    // it. Without a cgroup nobody can thaw it.
    static_cast<void>(end_processes(engine, id, record));
    if (::poll(&gone, 1, 10000) != 1)
        return failure(CTR_E_BUSY, "process " + std::to_string(record.pid) + " does not die within 10 s of SIGKILL",
                       "it hangs in the kernel; see /proc/" + std::to_string(record.pid) + "/stack");
    return {};
}

Result<void> end_processes(Engine &engine, const std::string &id, const Record &record) {
    if (!record.plan.steps.empty())
        return call_driver(engine, id, record, "ending",
                           [](const ctr_cgroup_v1 &driver, ctr_run *run) { return driver.kill(run, SIGKILL); });
    CTR_ASSIGN(const Record whole, Journal::read(engine.journal_of(id)));
    return whole.plan.steps.empty() ? no_cgroup(id) : end_processes(engine, id, whole);
}

namespace {

Result<void> signal_init(Engine &engine, const std::string &id, const Record &record, int signal) {
    if (!record.alive()) return not_running(id);
    const Fd pidfd = sys::open_pidfd(record.pid);
    if (!pidfd.valid() || !record.alive()) return not_running(id);
    if (::syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0U) != 0)
        return errno == ESRCH ? not_running(id) : system_error("pidfd_send_signal", std::to_string(record.pid));
    if (signal != SIGKILL || !record.paused) return {};
    // Under cgroup v1 a frozen process dies only when it is thawed. Under v2 it may be gone already.
    auto thawed = freeze(engine, id, false);
    return thawed.ok() || thawed.error().error_class == CTR_E_NOT_FOUND ? Result<void>() : std::move(thawed);
}

/// SIGKILL for a container without a pid namespace of its own.
Result<void> kill_all(Engine &engine, const std::string &id, const Record &record) {
    const auto lives = processes(engine, id);
    const bool has_cgroup = lives.ok() || lives.error().error_class != CTR_E_UNSUPPORTED;
    if (!record.alive() && (!lives.ok() || lives.value().empty())) return not_running(id);
    // The first process may have left the cgroup, so it gets the signal by its pidfd.
    Result<void> first = record.alive() ? signal_init(engine, id, record, SIGKILL) : Result<void>();
    return has_cgroup ? end_processes(engine, id, record) : first;
}

} // namespace

Result<void> signal_container(Engine &engine, const std::string &id, int signal) {
    CTR_TRY(check_id(id));
    CTR_ASSIGN(const Record record, Journal::read(engine.journal_of(id), Journal::Part::without_steps));
    return signal != SIGKILL || ends_with_first_process(engine, record) ? signal_init(engine, id, record, signal)
                                                                        : kill_all(engine, id, record);
}

Result<void> signal_all(Engine &engine, const std::string &id, int signal) {
    if (signal == SIGKILL) {
        CTR_TRY(check_id(id));
        CTR_ASSIGN(const Record record, Journal::read(engine.journal_of(id)));
        if (record.alive() && ends_with_first_process(engine, record)) CTR_TRY(signal_init(engine, id, record, signal));
    }
    auto sent = call_driver(engine, id, "signalling",
                            [&](const ctr_cgroup_v1 &driver, ctr_run *run) { return driver.kill(run, signal); });
    if (!sent.ok() && sent.error().error_class == CTR_E_UNSUPPORTED) return signal_container(engine, id, signal);
    return sent;
}

Result<std::vector<int>> processes(Engine &engine, const std::string &id) {
    std::vector<int> pids;
    CTR_TRY(call_driver(engine, id, "listing the processes of", [&](const ctr_cgroup_v1 &driver, ctr_run *run) {
        const auto add = [](void *user, std::int64_t pid) {
            static_cast<std::vector<int> *>(user)->push_back(static_cast<int>(pid));
        };
        return driver.processes(run, add, &pids);
    }));
    return pids;
}

Result<void> freeze(Engine &engine, const std::string &id, bool frozen) {
    CTR_TRY(check_id(id));
    CTR_ASSIGN(const Record record, Journal::read(engine.journal_of(id)));
    if (!record.alive()) return not_running(id);
    CTR_TRY(call_driver(engine, id, record, frozen ? "pausing" : "resuming",
                        [&](const ctr_cgroup_v1 &driver, ctr_run *run) { return driver.freeze(run, frozen ? 1 : 0); }));
    return record.paused == frozen ? Result<void>() : Journal::note_paused(engine.journal_of(id), frozen);
}

Result<void> update(Engine &engine, const std::string &id, const Json &resources) {
    CTR_TRY(check_claims(engine, id, resources));
    return call_driver(engine, id, "updating", [&](const ctr_cgroup_v1 &driver, ctr_run *run) {
        return driver.update(run, reinterpret_cast<const ctr_node *>(&resources));
    });
}

Result<void> update_other(Engine &engine, const std::string &id, const Json &spec) {
    CTR_TRY(check_id(id));
    CTR_ASSIGN(const Record record, Journal::read(engine.journal_of(id)));
    for (const auto &each : engine.catalog().plugins()) {
        const auto &extensions = each->manifest.extensions;
        if (std::find(extensions.begin(), extensions.end(), CTR_EXT_UPDATE) == extensions.end()) continue;
        CTR_ASSIGN(const ctr_plugin_entry *entry, each->load(launch::host_table()));
        const auto *part = static_cast<const ctr_update_v1 *>(entry->extension(CTR_EXT_UPDATE));
        const Json::json_pointer path(part->path);
        if (!spec.contains(path)) continue;
        const plan::Step *step = record.plan.find(part->kind);
        if (step == nullptr)
            return Error{.error_class = CTR_E_INVALID,
                         .message = "the container was made without it, so there is nothing to change",
                         .hint = "make it with " + std::string(part->path),
                         .path = part->path};
        const Json &wanted = spec.at(path);
        return call_at(engine, record, *step, "updating " + id,
                       [&](ctr_run *run) { return part->update(run, reinterpret_cast<const ctr_node *>(&wanted)); });
    }
    return failure(CTR_E_UNSUPPORTED, "no installed plugin changes this in a container that lives: " + spec.dump());
}

Result<std::map<std::string, std::uint64_t>> stats(Engine &engine, const std::string &id) {
    std::map<std::string, std::uint64_t> out;
    CTR_TRY(call_driver(engine, id, "counting", [&](const ctr_cgroup_v1 &driver, ctr_run *run) {
        const auto add = [](void *user, const char *name, std::uint64_t value) {
            (*static_cast<std::map<std::string, std::uint64_t> *>(user))[name] = value;
        };
        return driver.stats(run, add, &out);
    }));
    return out;
}

} // namespace core::container
