// SPDX-License-Identifier: MIT
//
// The C++ face of the SDK, C++20. It is header-only and compiled into the plugin; none of its types cross the boundary.
// A complete plugin is CTR_PLUGIN(id, version, plan function, kinds...); see sdk/sample/.
#pragma once

#include <ctr/contexts.h>
#include <ctr/cpp/error.hpp>
#include <ctr/kinds.h>
#include <ctr/plugin.h>

#include <cerrno>
#include <cstring>
#include <exception>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ctr {

/// The host's table, set when the plugin is loaded.
inline const ctr_host *host = nullptr;

inline std::string_view view(ctr_str s) { return {s.data, s.len}; }
inline ctr_str str(std::string_view s) { return {s.data(), s.size()}; }

/// A part of the spec or the config. Reading a value that is missing or of another type gives the fallback.
class Node {
public:
    explicit Node(const ctr_node *node = nullptr) : node_(node) {}
    const ctr_node *raw() const { return node_; }
    ctr_node_type type() const { return static_cast<ctr_node_type>(host->node_type(node_)); }
    explicit operator bool() const { return type() != CTR_NODE_NONE; }
    bool is_string() const { return type() == CTR_NODE_STRING; }
    Node get(const char *pointer) const { return Node{host->node_get(node_, pointer)}; }
    Node get(const std::string &pointer) const { return get(pointer.c_str()); }

    std::string str(std::string_view fallback = {}) const {
        ctr_str out{};
        return host->node_str(node_, &out) == 0 ? std::string(out.data, out.len) : std::string(fallback);
    }
    std::optional<std::int64_t> integer() const {
        std::int64_t out = 0;
        return host->node_int(node_, &out) == 0 ? std::optional(out) : std::nullopt;
    }
    std::int64_t integer(std::int64_t fallback) const { return integer().value_or(fallback); }
    std::optional<std::uint64_t> uinteger() const {
        std::uint64_t out = 0;
        return host->node_uint(node_, &out) == 0 ? std::optional(out) : std::nullopt;
    }
    std::optional<double> number() const {
        double out = 0;
        return host->node_number(node_, &out) == 0 ? std::optional(out) : std::nullopt;
    }
    bool boolean(bool fallback = false) const {
        int out = 0;
        return host->node_bool(node_, &out) == 0 ? out != 0 : fallback;
    }
    std::size_t size() const { return host->node_count(node_); }
    Node at(std::size_t i) const { return Node{host->node_at(node_, i)}; }
    std::string key(std::size_t i) const { return std::string(view(host->node_key(node_, i))); }

    /// An array of strings; other elements are left out (the host has checked types already).
    std::vector<std::string> strings() const {
        std::vector<std::string> all;
        for (std::size_t i = 0; i < size(); ++i)
            if (at(i).is_string()) all.push_back(at(i).str());
        return all;
    }

private:
    const ctr_node *node_;
};

/// Collects one step and adds it to the plan with add().
class Step {
public:
    Step(ctr_plan *plan, std::string kind, ctr_phase phase) : plan_(plan), kind_(std::move(kind)), phase_(phase) {}

    Step &arg(std::string name, std::int64_t value) { return push({std::move(name), CTR_FORM_INT, value, {}}); }
    Step &arg(std::string name, std::string value) {
        return push({std::move(name), CTR_FORM_STRING, 0, std::move(value)});
    }
    Step &arg(std::string name, std::string_view value) { return arg(std::move(name), std::string(value)); }
    Step &arg(std::string name, const char *value) { return arg(std::move(name), std::string(value)); }
    Step &bytes(std::string name, std::string value) {
        return push({std::move(name), CTR_FORM_BYTES, 0, std::move(value)});
    }
    /// Text with ${value} in it; a literal dollar sign is $$ (see escape()).
    Step &format(std::string name, std::string text) {
        return push({std::move(name), CTR_FORM_TEMPLATE, 0, std::move(text)});
    }
    /// The argument is the value of that name: an fd, an integer, a string.
    Step &value(std::string name, std::string value) {
        return push({std::move(name), CTR_FORM_VALUE, 0, std::move(value)});
    }
    template <typename List> Step &args(const std::string &name, const List &values) {
        for (const auto &each : values)
            arg(name, each);
        return *this;
    }
    Step &output(std::string name, ctr_type type, std::string value) {
        outputs_.push_back({std::move(name), type, std::move(value)});
        return *this;
    }
    Step &needs(std::string token) { return needs_.push_back(std::move(token)), *this; }
    Step &after(std::string token) { return after_.push_back(std::move(token)), *this; }
    Step &gives(std::string token) { return gives_.push_back(std::move(token)), *this; }
    Step &until(ctr_lifetime lifetime) { return lifetime_ = lifetime, *this; }
    Step &note(std::string text) { return note_ = std::move(text), *this; }

    /// 0, or -1 if the plan has failed. The host knows the reason, so just return.
    int add() {
        std::vector<ctr_arg> args;
        for (const auto &a : args_)
            args.push_back({a.name.c_str(), a.form, a.integer, ctr::str(a.text)});
        std::vector<ctr_output> outputs;
        for (const auto &o : outputs_)
            outputs.push_back({o.name.c_str(), o.type, o.value.c_str()});
        const auto needs = pointers(needs_), after = pointers(after_), gives = pointers(gives_);
        ctr_step step{};
        step.size = sizeof step;
        step.phase = phase_;
        step.lifetime = lifetime_;
        step.n_args = static_cast<std::uint32_t>(args.size());
        step.n_outputs = static_cast<std::uint32_t>(outputs.size());
        step.kind = kind_.c_str();
        step.note = note_.empty() ? nullptr : note_.c_str();
        step.args = args.data();
        step.outputs = outputs.data();
        step.needs = needs.data();
        step.after = after.data();
        step.gives = gives.data();
        return host->add_step(plan_, &step);
    }

    /// Makes any text safe for format().
    static std::string escape(std::string_view text) {
        std::string out;
        for (char c : text)
            out.append(c == '$' ? 2 : 1, c);
        return out;
    }

private:
    struct Arg {
        std::string name;
        ctr_form form;
        std::int64_t integer;
        std::string text;
    };
    struct Output {
        std::string name;
        ctr_type type;
        std::string value;
    };
    Step &push(Arg arg) { return args_.push_back(std::move(arg)), *this; }
    static std::vector<const char *> pointers(const std::vector<std::string> &all) {
        std::vector<const char *> out;
        for (const auto &s : all)
            out.push_back(s.c_str());
        out.push_back(nullptr);
        return out;
    }

    ctr_plan *plan_;
    std::string kind_;
    ctr_phase phase_;
    ctr_lifetime lifetime_ = CTR_UNTIL_STOP;
    std::string note_;
    std::vector<Arg> args_;
    std::vector<Output> outputs_;
    std::vector<std::string> needs_, after_, gives_;
};

/// [plan] The plan that is being made.
class Plan {
public:
    explicit Plan(ctr_plan *plan) : plan_(plan) {}
    ctr_plan *raw() const { return plan_; }
    ctr_operation operation() const { return static_cast<ctr_operation>(host->operation(plan_)); }
    Node spec(const std::string &pointer) const { return Node{host->spec(plan_, pointer.c_str())}; }
    Node config(const std::string &pointer) const { return Node{host->config(plan_, pointer.c_str())}; }
    std::string name(const char *what) const { return std::string(view(host->name(plan_, what))); }
    std::string id() const { return name("id"); }
    /// The answer to a question about the machine (host.h, ask), or nothing if the thing does not exist.
    std::optional<std::string> ask(const std::string &question) const {
        ctr_str answer{};
        if (host->ask(plan_, question.c_str(), &answer) != 0) return std::nullopt;
        return std::string(view(answer));
    }
    template <typename Extension> const Extension *extension(const char *slot, const char *id) const {
        return static_cast<const Extension *>(host->extension(plan_, slot, id));
    }
    /// A host of the first release has no plan_log: then nothing is logged.
    void log(ctr_log_level level, const std::string &message) const {
        if (CTR_HAS(host, ctr_host, plan_log)) host->plan_log(plan_, level, message.c_str());
    }
    Step step(std::string kind, ctr_phase phase) const { return Step(plan_, std::move(kind), phase); }
    /// Refuses the plan; returns -1.
    int fail(const Error &error) const {
        const ctr_error raw = error.raw();
        return host->plan_fail(plan_, &raw);
    }
    /// Refuses the plan because of a place in the spec: "/process/user/uid: MESSAGE" and a hint.
    int invalid(std::string path, std::string message, std::string hint = {}) const {
        return fail({.error_class = CTR_E_INVALID,
                     .message = std::move(message),
                     .hint = std::move(hint),
                     .path = std::move(path)});
    }

private:
    ctr_plan *plan_;
};

/// [parent undo shell call] One step. In child hooks use ChildRun.
class Run {
public:
    explicit Run(ctr_run *run) : run_(run) {}
    ctr_run *raw() const { return run_; }
    std::size_t count(const char *name) const { return host->arg_count(run_, name); }
    bool has(const char *name) const { return count(name) != 0; }
    std::string str(const char *name, std::size_t index = 0) const {
        return std::string(view(host->arg_str(run_, name, index)));
    }
    std::vector<std::string> strings(const char *name) const {
        std::vector<std::string> all;
        const std::size_t n = count(name);
        all.reserve(n);
        for (std::size_t i = 0; i < n; ++i)
            all.push_back(str(name, i));
        return all;
    }
    std::int64_t integer(const char *name, std::int64_t fallback = 0, std::size_t index = 0) const {
        std::int64_t out = fallback;
        return host->arg_int(run_, name, index, &out) == 0 ? out : fallback;
    }
    int fd(const char *name, std::size_t index = 0) const { return host->arg_fd(run_, name, index); }
    int output(const char *name, std::int64_t value) const { return host->output_int(run_, name, value); }
    int output(const char *name, std::string_view value) const { return host->output_str(run_, name, ctr::str(value)); }
    int output_fd(const char *name, int fd) const { return host->output_fd(run_, name, fd); }
    std::optional<std::int64_t> recorded_int(const char *name) const {
        std::int64_t out = 0;
        return host->recorded_int(run_, name, &out) == 0 ? std::optional(out) : std::nullopt;
    }
    std::optional<std::string> recorded(const char *name) const {
        ctr_str out{};
        return host->recorded_str(run_, name, &out) == 0 ? std::optional(std::string(view(out))) : std::nullopt;
    }
    std::string output_value(const char *name) const { return std::string(view(host->output_value(run_, name))); }
    void log(ctr_log_level level, const std::string &message) const { host->log(run_, level, message.c_str()); }
    int fail(const Error &error) const {
        const ctr_error raw = error.raw();
        return host->fail(run_, &raw);
    }
    /// A system call failed with errno.
    int fail(std::string syscall, std::string path = {}, std::string hint = {}) const {
        const int saved = errno;
        return fail({.error_class = CTR_E_SYSTEM,
                     .hint = std::move(hint),
                     .errno_value = saved,
                     .syscall = std::move(syscall),
                     .path = std::move(path)});
    }

private:
    ctr_run *run_;
};

/// [child] One step inside the child. Allocates nothing; every member is inlined into the CTR_CHILD function that uses
/// it.
class ChildRun {
public:
    CTR_ALWAYS_INLINE explicit ChildRun(ctr_run *run) : run_(run) {}
    CTR_ALWAYS_INLINE std::size_t count(const char *name) const { return host->arg_count(run_, name); }
    CTR_ALWAYS_INLINE const char *str(const char *name, std::size_t index = 0) const {
        return host->arg_str(run_, name, index).data;
    }
    CTR_ALWAYS_INLINE ctr_str text(const char *name, std::size_t index = 0) const {
        return host->arg_str(run_, name, index);
    }
    CTR_ALWAYS_INLINE std::int64_t integer(const char *name, std::int64_t fallback = 0, std::size_t index = 0) const {
        std::int64_t out = fallback;
        return host->arg_int(run_, name, index, &out) == 0 ? out : fallback;
    }
    CTR_ALWAYS_INLINE int fd(const char *name, std::size_t index = 0) const { return host->arg_fd(run_, name, index); }
    CTR_ALWAYS_INLINE int root() const { return host->root_fd(run_); }
    CTR_ALWAYS_INLINE int output(const char *name, std::int64_t value) const {
        return host->output_int(run_, name, value);
    }
    CTR_ALWAYS_INLINE int output_fd(const char *name, int fd) const { return host->output_fd(run_, name, fd); }
    /// `syscall` and `hint` must be literals; `path` a literal or an argument's string.
    CTR_ALWAYS_INLINE int fail(const char *syscall, const char *path = nullptr, const char *hint = nullptr) const {
        const ctr_error error = {sizeof(ctr_error), CTR_E_SYSTEM, errno, nullptr, hint, syscall, path};
        return host->fail(run_, &error);
    }

private:
    ctr_run *run_;
};

/// [shell] The script that is being printed.
class Shell {
public:
    explicit Shell(ctr_shell *shell) : shell_(shell) {}
    int cmd(const std::vector<std::string> &argv) const { return host->sh_cmd(shell_, pointers(argv).data()); }
    /// Prints value=$(command); `value` is what output_value() gives.
    int set(const std::string &value, const std::vector<std::string> &argv) const {
        return host->sh_set(shell_, value.c_str(), pointers(argv).data());
    }
    int text(const std::string &lines) const { return host->sh_text(shell_, lines.c_str()); }

private:
    static std::vector<const char *> pointers(const std::vector<std::string> &argv) {
        std::vector<const char *> out;
        for (const auto &word : argv)
            out.push_back(word.c_str());
        out.push_back(nullptr);
        return out;
    }
    ctr_shell *shell_;
};

namespace detail {
/// No exception crosses the boundary: what a callback throws becomes the step's error.
template <int (*Function)(Run)> int run_trampoline(ctr_run *run) noexcept {
    try {
        return Function(Run{run});
    } catch (const std::exception &e) {
        return Run{run}.fail({.error_class = CTR_E_INTERNAL,
                              .message = e.what(),
                              .hint = "this is a bug of the plugin",
                              .syscall = "C++ exception"});
    }
}
template <int (*Function)(Run, Shell)> int shell_trampoline(ctr_run *run, ctr_shell *shell) noexcept {
    try {
        return Function(Run{run}, Shell{shell});
    } catch (const std::exception &e) {
        return Run{run}.fail({.error_class = CTR_E_INTERNAL,
                              .message = e.what(),
                              .hint = "this is a bug of the plugin",
                              .syscall = "C++ exception"});
    }
}
template <int (*Function)(Plan)> int plan_trampoline(ctr_plan *plan) noexcept {
    try {
        return Function(Plan{plan});
    } catch (const std::exception &e) {
        return Plan{plan}.fail({.error_class = CTR_E_INTERNAL,
                                .message = e.what(),
                                .hint = "this is a bug of the plugin",
                                .syscall = "C++ exception"});
    }
}
inline int load(const ctr_host *table) { return host = table, 0; }
} // namespace detail

/// A kind that runs in the parent. Without undo its effect must not outlive the process that runs it. The shell forms,
/// for `ctr plan --format shell`, may be left out; then the script says that it leaves the step out.
template <int (*Apply)(Run)> constexpr ctr_step_kind parent_kind(const char *name) {
    return {sizeof(ctr_step_kind), CTR_PROCESS_PARENT, name, detail::run_trampoline<Apply>, nullptr, nullptr, nullptr};
}
template <int (*Apply)(Run), int (*ShellForm)(Run, Shell)> constexpr ctr_step_kind parent_kind(const char *name) {
    ctr_step_kind kind = parent_kind<Apply>(name);
    kind.shell = detail::shell_trampoline<ShellForm>;
    return kind;
}
template <int (*Apply)(Run), int (*Undo)(Run)> constexpr ctr_step_kind parent_kind(const char *name) {
    ctr_step_kind kind = parent_kind<Apply>(name);
    kind.undo = detail::run_trampoline<Undo>;
    return kind;
}
template <int (*Apply)(Run), int (*Undo)(Run), int (*ShellForm)(Run, Shell), int (*ShellUndo)(Run, Shell)>
constexpr ctr_step_kind parent_kind(const char *name) {
    ctr_step_kind kind = parent_kind<Apply, Undo>(name);
    kind.shell = detail::shell_trampoline<ShellForm>;
    kind.shell_undo = detail::shell_trampoline<ShellUndo>;
    return kind;
}
/// A kind that runs in the child; `apply` is a CTR_CHILD function.
constexpr ctr_step_kind child_kind(const char *name, int (*apply)(ctr_run *)) {
    return {sizeof(ctr_step_kind), CTR_PROCESS_CHILD, name, apply, nullptr, nullptr, nullptr};
}
template <int (*ShellForm)(Run, Shell)> constexpr ctr_step_kind child_kind(const char *name, int (*apply)(ctr_run *)) {
    ctr_step_kind kind = child_kind(name, apply);
    kind.shell = detail::shell_trampoline<ShellForm>;
    return kind;
}

} // namespace ctr

/// Defines the plugin: its id and version as in the manifest, its plan function `int plan(ctr::Plan)`, an extension
/// lookup or nullptr, and its kinds (constexpr ctr_step_kind objects at namespace scope).
#define CTR_PLUGIN_WITH_EXTENSION(id, version, plan_function, extension_function, ...)                                 \
    namespace {                                                                                                        \
    template <typename... Kind> struct ctr_kind_list {                                                                 \
        const ctr_step_kind *all[sizeof...(Kind) + 1];                                                                 \
        explicit constexpr ctr_kind_list(const Kind *...each) : all{each..., nullptr} {}                               \
    };                                                                                                                 \
    template <typename... Kind> ctr_kind_list(const Kind *...) -> ctr_kind_list<Kind...>;                              \
    constexpr ctr_kind_list ctr_kinds{__VA_ARGS__};                                                                    \
    }                                                                                                                  \
    extern "C" __attribute__((visibility("default")))                                                                  \
    const ctr_plugin_entry ctr_plugin_entry_v1 = {sizeof(ctr_plugin_entry),                                            \
                                                  CTR_ABI_VERSION,                                                     \
                                                  id,                                                                  \
                                                  version,                                                             \
                                                  ctr::detail::load,                                                   \
                                                  ctr::detail::plan_trampoline<plan_function>,                         \
                                                  ctr_kinds.all,                                                       \
                                                  extension_function}

/// The same without an extension: CTR_PLUGIN("org.example.scratch", "1.0.0", plan, &dir_kind, &hook_kind);
#define CTR_PLUGIN(id, version, plan_function, ...)                                                                    \
    CTR_PLUGIN_WITH_EXTENSION(id, version, plan_function, nullptr __VA_OPT__(, ) __VA_ARGS__)
