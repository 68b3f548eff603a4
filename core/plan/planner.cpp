// SPDX-License-Identifier: MIT
//
// make_plan() at the end shows the sequence.
#include "plan/planner.hpp"

#include "config/schema.hpp"
#include "plan/order.hpp"
#include "plan/plan_abi.hpp"
#include "sys/in_plugin.hpp"

#include <algorithm>
#include <ctr/kinds.h>
#include <nlohmann/json.hpp>
#include <set>

namespace core::plan {
namespace {

using Active = std::vector<plugin::Plugin *>; // by id

std::string replaced(std::string text, const std::string &mark, const std::string &with) {
    for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + with.size()))
        text.replace(at, mark.size(), with);
    return text;
}

bool is_below(std::string_view path, std::string_view directory) {
    return path.starts_with(directory) && (path.size() == directory.size() || path[directory.size()] == '/');
}

bool conditions_hold(const plugin::Manifest &manifest, const config::Config &config, sys::Machine &machine) {
    return std::all_of(manifest.when.begin(), manifest.when.end(), [&](const plugin::Condition &condition) {
        const auto answer = machine.ask(
            replaced(replaced(condition.ask, "${data_root}", config.data_root), "${run_root}", config.run_root));
        return answer.ok() && answer.value() && *answer.value() == condition.is;
    });
}

std::string installed_drivers(const std::string &slot, const plugin::Catalog &catalog) {
    std::string names;
    for (const auto &each : catalog.plugins())
        if (each->manifest.slot == slot) names += (names.empty() ? "" : ", ") + each->manifest.id;
    return names.empty() ? "none is installed" : "installed: " + names;
}

Error no_driver(const std::string &slot, const std::string &wanted, const plugin::Catalog &catalog) {
    if (const plugin::Refusal *refusal = catalog.refusal_of(wanted); refusal != nullptr)
        return Error(refusal->error).in("the " + slot + " driver \"" + wanted + "\" was refused");
    const plugin::Plugin *other = catalog.find(wanted);
    const std::string why = other == nullptr ? "there is no such plugin" : "that plugin is no driver of this slot";
    return failure(CTR_E_NOT_FOUND, "the " + slot + " driver \"" + wanted + "\": " + why,
                   installed_drivers(slot, catalog) + " (`ctr plugin ls`)");
}

std::vector<std::string> slots_of(ctr_operation operation) {
    switch (operation) {
    case CTR_OP_CREATE: return {"storage", "network", "cgroup"};
    case CTR_OP_EXEC: return {"cgroup"};
    case CTR_OP_IMAGE_IMPORT:
    case CTR_OP_IMAGE_REMOVE: return {"storage", "image"};
    case CTR_OP_MOUNT: return {};
    }
    return {};
}

bool is_off(const config::Config &config, const std::string &id) { return config.off.find(id) != config.off.end(); }

/// True if the config turns off the plugin that would carry out the path. "seccomp": "off" waives /linux/seccomp even
/// if the plugin is not installed, because a component of the path has its name.
bool waived(std::string_view pattern, const Request &request, const plugin::Catalog &catalog) {
    if (pattern == "/root/path") return false; // without it the program would run in the machine's root
    for (const std::string &id : request.config->off) {
        if ((std::string(pattern) + "/").find("/" + id + "/") != std::string::npos) return true;
        const plugin::Plugin *plugin = catalog.find(id);
        if (plugin == nullptr) continue;
        const std::vector<Claimant> claimants = {{id, plugin->manifest.claims}};
        const std::vector<RequestedPath> one = {RequestedPath(pattern, std::string(pattern), 0)};
        if (!request.vocabulary->match_claims(one, claimants)[0].empty()) return true;
    }
    return false;
}

/// True if the plugin's claims count: a driver that was not chosen carries nothing out.
bool may_claim(const plugin::Plugin &plugin, const Request &request,
               const std::map<std::string, std::string> &drivers) {
    const plugin::Manifest &m = plugin.manifest;
    if (!m.plans(request.operation) || is_off(*request.config, m.id)) return false;
    if (m.slot.empty()) return true;
    const auto driver = drivers.find(m.slot);
    return driver != drivers.end() && driver->second == m.id;
}

std::string joined(const std::vector<std::string> &words) {
    std::string out;
    for (const std::string &word : words)
        out += (out.empty() ? "" : ", ") + word;
    return out;
}

/// The manifests that claim the path.
template <typename Manifests> std::vector<const plugin::Manifest *>
claimants_of(const RequestedPath &path, const Request &request, const Manifests &manifests) {
    std::vector<const plugin::Manifest *> found;
    const std::vector<RequestedPath> one = {path};
    for (const plugin::Manifest *each : manifests) {
        const std::vector<Claimant> claimants = {{each->id, each->claims}};
        if (!request.vocabulary->match_claims(one, claimants)[0].empty()) found.push_back(each);
    }
    return found;
}

Error was_refused(const plugin::Refusal &refusal, const RequestedPath &path, const std::string &id) {
    return Error(refusal.error).in(path.example() + " is asked for, and the plugin \"" + id + "\" was refused");
}

/// The error for a path that a refused file would carry out; std::nullopt if there is none.
std::optional<Error> refused_claimant(const RequestedPath &path, const Request &request,
                                      const plugin::Catalog &catalog) {
    for (const plugin::Refusal &refusal : catalog.refused()) {
        std::vector<const plugin::Manifest *> manifests;
        for (const plugin::Manifest &each : refusal.manifests)
            if (each.plans(request.operation)) manifests.push_back(&each);
        if (const auto claimants = claimants_of(path, request, manifests); !claimants.empty())
            return was_refused(refusal, path, claimants.front()->id);
    }
    // A file whose manifests could not be read may still have the right name.
    const std::string part(request.vocabulary->optional_part(path.pattern()));
    const plugin::Refusal *refusal = part.empty() ? nullptr : catalog.refusal_of(part);
    return refusal == nullptr ? std::nullopt : std::optional(was_refused(*refusal, path, part));
}

/// The error for a path that a driver would carry out that was not chosen.
Error driver_not_chosen(Error error, const std::vector<const plugin::Manifest *> &others,
                        const std::map<std::string, std::string> &drivers) {
    const std::string &slot = others.front()->slot, &first = others.front()->id;
    std::vector<std::string> ids;
    for (const plugin::Manifest *each : others)
        if (each->slot == slot) ids.push_back(each->id);
    const auto chosen = drivers.find(slot);
    error.message += chosen == drivers.end() ? ": the slot " + slot + " is off"
                                             : ": the " + slot + " driver \"" + chosen->second + "\" does not";
    error.hint = "this is what a driver of the slot " + slot + " does: " + joined(ids) +
                 ". Choose one in the config, \"" + slot + "\": {\"driver\": \"" + first + "\"}, or by `ctr run --" +
                 slot + "`, or leave it out of the description";
    return error;
}

/// The error for a path that no plugin of this plan carries out. Says which plugin would, and what would help.
Error unclaimed(const RequestedPath &path, const Request &request, const plugin::Catalog &catalog,
                const std::map<std::string, std::string> &drivers) {
    const std::string pattern(path.pattern());
    std::vector<const plugin::Manifest *> installed, of_slots;
    for (const auto &each : catalog.plugins())
        installed.push_back(&each->manifest);
    installed = claimants_of(path, request, installed);
    const std::vector<std::string> slots = slots_of(request.operation);
    std::copy_if(installed.begin(), installed.end(), std::back_inserter(of_slots), [&](const plugin::Manifest *each) {
        return each->plans(request.operation) && std::find(slots.begin(), slots.end(), each->slot) != slots.end();
    });
    Error error{.error_class = CTR_E_UNSUPPORTED,
                .message = "asked for, but no plugin carries it out",
                .hint = "install a plugin that claims " + pattern + ", or leave it out of the description",
                .path = path.example()};
    if (!of_slots.empty()) return driver_not_chosen(std::move(error), of_slots, drivers);
    if (auto refused = refused_claimant(path, request, catalog)) return *std::move(refused);
    if (!installed.empty()) {
        error.message += std::string(": the plugin \"") + installed.front()->id + "\" does not for the operation " +
                         plugin::operation_name(request.operation);
        error.hint = "leave it out of the description";
        return error;
    }
    if (const std::string part(request.vocabulary->optional_part(pattern)); !part.empty())
        error.hint = "install the plugin " + part + ", or another that claims " + pattern +
                     ", leave it out of the description, or say \"" + part +
                     "\": \"off\" in the config to run without it";
    return error;
}

/// True if the path belongs to the existing container and is not asked for now.
bool is_inherited(const RequestedPath &path, const Request &request) {
    return !request.asked.empty() &&
           std::none_of(request.asked.begin(), request.asked.end(),
                        [&](const std::string &asked) { return is_below(path.pattern(), asked); });
}

/// Plugins that have no part in this operation. What they claim of an existing container was done when it was created.
std::vector<const plugin::Manifest *> done_already(const Request &request, const plugin::Catalog &catalog) {
    std::vector<const plugin::Manifest *> out;
    if (request.asked.empty()) return out;
    for (const auto &each : catalog.plugins())
        if (!each->manifest.plans(request.operation) && each->manifest.plans(CTR_OP_CREATE))
            out.push_back(&each->manifest);
    return out;
}

Result<Active> choose_active(const Request &request, const plugin::Catalog &catalog,
                             const std::map<std::string, std::string> &drivers) {
    std::vector<plugin::Plugin *> candidates;
    std::vector<Claimant> claimants = {{core_plugin, request.vocabulary->claims_of_engine()}};
    for (const auto &each : catalog.plugins())
        if (may_claim(*each, request, drivers)) candidates.push_back(each.get());
    std::sort(candidates.begin(), candidates.end(),
              [](const auto *a, const auto *b) { return a->manifest.id < b->manifest.id; });
    for (const auto *each : candidates)
        claimants.push_back({each->manifest.id, each->manifest.claims});
    const std::size_t active_end = claimants.size();
    for (const plugin::Manifest *each : done_already(request, catalog))
        claimants.push_back({each->id, each->claims});

    std::vector<bool> used(candidates.size(), false);
    for (std::size_t i = 0; i < candidates.size(); ++i)
        used[i] = candidates[i]->manifest.always || !candidates[i]->manifest.slot.empty();
    const auto requested = request.vocabulary->requested_paths(*request.spec);
    auto matches = request.vocabulary->match_claims(requested, claimants);
    for (std::size_t i = 0; i < requested.size(); ++i) {
        const auto others = std::lower_bound(matches[i].begin(), matches[i].end(), active_end);
        const bool done = others != matches[i].end() && is_inherited(requested[i], request);
        matches[i].erase(others, matches[i].end());
        if (matches[i].size() > 1)
            return invalid(requested[i].example(),
                           "two plugins claim it: " + std::string(claimants[matches[i][0]].id) + " and " +
                               std::string(claimants[matches[i][1]].id),
                           "turn one of them off in the config: \"" + std::string(claimants[matches[i][1]].id) +
                               "\": \"off\"");
        if (matches[i].size() == 1) {
            if (matches[i][0] > 0) used[matches[i][0] - 1] = true;
            continue;
        }
        if (done || waived(requested[i].pattern(), request, catalog)) continue;
        return unclaimed(requested[i], request, catalog, drivers);
    }
    Active active;
    for (std::size_t i = 0; i < candidates.size(); ++i)
        if (used[i]) active.push_back(candidates[i]);
    return active;
}

/// A plugin whose kinds all may use has a part in every plan, of an image too.
Result<void> check_sharers_are_on(const config::Config &config, const plugin::Catalog &catalog) {
    for (const plugin::Plugin *sharer : catalog.sharers())
        if (is_off(config, sharer->manifest.id))
            return invalid((config.file.empty() ? std::string() : config.file + ": ") + "/" + sharer->manifest.id,
                           "the plugin cannot be off: other plugins' steps are of its kinds",
                           "take that out of the config");
    return {};
}

/// Refuses to run anything if the config has settings for a plugin that is not installed, because nobody would carry
/// them out. A pin says which file a plugin must be, so it also requires the plugin.
Result<void> check_installed(const config::Config &config, const plugin::Catalog &catalog) {
    if (config.sections.empty() && config.drivers.empty() && config.pins.empty()) return {};
    std::vector<std::string_view> ids;
    for (const auto &each : catalog.plugins())
        ids.push_back(each->manifest.id);
    auto checked = config::check_installed(config, ids);
    if (checked.ok()) return {};
    const auto reason = [&](const std::string &id) -> const plugin::Refusal * {
        return catalog.find(id) == nullptr ? catalog.refusal_of(id) : nullptr;
    };
    const plugin::Refusal *refusal = nullptr;
    std::string about;
    const auto look = [&](const auto &names, const std::string &what, const auto &id_of) {
        for (const auto &each : names)
            if (refusal == nullptr && (refusal = reason(id_of(each))) != nullptr) about = what + " " + id_of(each);
    };
    look(config.sections, "the config has a section for", [](const auto &each) { return each.first; });
    look(config.drivers, "the config chooses", [](const auto &each) { return each.second; });
    look(config.pins, "the config pins", [](const auto &each) { return each.first; });
    if (refusal != nullptr) return Error(refusal->error).in(about + ", and the plugin was refused");
    Error error = std::move(checked).error();
    error.hint += (error.hint.empty() ? "" : "; ") +
                  std::string("nothing runs while the config speaks of a plugin that is not there: install it, or take "
                              "that out of the config") +
                  (catalog.refused().empty() ? "" : " (`ctr plugin ls` says which files were refused)");
    return error;
}

/// The child starts in the machine's root, so some step must lead it into the container's.
Result<void> check_root_is_left(const Plan &plan) {
    for (const Step &step : plan.steps)
        if (std::find(step.gives.begin(), step.gives.end(), CTR_TOKEN_PIVOTED) != step.gives.end()) return {};
    return failure(
        CTR_E_UNSUPPORTED, "no step leads into the container's root: the program would run in the machine's",
        "install the plugin mounts, or another that gives \"pivoted\", and do not turn it off in the config");
}

Result<void> check_section(const plugin::Manifest &manifest, const config::Config &config) {
    const auto section = config.sections.find(manifest.id);
    if (section == config.sections.end()) return {};
    const std::string path = (config.file.empty() ? std::string() : config.file + ": ") + "/" + manifest.id;
    if (manifest.config.empty()) return invalid(path, "the plugin takes no config", "remove the section");
    const Json schema = manifest.config_schema();
    CTR_TRY(config::check_schema(schema, manifest.id + " manifest config"));
    return config::validate(section->second, schema, path);
}

Result<void> let_each_plan(const Active &active, ctr_plan &handle) {
    // All are loaded first, because a plugin may add steps of a kind that a driver of this plan owns.
    std::vector<const ctr_plugin_entry *> entries;
    for (plugin::Plugin *each : active) {
        CTR_ASSIGN(const ctr_plugin_entry *entry, each->load(handle.request->host));
        entries.push_back(entry);
    }
    for (std::size_t i = 0; i < active.size(); ++i) {
        plugin::Plugin *each = active[i];
        const ctr_plugin_entry *entry = entries[i];
        if (entry->plan == nullptr) continue;
        handle.current = each;
        const int code = [&] {
            const sys::InPlugin inside(each->manifest.id.c_str(), "plan()");
            const auto context = calling(handle);
            return entry->plan(&handle);
        }();
        handle.current = nullptr;
        if (handle.failed) return *handle.failed;
        if (code != 0)
            return failure(CTR_E_INTERNAL, "plugin " + each->manifest.id + ": it refused the plan without saying why",
                           "this is a bug of the plugin");
    }
    return {};
}

Step core_step(const char *kind, ctr_process process, ctr_phase phase, const char *note) {
    Step step;
    step.plugin = core_plugin;
    step.kind = kind;
    step.process = process;
    step.phase = phase;
    step.note = note;
    return step;
}

void add_clone(Plan &plan) {
    Step clone = core_step(kind_clone, CTR_PROCESS_CLONE, CTR_CLONE, "the child begins, in its new namespaces");
    clone.gives = {CTR_TOKEN_CHILD_ALIVE};
    clone.outputs = {{"pid", CTR_TYPE_INT, "child.pid"}, {"pidfd", CTR_TYPE_FD, "child.pidfd"}};
    plan.values["child.pid"] = CTR_TYPE_INT;
    plan.values["child.pidfd"] = CTR_TYPE_FD;
    plan.steps.push_back(std::move(clone));
}

/// The program's environment. Of two variables with the same name only the last is kept, at its place, because
/// getenv(3) would find the first. An empty HOME (docker's clients send it) is dropped, so that the user's own home is
/// put in when the process becomes that user.
std::vector<const Json *> environment_of(const Json &process) {
    std::vector<const Json *> out;
    std::set<std::string_view> names;
    const auto env = process.find("env");
    if (env == process.end() || !env->is_array()) return out;
    for (auto each = env->rbegin(); each != env->rend(); ++each) {
        const std::string_view text = each->get_ref<const std::string &>();
        if (names.insert(text.substr(0, text.find('='))).second && text != "HOME=") out.push_back(&*each);
    }
    std::reverse(out.begin(), out.end());
    return out;
}

Step execve_of(const Json &spec) {
    Step step = core_step(kind_execve, CTR_PROCESS_CHILD, CTR_CONFINE, "the program");
    const auto text = [](std::string name, const Json &value) {
        return Arg{std::move(name), CTR_FORM_STRING, 0, value.get<std::string>()};
    };
    const Json &process = spec.at("process");
    for (const Json &arg : process.at("args"))
        step.args.push_back(text("arg", arg));
    for (const Json *env : environment_of(process))
        step.args.push_back(text("env", *env));
    if (process.contains("cwd")) step.args.push_back(text("cwd", process["cwd"]));
    return step;
}

/// Adds the journal's step. It lists the directories that plugins `asked` for and that a step names.
void add_journal(Plan &plan, const Request &request, const std::set<std::string> &asked) {
    Step step = core_step(kind_journal, CTR_PROCESS_PARENT, CTR_PREPARE,
                          "the container's journal; directories that steps count on");
    step.args.push_back({"file", CTR_FORM_STRING, 0, request.names.record});
    const auto add = [&step](const std::string &path) { step.args.push_back({"directory", CTR_FORM_STRING, 0, path}); };
    if (request.operation == CTR_OP_CREATE) add(rootfs_dir_of(*request.config));
    const auto is_named = [&plan](const std::string &directory) {
        return std::any_of(plan.steps.begin(), plan.steps.end(), [&](const Step &each) {
            return std::any_of(each.args.begin(), each.args.end(),
                               [&](const Arg &arg) { return is_below(arg.text, directory); });
        });
    };
    if (is_named(request.names.run_dir)) add(request.names.run_dir);
    std::set<std::string_view> seen;
    for (const Step &each : plan.steps) {
        if (asked.empty() || each.plugin == core_plugin || !seen.insert(each.plugin).second) continue;
        for (const std::string &directory :
             {state_dir_of(*request.config, each.plugin), data_dir_of(*request.config, each.plugin)})
            if (asked.count(directory) != 0 && is_named(directory)) add(directory);
    }
    plan.steps.insert(plan.steps.begin(), std::move(step));
}

/// Puts the gate before the first step of era 3. wait_for indices behind it move by one.
void add_gate(Plan &plan) {
    const auto behind =
        std::find_if(plan.steps.begin(), plan.steps.end(), [](const Step &step) { return era(step.phase) >= 3; });
    const auto at = static_cast<std::uint32_t>(behind - plan.steps.begin());
    for (Step &step : plan.steps)
        if (step.wait_for != no_wait && step.wait_for >= at) ++step.wait_for;
    plan.steps.insert(behind,
                      core_step(kind_gate, CTR_PROCESS_CHILD, CTR_PIVOT, "`create` ends here, `start` goes on"));
}

void add_execve(Plan &plan, const Json &spec) {
    const auto after_confine =
        std::find_if(plan.steps.begin(), plan.steps.end(), [](const Step &step) { return era(step.phase) >= 4; });
    plan.steps.insert(after_confine, execve_of(spec));
}

} // namespace

std::string state_dir_of(const config::Config &config, const std::string &plugin_id) {
    return config.run_root + "/plugins/" + plugin_id;
}
std::string data_dir_of(const config::Config &config, const std::string &plugin_id) {
    return config.data_root + "/" + plugin_id;
}
std::string rootfs_dir_of(const config::Config &config) { return config.run_root + "/rootfs"; }

Result<std::optional<std::string>> choose_driver(const std::string &slot, const Request &request,
                                                 const plugin::Catalog &catalog, sys::Machine &machine) {
    std::string wanted;
    if (const auto given = request.drivers.find(slot); given != request.drivers.end())
        wanted = given->second;
    else if (const auto set = request.config->drivers.find(slot); set != request.config->drivers.end())
        wanted = set->second;
    if (wanted == "off" || (wanted.empty() && is_off(*request.config, slot))) return std::optional<std::string>();
    if (!wanted.empty() && is_off(*request.config, wanted))
        return invalid("/" + wanted, "the " + slot + " driver \"" + wanted + "\" is \"off\" in the config",
                       "choose another driver, or take that out of the config");
    if (!wanted.empty()) {
        const plugin::Plugin *plugin = catalog.find(wanted);
        if (plugin == nullptr || plugin->manifest.slot != slot) return no_driver(slot, wanted, catalog);
        return std::optional<std::string>(wanted);
    }
    const plugin::Plugin *best = nullptr;
    for (const auto &each : catalog.plugins()) {
        const plugin::Manifest &m = each->manifest;
        if (m.slot != slot || !m.automatic || is_off(*request.config, m.id)) continue;
        if (best != nullptr && best->manifest.rank == m.rank && conditions_hold(m, *request.config, machine) &&
            conditions_hold(best->manifest, *request.config, machine))
            return failure(CTR_E_INVALID,
                           "two drivers for the slot " + slot + ": " + best->manifest.id + " and " + m.id +
                               " are equally fit",
                           "choose one in the config: {\"" + slot + "\": {\"driver\": \"" + m.id + "\"}}");
        if ((best == nullptr || m.rank > best->manifest.rank) && conditions_hold(m, *request.config, machine))
            best = each.get();
    }
    if (best == nullptr)
        for (const plugin::Refusal &refusal : catalog.refused())
            for (const plugin::Manifest &each : refusal.manifests)
                if (each.slot == slot)
                    return Error(refusal.error)
                        .in("no driver for the slot " + slot + " fits this machine, and \"" + each.id +
                            "\" was refused");
    if (best == nullptr)
        return failure(CTR_E_NOT_FOUND, "no driver for the slot " + slot + " fits this machine",
                       installed_drivers(slot, catalog) + "; choose one in the config or by flag");
    return std::optional<std::string>(best->manifest.id);
}

Result<Plan> make_plan(const Request &request, plugin::Catalog &catalog, sys::Machine &machine) {
    Plan plan;
    plan.id = request.names.id;
    const bool has_program = request.operation == CTR_OP_CREATE || request.operation == CTR_OP_EXEC;
    const bool has_child = has_program || request.operation == CTR_OP_MOUNT;
    if (has_program && !request.spec->contains("/process/args"_json_pointer))
        return invalid("/process/args", "missing: there is no program to run", "name a command");
    plan.operation = request.operation;
    CTR_TRY(check_sharers_are_on(*request.config, catalog));
    if (has_child) CTR_TRY(check_installed(*request.config, catalog));
    for (const std::string &slot : slots_of(request.operation)) {
        CTR_ASSIGN(const auto driver, choose_driver(slot, request, catalog, machine));
        if (driver) plan.drivers[slot] = *driver;
    }
    CTR_ASSIGN(const Active active, choose_active(request, catalog, plan.drivers));
    for (const plugin::Plugin *each : active)
        CTR_TRY(check_section(each->manifest, *request.config));

    ctr_plan handle;
    handle.request = &request;
    handle.catalog = &catalog;
    handle.machine = &machine;
    handle.plan = &plan;
    if (request.operation == CTR_OP_EXEC) plan.values["init.pidfd"] = CTR_TYPE_FD;
    CTR_TRY(let_each_plan(active, handle));
    CTR_TRY(check_values(handle));
    std::set<const plugin::Plugin *> used(active.begin(), active.end());
    used.insert(handle.sharers.begin(), handle.sharers.end());
    for (const plugin::Plugin *each : used)
        plan.plugins.push_back({each->manifest.id, each->manifest.version, each->path});
    std::sort(plan.plugins.begin(), plan.plugins.end(), [](const auto &a, const auto &b) { return a.id < b.id; });

    if (request.operation == CTR_OP_CREATE) CTR_TRY(check_root_is_left(plan));
    if (has_child) add_clone(plan);
    if (request.operation != CTR_OP_EXEC && request.operation != CTR_OP_MOUNT)
        add_journal(plan, request, handle.directories);
    CTR_TRY(order(plan, Tokens(catalog)));
    if (has_child) add_gate(plan);
    if (has_program) add_execve(plan, *request.spec);
    plan.machine = machine.record();
    return plan;
}

} // namespace core::plan
