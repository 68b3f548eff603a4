// SPDX-License-Identifier: MIT
//
// One call of a plugin's plan(): its input and its result. Part of ctr/testing/host.hpp.
//
// Only this plugin is called. No manifest is read, neither its own nor those of other plugins (their kinds of step,
// those kinds' arguments, their tokens). `ctr --plugin-dir DIR plan` checks a plan against the manifests.
#pragma once

#include <ctr/testing/calling.hpp>
#include <ctr/testing/nodes.hpp>
#include <ctr/testing/step.hpp>

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace ctr::testing {

struct Planning : Said {
    // What the plugin is given.
    Json spec = Json::object();   // the container's description
    Json config = Json::object(); // the plugin's section of the config
    ctr_operation operation = CTR_OP_CREATE;
    std::map<std::string, std::string> answers; // to plan.ask(); what is not in this map does not exist
    std::map<std::string, std::string> names;   // what plan.name() gives instead of the usual, and "driver.SLOT"
    std::map<std::pair<std::string, std::string>, const void *> extensions; // by slot and id

    // The result, together with failed, failure and logs.
    std::vector<Step> steps;
    std::vector<std::string> questions; // in the order in which they were asked

    /// Calls plan(), after forgetting the result of an earlier call. 0, or -1 if it failed; then `failure` says why.
    int plan(const ctr_plugin_entry &entry);
    /// The same with another spec, as JSON text.
    int plan(const ctr_plugin_entry &entry, const std::string &spec_text) {
        spec = Json::parse(spec_text);
        return plan(entry);
    }
    /// The first step of that kind, or nullptr.
    const Step *step(const std::string &kind) const {
        const auto found = std::find_if(steps.begin(), steps.end(), [&](const Step &s) { return s.kind == kind; });
        return found == steps.end() ? nullptr : &*found;
    }

    // For the functions of the table.
    const ctr_plugin_entry *plugin = nullptr; // whose plan() runs
    std::deque<std::string> handed_out;       // what ctr_str of this plan point to
};

namespace detail {

inline Planning &planning(ctr_plan *plan) { return *reinterpret_cast<Planning *>(plan); }

/// After the first failure the functions of a plan do nothing.
#define CTR_TESTING_PLANNING(plan, function) (CTR_TESTING_LEGAL(plan, function) && !planning(plan).failed)

inline ctr_str hand_out(ctr_plan *plan, std::string text) {
    return str(planning(plan).handed_out.emplace_back(std::move(text)));
}

/// The usual name, with ctr's default directories.
inline std::string usual_name(const Planning &planning, const std::string &what) {
    const auto colon = what.find(':');
    const std::string word = what.substr(0, colon);
    const std::string owner = colon == std::string::npos ? planning.plugin->id : what.substr(colon + 1);
    const auto given = planning.names.find("id");
    std::string id = given == planning.names.end() ? "box" : given->second;
    if (word == "state_dir") return "/run/ctr/plugins/" + owner;
    if (word == "data_dir") return "/var/lib/ctr/" + owner;
    if (what == "id") return id;
    if (what == "record") return "/run/ctr/containers/" + id;
    if (what == "run_dir") return "/run/ctr/containers.files/" + id;
    if (what == "data_root") return "/var/lib/ctr";
    if (what == "rootfs_dir") return "/run/ctr/rootfs";
    return "";
}

inline ctr_str name(ctr_plan *plan, const char *what) {
    if (!CTR_TESTING_PLANNING(plan, name)) return {"", 0};
    const auto given = planning(plan).names.find(what);
    return hand_out(plan, given == planning(plan).names.end() ? usual_name(planning(plan), what) : given->second);
}

/// The lines of mountinfo, proc(5), whose mount point is the path or below it.
inline std::string mounts_below(const std::string &mountinfo, const std::string &path) {
    std::istringstream lines(mountinfo);
    std::string out;
    for (std::string line, word, point; std::getline(lines, line);) {
        std::istringstream words(line);
        words >> word >> word >> word >> word >> point;
        if (point == path || point.rfind(path + "/", 0) == 0 || path == "/") out += line + "\n";
    }
    return out;
}

inline int ask(ctr_plan *plan, const char *question, ctr_str *answer) {
    static const std::set<std::string> words = {"exists",     "type",     "file",    "link",       "list", "fstype",
                                                "device",     "mounts",   "kernel",  "filesystem", "cpus", "namespace",
                                                "namespaces", "writable", "cgroup1", "euid",       "caps"};
    if (!CTR_TESTING_PLANNING(plan, ask)) return -1;
    Planning &now = planning(plan);
    const std::string asked = question;
    now.questions.push_back(asked);
    if (words.count(asked.substr(0, asked.find(':'))) == 0)
        return now.fail({.error_class = CTR_E_INVALID,
                         .message = "unknown question \"" + asked + "\"",
                         .hint = "sdk/include/ctr/host.h lists the questions",
                         .path = "ask"});
    if (const auto found = now.answers.find(asked); found != now.answers.end())
        return *answer = hand_out(plan, found->second), 0;
    const auto mounts = now.answers.find("mounts");
    if (asked.rfind("mounts:", 0) != 0 || mounts == now.answers.end()) return 1;
    return *answer = hand_out(plan, mounts_below(mounts->second, asked.substr(7))), 0;
}

inline const ctr_step_kind *kind_of(const ctr_plugin_entry *entry, const std::string &name) {
    for (const auto *const *each = entry == nullptr ? nullptr : entry->kinds; each != nullptr && *each != nullptr;
         ++each)
        if (name == (*each)->name) return *each;
    return nullptr;
}

inline std::vector<std::string> list(const char *const *words) {
    std::vector<std::string> out;
    for (; words != nullptr && *words != nullptr; ++words)
        out.emplace_back(*words);
    return out;
}

/// Calls text(character) and value(name of a ${value}) in their order; false if the template is malformed.
template <typename Text, typename Value> bool for_each_piece(const std::string &format, Text text, Value value) {
    for (std::size_t i = 0; i < format.size(); ++i) {
        if (format[i] != '$') {
            text(format[i]);
        } else if (format.compare(i, 2, "$$") == 0) {
            text(format[i++]);
        } else {
            const auto end = format.find('}', i);
            if (format.compare(i, 2, "${") != 0 || end == std::string::npos || end == i + 2) return false;
            value(format.substr(i + 2, end - i - 2));
            i = end;
        }
    }
    return true;
}

/// Why a step may not be in its phase; "" if it may.
inline std::string phase_problem(const Step &step, ctr_operation operation) {
    constexpr std::pair<ctr_phase, const char *> phases[] = {
        {CTR_PREPARE, "prepare"}, {CTR_CLONE, "clone"}, {CTR_ATTACH, "attach"},   {CTR_ISOLATE, "isolate"},
        {CTR_MOUNTS, "mounts"},   {CTR_PIVOT, "pivot"}, {CTR_CONFINE, "confine"}, {CTR_STARTED, "started"}};
    constexpr const char *processes[] = {"", "parent", "child", "clone"};
    const auto *const phase =
        std::find_if(std::begin(phases), std::end(phases), [&](const auto &each) { return each.first == step.phase; });
    if (phase == std::end(phases)) return "unknown phase " + std::to_string(step.phase);
    if (!step.process) return "";
    const bool of_image = operation == CTR_OP_IMAGE_IMPORT || operation == CTR_OP_IMAGE_REMOVE;
    if (of_image && *step.process != CTR_PROCESS_PARENT) return "an image plan has only parent steps";
    const bool wrong = (*step.process == CTR_PROCESS_CLONE) != (step.phase == CTR_CLONE) ||
                       (*step.process == CTR_PROCESS_CHILD && (step.phase < CTR_ISOLATE || step.phase > CTR_CONFINE));
    return wrong ? std::string("a ") + processes[*step.process] + " step in phase " + phase->second : "";
}

inline std::string arg_problem(const Arg &arg) {
    const auto nothing = [](const auto &) {};
    if (arg.form < CTR_FORM_INT || arg.form > CTR_FORM_VALUE) return "argument " + arg.name + " has an unknown form";
    if (arg.form == CTR_FORM_TEMPLATE && !for_each_piece(arg.text, nothing, nothing))
        return "argument " + arg.name + " is a malformed template (${value}, $$ for a dollar sign)";
    if (arg.form != CTR_FORM_BYTES && arg.text.find('\0') != std::string::npos)
        return "argument " + arg.name + " has a NUL byte";
    return "";
}

inline std::string output_problem(const Output &output, const std::vector<Step> &steps, const Step &step) {
    if (output.value.empty()) return "an output without a name";
    if (output.value.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-") != std::string::npos)
        return "the value name \"" + output.value + "\" (a-z 0-9 . _ - only)";
    const auto gives = [&](const Step &other) {
        return std::any_of(other.outputs.begin(), other.outputs.end(),
                           [&](const Output &o) { return o.value == output.value; });
    };
    if (gives(step) || std::any_of(steps.begin(), steps.end(), gives))
        return "the value \"" + output.value + "\" is already given by another step";
    return "";
}

inline int add_step(ctr_plan *plan, const ctr_step *raw) {
    if (!CTR_TESTING_PLANNING(plan, add_step)) return -1;
    Planning &now = planning(plan);
    const auto refuse = [&](const std::string &why) {
        return now.fail({.error_class = CTR_E_INTERNAL,
                         .message = std::string("step ") + (raw->kind == nullptr ? "?" : raw->kind) + ": " + why,
                         .hint = "this is a bug of the plugin"});
    };
    if (!CTR_HAS(raw, ctr_step, gives) || raw->kind == nullptr) return refuse("not a ctr_step");
    Step step;
    step.kind = raw->kind;
    step.phase = static_cast<ctr_phase>(raw->phase);
    if (const ctr_step_kind *own = kind_of(now.plugin, step.kind))
        step.process = static_cast<ctr_process>(own->process);
    step.lifetime = raw->lifetime == CTR_UNTIL_DELETE ? CTR_UNTIL_DELETE : CTR_UNTIL_STOP;
    step.note = raw->note == nullptr ? "" : raw->note;
    if (const auto wrong = phase_problem(step, now.operation); !wrong.empty())
        return refuse(wrong + " is not possible");
    for (std::uint32_t i = 0; i < raw->n_args; ++i) {
        const ctr_arg &arg = raw->args[i];
        if (arg.name == nullptr) return refuse("argument without a name");
        step.args.push_back(
            {arg.name, arg.form, arg.integer, arg.text.data == nullptr ? std::string() : std::string(view(arg.text))});
        if (const auto wrong = arg_problem(step.args.back()); !wrong.empty()) return refuse(wrong);
    }
    for (std::uint32_t i = 0; i < raw->n_outputs; ++i) {
        const ctr_output &output = raw->outputs[i];
        if (output.name == nullptr || output.value == nullptr) return refuse("an output without a name");
        const Output copy{output.name, output.type, output.value};
        if (const auto wrong = output_problem(copy, now.steps, step); !wrong.empty()) return refuse(wrong);
        step.outputs.push_back(copy);
    }
    step.needs = list(raw->needs);
    step.after = list(raw->after);
    step.gives = list(raw->gives);
    now.steps.push_back(std::move(step));
    return 0;
}

inline void set_plan_functions(ctr_host &table) {
    table.operation = [](ctr_plan *plan) {
        return CTR_TESTING_LEGAL(plan, operation) ? static_cast<int>(planning(plan).operation) : -1;
    };
    table.spec = [](ctr_plan *plan, const char *pointer) {
        return CTR_TESTING_PLANNING(plan, spec) ? at_pointer(&planning(plan).spec, pointer) : nullptr;
    };
    table.config = [](ctr_plan *plan, const char *pointer) {
        return CTR_TESTING_PLANNING(plan, config) ? at_pointer(&planning(plan).config, pointer) : nullptr;
    };
    table.name = name;
    table.ask = ask;
    table.extension = [](ctr_plan *plan, const char *slot, const char *id) -> const void * {
        if (!CTR_TESTING_PLANNING(plan, extension)) return nullptr;
        const auto found = planning(plan).extensions.find({slot, id});
        return found == planning(plan).extensions.end() ? nullptr : found->second;
    };
    table.add_step = add_step;
    table.plan_fail = [](ctr_plan *plan, const ctr_error *error) {
        return CTR_TESTING_PLANNING(plan, plan_fail) ? planning(plan).fail(Error::from(*error)) : -1;
    };
    table.plan_log = [](ctr_plan *plan, int level, const char *message) {
        if (CTR_TESTING_PLANNING(plan, plan_log)) planning(plan).logs.push_back({level, message});
    };
}

} // namespace detail
} // namespace ctr::testing
