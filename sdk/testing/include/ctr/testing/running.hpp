// SPDX-License-Identifier: MIT
//
// Carries steps out, undoes them and prints them, in the process of the test. Part of ctr/testing/host.hpp.
//
// ctr's own work around a step (the child, its namespaces, its root) is missing: a test does it itself where it needs
// it. The callbacks are really called, in this process. Programs are not run (see `spawn`), namespaces are not made.
#pragma once

#include <ctr/cpp/fd.hpp>
#include <ctr/testing/planning.hpp>
#include <ctr/testing/script.hpp>

#include <functional>
#include <map>
#include <string>
#include <type_traits>
#include <unistd.h>
#include <variant>

namespace ctr::testing {

/// A value that a step or the test has given: an integer, a string or bytes, a descriptor.
using Value = std::variant<std::int64_t, std::string, Fd>;

struct Running : Said {
    /// For the kinds of that plugin. Without a plugin only in() works.
    explicit Running(const ctr_plugin_entry &entry);
    Running();
    Running(const Running &) = delete;
    Running &operator=(const Running &) = delete;

    // What steps get and give. It is kept from one call to the next, for example from apply to undo. The destructor
    // closes the descriptors.
    std::map<std::string, Value> values; // by the plan's names
    Fd root;                             // the container's root; set_root() changes it
    std::string home;                    // HOME of the program's environment; only the first set_home() sets it
    int death_signal = 0;
    std::uint64_t namespaces = 0; // the types of the last with_namespaces(); its `use` gets the pid of this process
    /// Called instead of running a program: it gets `what`, fills `how` and returns what the host's spawn() shall
    /// return.
    std::function<int(const ctr_spawn &what, ctr_spawned &how)> spawn;

    /// Calls the kind's function. 0, or -1: failed, and `failure` says why.
    int apply(const Step &step);
    /// The same; 0 for a kind without undo.
    int undo(const Step &step);
    /// The step in the script, and its undo. Empty if it failed, and `failure` says why.
    std::string shell(const Step &step);
    std::string shell_undo(const Step &step);
    /// Calls any function as if for that step, in a context (CTR_IN_...). For functions of extensions (CTR_IN_CALL) and
    /// for parts of a kind.
    template <typename Function> int in(unsigned context, const Step &step, Function function) {
        begin(step);
        const detail::Calling around({context, this, nullptr, this});
        return end(function(raw()));
    }

    // For the functions of the table.
    const ctr_plugin_entry *plugin = nullptr;
    const Step *current = nullptr;      // the step that runs
    std::deque<std::string> handed_out; // what ctr_str of this step point to
    std::string script;

private:
    ctr_run *raw() { return reinterpret_cast<ctr_run *>(this); }
    void begin(const Step &now) {
        current = &now;
        failed = false;
        failure = {};
        handed_out.clear();
        script.clear();
    }
    int end(int code) {
        if (code != 0 && !failed)
            fail({.error_class = CTR_E_INTERNAL,
                  .message = "it failed without saying why",
                  .hint = "this is a bug of the plugin"});
        return failed ? -1 : 0;
    }
    const ctr_step_kind *kind(const Step &of) {
        const ctr_step_kind *const found = detail::kind_of(plugin, of.kind);
        if (found == nullptr) ADD_FAILURE() << "the plugin has no kind " << of.kind;
        return found;
    }
    std::string print(const Step &now, int (*function)(ctr_run *, ctr_shell *)) {
        if (function == nullptr) return "";
        auto *const shell_handle = reinterpret_cast<ctr_shell *>(&script);
        begin(now);
        const detail::Calling around({CTR_IN_SHELL, this, shell_handle, this});
        return end(function(raw(), shell_handle)) == 0 ? script : "";
    }
};

namespace detail {

inline Running &running_of(ctr_run *run) { return *reinterpret_cast<Running *>(run); }
inline std::string &script_of(ctr_shell *shell) { return *reinterpret_cast<std::string *>(shell); }
inline bool in_shell() { return running.context == CTR_IN_SHELL; }

inline const Arg *find_arg(ctr_run *run, const char *name, std::size_t index) {
    for (const Arg &each : running_of(run).current->args)
        if (each.name == name && index-- == 0) return &each;
    return nullptr;
}

inline const Output *find_output(ctr_run *run, const char *name) {
    for (const Output &each : running_of(run).current->outputs)
        if (each.name == name) return &each;
    return nullptr;
}

/// The value of that name, if it is known and of that type. In shell no value is known. An undo has no descriptors,
/// because it may run in another process.
template <typename Type> const Type *known(ctr_run *run, const std::string &value) {
    constexpr unsigned contexts = std::is_same_v<Type, Fd> ? CTR_IN_PARENT | CTR_IN_CHILD : ~CTR_IN_SHELL;
    const auto found = running_of(run).values.find(value);
    if (found == running_of(run).values.end() || (running.context & contexts) == 0) return nullptr;
    return std::get_if<Type>(&found->second);
}

/// Appends a value as text, in shell as a mark. False if the value is not known.
inline bool append_value(ctr_run *run, const std::string &value, std::string &to) {
    if (in_shell())
        to += '\x01' + value + '\x02';
    else if (const auto *integer = known<std::int64_t>(run, value))
        to += std::to_string(*integer);
    else if (const auto *text = known<std::string>(run, value))
        to += *text;
    else
        return known<Fd>(run, value) != nullptr;
    return true;
}

/// As arg_str() gives it. A template is empty if one of its values is not known, because a path with a hole would be
/// another path.
inline std::string text_of(ctr_run *run, const Arg &arg) {
    std::string out;
    bool whole = true;
    switch (arg.form) {
    case CTR_FORM_INT: return std::to_string(arg.integer);
    case CTR_FORM_VALUE: append_value(run, arg.text, out); return out;
    case CTR_FORM_TEMPLATE:
        for_each_piece(
            arg.text, [&](char c) { out += c; },
            [&](const std::string &value) { whole = append_value(run, value, out) && whole; });
        return whole ? out : "";
    default: return arg.text;
    }
}

inline std::size_t arg_count(ctr_run *run, const char *name) {
    if (!CTR_TESTING_LEGAL(run, arg_count)) return 0;
    std::size_t count = 0;
    while (find_arg(run, name, count) != nullptr)
        ++count;
    return count;
}

inline int arg_int(ctr_run *run, const char *name, std::size_t index, std::int64_t *out) {
    if (!CTR_TESTING_LEGAL(run, arg_int)) return -1;
    const Arg *const arg = find_arg(run, name, index);
    if (arg == nullptr) return -1;
    if (arg->form == CTR_FORM_INT) return *out = arg->integer, 0;
    const auto *const integer = arg->form == CTR_FORM_VALUE ? known<std::int64_t>(run, arg->text) : nullptr;
    return integer == nullptr ? -1 : (*out = *integer, 0);
}

inline ctr_str arg_str(ctr_run *run, const char *name, std::size_t index) {
    const Arg *const arg = CTR_TESTING_LEGAL(run, arg_str) ? find_arg(run, name, index) : nullptr;
    return arg == nullptr ? ctr_str{"", 0} : str(running_of(run).handed_out.emplace_back(text_of(run, *arg)));
}

inline int arg_fd(ctr_run *run, const char *name, std::size_t index) {
    const Arg *const arg = CTR_TESTING_LEGAL(run, arg_fd) ? find_arg(run, name, index) : nullptr;
    const Fd *const fd = arg == nullptr || arg->form != CTR_FORM_VALUE ? nullptr : known<Fd>(run, arg->text);
    return fd == nullptr ? -1 : fd->get();
}

inline int give(ctr_run *run, const char *name, ctr_type type, Value value) {
    const Output *const output = find_output(run, name);
    const bool fits =
        output != nullptr && (output->type == type || (type == CTR_TYPE_STRING && output->type == CTR_TYPE_BYTES));
    if (!fits || (type == CTR_TYPE_STRING && std::get<std::string>(value).size() > CTR_VALUE_MAX))
        return running_of(run).fail({.error_class = CTR_E_INTERNAL,
                                     .message = "the step gives an output that it did not declare, or of another type",
                                     .hint = "this is a bug of the plugin",
                                     .path = name});
    running_of(run).values.insert_or_assign(output->value, std::move(value));
    return 0;
}

template <typename Type> const Type *recorded(ctr_run *run, const char *name) {
    const Output *const output = find_output(run, name);
    return output == nullptr ? nullptr : known<Type>(run, output->value);
}

inline void set_step_functions(ctr_host &table) {
    table.arg_count = arg_count;
    table.arg_int = arg_int;
    table.arg_str = arg_str;
    table.arg_fd = arg_fd;
    table.output_int = [](ctr_run *run, const char *name, std::int64_t value) {
        return CTR_TESTING_LEGAL(run, output_int) ? give(run, name, CTR_TYPE_INT, value) : -1;
    };
    table.output_str = [](ctr_run *run, const char *name, ctr_str value) {
        return CTR_TESTING_LEGAL(run, output_str) ? give(run, name, CTR_TYPE_STRING, std::string(view(value))) : -1;
    };
    table.output_fd = [](ctr_run *run, const char *name, int fd) {
        Fd owned(fd);
        return CTR_TESTING_LEGAL(run, output_fd) ? give(run, name, CTR_TYPE_FD, std::move(owned)) : -1;
    };
    table.recorded_int = [](ctr_run *run, const char *name, std::int64_t *out) {
        if (!CTR_TESTING_LEGAL(run, recorded_int)) return -1;
        const auto *const value = recorded<std::int64_t>(run, name);
        return value == nullptr ? 1 : (*out = *value, 0);
    };
    table.recorded_str = [](ctr_run *run, const char *name, ctr_str *out) {
        if (!CTR_TESTING_LEGAL(run, recorded_str)) return -1;
        const auto *const value = recorded<std::string>(run, name);
        return value == nullptr ? 1 : (*out = str(*value), 0);
    };
    table.fail = [](ctr_run *run, const ctr_error *error) {
        return CTR_TESTING_LEGAL(run, fail) ? running_of(run).fail(Error::from(*error)) : -1;
    };
    table.log = [](ctr_run *run, int level, const char *message) {
        if (CTR_TESTING_LEGAL(run, log)) running_of(run).logs.push_back({level, message});
    };
}

inline void set_process_functions(ctr_host &table) {
    table.root_fd = [](ctr_run *run) { return CTR_TESTING_LEGAL(run, root_fd) ? running_of(run).root.get() : -1; };
    table.set_root = [](ctr_run *run, int fd) {
        Fd owned(fd);
        if (!CTR_TESTING_LEGAL(run, set_root)) return -1;
        return running_of(run).root = std::move(owned), 0;
    };
    table.death_signal = [](ctr_run *run) {
        return CTR_TESTING_LEGAL(run, death_signal) ? running_of(run).death_signal : 0;
    };
    table.wants_home = [](ctr_run *run) {
        return CTR_TESTING_LEGAL(run, wants_home) && running_of(run).home.empty() ? 1 : 0;
    };
    table.set_home = [](ctr_run *run, const char *directory) {
        if (!CTR_TESTING_LEGAL(run, set_home)) return -1;
        if (running_of(run).home.empty()) running_of(run).home = directory;
        return 0;
    };
    table.spawn = [](ctr_run *run, const ctr_spawn *what, ctr_spawned *how) {
        if (!CTR_TESTING_LEGAL(run, spawn)) return -1;
        if (running_of(run).spawn) return running_of(run).spawn(*what, *how);
        ADD_FAILURE() << "the step runs " << what->path << ": say what comes of it (Running::spawn)";
        return -1;
    };
    table.with_namespaces = [](ctr_run *run, std::uint64_t types, int (*use)(ctr_run *, int)) {
        if (!CTR_TESTING_LEGAL(run, with_namespaces)) return -1;
        running_of(run).namespaces = types;
        return use(run, static_cast<int>(::getpid()));
    };
}

inline void set_shell_functions(ctr_host &table) {
    table.sh_cmd = [](ctr_shell *shell, const char *const *argv) {
        if (!CTR_TESTING_LEGAL(shell, sh_cmd)) return -1;
        return script_of(shell) += shell_command(argv) + "\n", 0;
    };
    table.sh_set = [](ctr_shell *shell, const char *value, const char *const *argv) {
        if (!CTR_TESTING_LEGAL(shell, sh_set)) return -1;
        return script_of(shell) += shell_variable(value) + "=$(" + shell_command(argv) + ")\n", 0;
    };
    table.sh_text = [](ctr_shell *shell, const char *text) {
        if (!CTR_TESTING_LEGAL(shell, sh_text)) return -1;
        std::istringstream lines(shell_lines(text));
        for (std::string line; std::getline(lines, line);)
            script_of(shell) += line + "\n";
        return 0;
    };
    table.output_value = [](ctr_run *run, const char *name) {
        const Output *const output = CTR_TESTING_LEGAL(run, output_value) ? find_output(run, name) : nullptr;
        return output == nullptr ? ctr_str{"", 0} : str(output->value);
    };
}

} // namespace detail
} // namespace ctr::testing
