// SPDX-License-Identifier: MIT
//
// A host for the tests of the cgroup drivers: spec and config from JSON text, answers from a table, steps written down as text. It
// also carries steps out, so that a test can let apply, undo and the extension work on a real cgroup.
#pragma once

#include "json_nodes.hpp"

#include <ctr/plugin.hpp>

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <unistd.h>

namespace fake {

struct Arg {
    std::string name;
    ctr_form form;
    std::int64_t integer;
    std::string text;
};

struct Step {
    std::string kind;
    int phase = 0;
    std::vector<Arg> args;
    std::vector<std::pair<std::string, std::string>> outputs; // what the kind calls it, the value
    std::vector<std::string> needs, after, gives;

    /// "kind name=text name=<value>": one line for comparison.
    std::string text() const {
        std::string out = kind;
        for (const auto &a : args)
            out += ' ' + a.name + '=' +
                   (a.form == CTR_FORM_INT     ? std::to_string(a.integer)
                    : a.form == CTR_FORM_VALUE ? '<' + a.text + '>'
                                               : a.text);
        return out;
    }
    std::vector<std::string> all(const std::string &name) const {
        std::vector<std::string> out;
        for (const auto &a : args)
            if (a.name == name) out.push_back(a.text);
        return out;
    }
};

struct Failure {
    std::uint32_t error_class = 0;
    int errno_value = 0;
    std::string message, hint, path, syscall;
};

inline std::string text_of(const char *text) { return text == nullptr ? "" : text; }
inline Failure failure_of(const ctr_error &e) {
    return {e.error_class, e.errno_value, text_of(e.message), text_of(e.hint), text_of(e.path), text_of(e.syscall)};
}

struct Planning {
    Json spec, config = Json::object();
    ctr_operation operation = CTR_OP_CREATE;
    std::map<std::string, std::string> answers, mounts_below;
    std::map<std::string, std::string> names{{"id", "box"}, {"record", "/run/ctr/box"}};
    std::vector<Step> steps;
    Failure failure;

    ctr_plan *raw() { return reinterpret_cast<ctr_plan *>(this); }
    const Step *step(const std::string &kind) const {
        for (const auto &s : steps)
            if (s.kind == kind) return &s;
        return nullptr;
    }
};

/// One step that runs. Values of the plan (descriptors) and what the step recorded live in maps that a test keeps between calls.
struct Running {
    const Step *step = nullptr;
    std::map<std::string, int> *fds = nullptr;
    std::map<std::string, std::string> *recorded = nullptr;
    Failure failure;
    std::string script;

    ctr_run *raw() { return reinterpret_cast<ctr_run *>(this); }
};

namespace detail {
inline Planning &planning(ctr_plan *p) { return *reinterpret_cast<Planning *>(p); }
inline Running &running(ctr_run *r) { return *reinterpret_cast<Running *>(r); }
inline const Arg *arg(ctr_run *r, const char *name, std::size_t index) {
    for (const auto &a : running(r).step->args)
        if (a.name == name && index-- == 0) return &a;
    return nullptr;
}
inline std::vector<std::string> list(const char *const *words) {
    std::vector<std::string> out;
    while (words != nullptr && *words != nullptr)
        out.emplace_back(*words++);
    return out;
}
inline int add_step(ctr_plan *p, const ctr_step *s) {
    Step step{s->kind, static_cast<int>(s->phase), {}, {}, list(s->needs), list(s->after), list(s->gives)};
    for (std::uint32_t i = 0; i < s->n_args; ++i)
        step.args.push_back(
            {s->args[i].name, s->args[i].form, s->args[i].integer, std::string(ctr::view(s->args[i].text))});
    for (std::uint32_t i = 0; i < s->n_outputs; ++i)
        step.outputs.emplace_back(s->outputs[i].name, s->outputs[i].value);
    planning(p).steps.push_back(std::move(step));
    return 0;
}
inline const std::string &value_of(ctr_run *r, const char *output) {
    static const std::string none;
    for (const auto &[name, value] : running(r).step->outputs)
        if (name == output) return value;
    return none;
}
inline ctr_shell *as_shell(Running &r) { return reinterpret_cast<ctr_shell *>(&r); }
inline Running &as_running(ctr_shell *s) { return *reinterpret_cast<Running *>(s); }

inline ctr_host make_table() {
    ctr_host h{};
    h.size = sizeof h;
    h.abi = CTR_ABI_VERSION;
    h.version = "test";
    h.operation = [](ctr_plan *p) { return static_cast<int>(planning(p).operation); };
    h.spec = [](ctr_plan *p, const char *where) { return node(find(planning(p).spec, where)); };
    h.config = [](ctr_plan *p, const char *where) { return node(find(planning(p).config, where)); };
    h.name = [](ctr_plan *p, const char *what) { return str(planning(p).names[what]); };
    h.ask = [](ctr_plan *p, const char *question, ctr_str *answer) {
        auto &answers = planning(p).answers;
        // "mounts:PATH": of the whole table the lines of what is at the path or below.
        if (const std::string asked = question; asked.rfind("mounts:", 0) == 0) {
            std::string &below = planning(p).mounts_below[asked];
            below.clear();
            std::istringstream lines(answers["mounts"]);
            for (std::string line; std::getline(lines, line);)
                if (line.find(" " + asked.substr(7)) != std::string::npos) below += line + "\n";
            return *answer = str(below), 0;
        }
        const auto found = answers.find(question);
        if (found == answers.end()) return 1;
        return *answer = str(found->second), 0;
    };
    read_json_nodes(h);
    h.add_step = add_step;
    h.plan_fail = [](ctr_plan *p, const ctr_error *e) { return planning(p).failure = failure_of(*e), -1; };
    h.arg_count = [](ctr_run *r, const char *name) {
        std::size_t n = 0;
        while (arg(r, name, n) != nullptr)
            ++n;
        return n;
    };
    h.arg_int = [](ctr_run *r, const char *name, std::size_t i, std::int64_t *out) {
        const Arg *const a = arg(r, name, i);
        return a == nullptr || a->form != CTR_FORM_INT ? -1 : (*out = a->integer, 0);
    };
    h.arg_str = [](ctr_run *r, const char *name, std::size_t i) {
        const Arg *const a = arg(r, name, i);
        return a == nullptr ? ctr_str{"", 0} : str(a->text);
    };
    h.arg_fd = [](ctr_run *r, const char *name, std::size_t i) {
        const Arg *const a = arg(r, name, i);
        return a == nullptr || running(r).fds->count(a->text) == 0 ? -1 : running(r).fds->at(a->text);
    };
    h.output_int = [](ctr_run *r, const char *name, std::int64_t v) {
        return (*running(r).recorded)[name] = std::to_string(v), 0;
    };
    h.output_str = [](ctr_run *r, const char *name, ctr_str v) {
        return (*running(r).recorded)[name] = std::string(ctr::view(v)), 0;
    };
    h.output_fd = [](ctr_run *r, const char *name, int fd) { return (*running(r).fds)[value_of(r, name)] = fd, 0; };
    h.recorded_int = [](ctr_run *r, const char *name, std::int64_t *out) {
        if (running(r).recorded->count(name) == 0) return 1;
        return *out = std::stoll(running(r).recorded->at(name)), 0;
    };
    h.recorded_str = [](ctr_run *r, const char *name, ctr_str *out) {
        if (running(r).recorded->count(name) == 0) return 1;
        return *out = str(running(r).recorded->at(name)), 0;
    };
    h.fail = [](ctr_run *r, const ctr_error *e) { return running(r).failure = failure_of(*e), -1; };
    h.log = [](ctr_run *, int, const char *) {};
    h.sh_cmd = [](ctr_shell *s, const char *const *argv) {
        std::string line;
        for (const auto &word : list(argv))
            line += (line.empty() ? "" : " ") + word;
        return as_running(s).script += line + '\n', 0;
    };
    h.sh_set = [](ctr_shell *s, const char *value, const char *const *argv) {
        std::string line;
        for (const auto &word : list(argv))
            line += (line.empty() ? "" : " ") + word;
        return as_running(s).script += std::string(value) + "=$(" + line + ")\n", 0;
    };
    h.sh_text = [](ctr_shell *s, const char *text) { return as_running(s).script += std::string(text) + '\n', 0; };
    h.output_value = [](ctr_run *r, const char *name) { return str(value_of(r, name)); };
    return h;
}
} // namespace detail

/// The table; once per process.
inline const ctr_host *host() {
    static const ctr_host table = detail::make_table();
    return &table;
}

/// What a step of a plugin leaves between its calls, and the calls.
struct Carried {
    const ctr_plugin_entry &entry;
    std::map<std::string, int> fds{};
    std::map<std::string, std::string> recorded{};

    const ctr_step_kind *kind(const Step &step) const {
        for (const auto *const *k = entry.kinds; *k != nullptr; ++k)
            if (step.kind == (*k)->name) return *k;
        return nullptr;
    }
    Failure failure{};
    int apply(const Step &step) {
        return call(step, [&](ctr_run *r) { return kind(step)->apply(r); });
    }
    int undo(const Step &step) {
        return call(step, [&](ctr_run *r) { return kind(step)->undo(r); });
    }
    std::string shell(const Step &step, bool undo_too = false) {
        Running r{&step, &fds, &recorded, {}, {}};
        kind(step)->shell(r.raw(), detail::as_shell(r));
        if (undo_too) kind(step)->shell_undo(r.raw(), detail::as_shell(r));
        return r.script;
    }
    template <typename Function> int call(const Step &step, Function function) {
        Running r{&step, &fds, &recorded, {}, {}};
        const int result = function(r.raw());
        failure = r.failure;
        return result;
    }
    void close_fds() {
        for (const auto &[name, fd] : fds)
            ::close(fd);
        fds.clear();
    }
};

} // namespace fake
