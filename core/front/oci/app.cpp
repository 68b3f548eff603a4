// SPDX-License-Identifier: MIT
#include "front/oci/app.hpp"

#include "base/text.hpp"
#include "front/cli/app.hpp"
#include "launch/launch.hpp"
#include "launch/run.hpp"
#include "spec/claims.hpp"
#include "sys/files.hpp"
#include "sys/in_plugin.hpp"
#include "sys/surroundings.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctr/kinds.h>
#include <unistd.h>

namespace core::oci {
namespace {

constexpr const char *default_config = "/etc/ctr/config.json";
const Log *sink = nullptr; // for log_line, which has no argument for it

void log_line(int level, const char *plugin, const char *message) {
    sink->line(level, std::string(plugin) + ": " + message);
}

int say_exit_in_plugin(const std::string &message) {
    sink->fatal(message, {});
    return exit_failed;
}

/// True for an unprivileged user, and, as with runc, for root of a user namespace that a user has entered (podman of a
/// user).
bool is_users_own() {
    if (::geteuid() != 0) return true;
    const char *user = std::getenv("USER");
    if (user != nullptr && std::strcmp(user, "root") == 0) return false;
    const auto map = sys::read_file("/proc/self/uid_map");
    return map.ok() &&
           map.value().find(" 4294967295\n") == std::string::npos; // the machine's own namespace maps all ids
}

std::string column(const std::string &text, std::size_t width) {
    return text + std::string(width > text.size() ? width - text.size() : 1, ' ');
}

/// In the layout of runc's help.
std::string option_lines(const std::vector<Option> &options) {
    std::string out;
    for (const Option &option : options) {
        const std::string value = option.value != nullptr ? std::string(" ") + option.value : "";
        std::string left = std::string("   --") + option.name + value;
        if (option.letter != 0) left += std::string(", -") + option.letter + value;
        out += column(left, 42) + option.help + (option.repeats ? " (repeats)" : "") + "\n";
    }
    return out;
}

/// As with runc, the last one counts if an option is given twice.
std::vector<Option> last_counts(std::vector<Option> options) {
    for (Option &option : options)
        option.repeats = true;
    return options;
}

/// As with runc, an empty value counts as not given, because engines and scripts pass on what they were not given. It
/// stays, and is an error, where it decides who a process is or what its environment is.
void drop_empty(Arguments &arguments) {
    for (auto it = arguments.values_.begin(); it != arguments.values_.end();) {
        bool nothing = it->second.size() == 1 && it->second[0].empty();
        for (const char *counts : {"env", "user", "additional-gids", "cap", "preserve-fds"})
            nothing = nothing && it->first != counts;
        it = nothing ? arguments.values_.erase(it) : std::next(it);
    }
}

/// The command line for the log, with only the names of environment variables.
std::string shown(const std::string &name, const std::vector<std::string> &words) {
    std::string line = name;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string &word = words[i], before = i == 0 ? "" : words[i - 1];
        const bool joined = word.rfind("--env=", 0) == 0;
        const bool env = joined || before == "-e" || before == "--env";
        const auto equals = word.find('=', joined ? sizeof "--env=" - 1 : 0);
        line += " " + (env && equals != std::string::npos ? word.substr(0, equals) + "=..." : word);
    }
    return line;
}

/// crun's prefixes: "file:" is the default, the others are not supported.
Result<std::string> log_file(const std::string &text) {
    if (text.rfind("file:", 0) == 0) return text.substr(5);
    for (const char *other : {"journald:", "syslog:"})
        if (text.rfind(other, 0) == 0) return invalid("--log " + text, "logs go to a file only", "give --log FILE");
    return text;
}

/// In runc's words, because users of engines know them and scripts look for them.
Error wrong_count(const std::string &name, const Command &command, std::size_t n) {
    const bool few = n < command.least;
    const std::string how = command.least == command.most ? "exactly" : few ? "a minimum of" : "a maximum of";
    return failure(CTR_E_INVALID,
                   name + ": \"" + command.name + "\" requires " + how + " " +
                       std::to_string(few ? command.least : command.most) + " argument(s)",
                   "usage: " + name + " " + command.name + " " + command.usage);
}

std::string help_of_all(const std::string &name) {
    std::string out = "NAME:\n   " + name + " - an OCI runtime with runc's command line\n\nUSAGE:\n   " + name +
                      " [global options] command [command options] [arguments...]\n\nVERSION:\n   " CTR_VERSION
                      "\n\nCOMMANDS:\n";
    for (const Command &command : commands())
        out += column(std::string("   ") + command.name, 13) + command.help + "\n";
    return out + column("   help, h", 13) + "This text; behind a command: --help.\n\nGLOBAL OPTIONS:\n" +
           option_lines(global_options);
}

std::string help_of(const std::string &name, const Command &command) {
    std::string out = "NAME:\n   " + name + " " + command.name + " - " + command.help + "\n\nUSAGE:\n   " + name + " " +
                      command.name + " " + command.usage + "\n";
    if (!command.options.empty()) out += "\nOPTIONS:\n" + option_lines(command.options);
    return out;
}

/// The form that engines read (docs/engines.md, "Words that are an interface"): they look for runc's name and compare
/// the version. What follows the plus sign does not count in comparisons (semver.org).
std::string version_text() {
    return "runc version 1.5.1+ctr-oci." CTR_VERSION "\ncommit: ctr-oci " CTR_VERSION "\nspec: 1.3.0\n";
}

/// The errno in Go's words: "permission denied: ".
std::string reason_of(const Error &error) {
    if (error.errno_value == 0) return {};
    std::string words = errno_text(error.errno_value);
    std::transform(words.begin(), words.end(), words.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return words + ": ";
}

/// The path of the error is "/hooks/prestart/0: /bin/hook".
std::string hook_words(const Error &error) {
    const auto name = error.path.find('/', 1), index = error.path.find('/', name + 1), end = error.path.find(':');
    if (error.path.rfind("/hooks/", 0) != 0 || index == std::string::npos || end == std::string::npos || end < index)
        return "error running hook: ";
    return "error running " + error.path.substr(name + 1, index - name - 1) + " hook #" +
           error.path.substr(index + 1, end - index - 1) + ": ";
}

} // namespace

std::string message_for_engines(const Error &error, const std::string &program) {
    if (error.step.kind == CTR_KIND_CWD_SET)
        return "unable to start container process: chdir to cwd (\"" + error.path +
               "\") set in config.json failed: " + reason_of(error) + error.text();
    if (!error.step.kind.empty() && error.path.starts_with("/hooks/")) return hook_words(error) + error.text();
    if (!launch::is_of_execve(error)) return error.text();
    const std::string who = "unable to start container process: exec: \"" + program + "\": ";
    const bool missing = error.errno_value == ENOENT || error.errno_value == ENOTDIR;
    if (missing && program.find('/') == std::string::npos)
        return who + "executable file not found in $PATH: " + error.text();
    if (missing) return who + "no such file or directory: " + error.text();
    if (error.errno_value == EACCES) return who + "permission denied: " + error.text();
    if (error.errno_value == ENOEXEC) return who + "exec format error: " + error.text();
    return who + error.text();
}

void App::print(const std::string &text) {
    const std::string shown = printable(text, true);
    std::fwrite(shown.data(), 1, shown.size(), stdout);
}

int App::finished(int status) const {
    return std::fflush(stdout) == 0 ? status : report(system_error("write", "standard output"));
}

int App::report(const Error &error, int status) const {
    log_.fatal(error.text(), error.hint);
    return status;
}

std::string App::root() const {
    if (globals_.has("root")) return globals_.one("root");
    const char *runtime_dir = std::getenv("XDG_RUNTIME_DIR");
    if (runtime_dir != nullptr && *runtime_dir == '/' && is_users_own()) return std::string(runtime_dir) + "/ctr-oci";
    return "/run/ctr-oci";
}

std::map<std::string, std::string> App::drivers() const {
    if (globals_.one("cgroup-manager") == "disabled") return {{"cgroup", "no-cgroup"}};
    if (globals_.has("systemd-cgroup") || globals_.one("cgroup-manager") == "systemd")
        return {{"cgroup", "cgroup-systemd"}};
    return {};
}

/// Global options come before the command, as with runc.
Result<void> App::take_globals(std::vector<std::string> &words) {
    CTR_ASSIGN(globals_, cli::parse(last_counts(global_options), words, true));
    drop_empty(globals_);
    words = std::move(globals_.positional_);
    globals_.positional_.clear();
    const std::string form = globals_.one("log-format", "text");
    if (form != "text" && form != "json") return invalid("--log-format " + form, "expected text or json");
    const std::string level = globals_.one("log-level", globals_.has("debug") ? "debug" : "warning");
    if (level != "error" && level != "warning" && level != "debug")
        return invalid("--log-level " + level, "expected error, warning or debug");
    CTR_ASSIGN(const std::string file, log_file(globals_.one("log")));
    CTR_TRY(log_.open(file, form == "json" ? Log::Form::json : Log::Form::text,
                      globals_.has("debug") || level == "debug" ? CTR_LOG_DEBUG
                      : level == "error"                        ? CTR_LOG_ERROR
                                                                : CTR_LOG_WARN));
    if (globals_.has("criu")) log_.line(CTR_LOG_WARN, "--criu is obsolete and not used: there is no checkpoint");
    const std::string manager = globals_.one("cgroup-manager", "cgroupfs");
    if (manager != "cgroupfs" && manager != "systemd" && manager != "disabled")
        return invalid("--cgroup-manager " + manager, "expected cgroupfs, systemd or disabled");
    const std::string rootless = globals_.one("rootless", "auto");
    if (rootless != "auto" && rootless != "true" && rootless != "false")
        return invalid("--rootless " + rootless, "expected true, false or auto");
    return {};
}

int App::main(const std::string &name, std::vector<std::string> words) {
    name_ = name;
    const std::string command_line = shown(name, words);
    if (auto taken = take_globals(words); !taken.ok()) return report(taken.error());
    sink = &log_;
    sys::on_exit_in_plugin = say_exit_in_plugin;
    launch::log_sink = log_line;
    launch::log_threshold = log_.level();
    if (globals_.has("version")) {
        print(version_text());
        return finished(0);
    }
    if (words.empty() || words[0] == "help" || words[0] == "h" || globals_.has("help")) {
        print(help_of_all(name_));
        return finished(0);
    }
    const auto found = std::find_if(commands().begin(), commands().end(),
                                    [&](const Command &command) { return words[0] == command.name; });
    if (words[0] == "checkpoint" || words[0] == "restore")
        return report(failure(CTR_E_UNSUPPORTED, words[0] + " is not supported: there is no CRIU here",
                              "`" + name_ + " --help` lists the commands"));
    if (found == commands().end())
        return report(failure(CTR_E_INVALID, "No help topic for '" + words[0] + "': unknown command",
                              "`" + name_ + " --help` lists the commands"),
                      exit_no_command);
    const Command &command = *found;
    words.erase(words.begin());
    std::vector<Option> options = last_counts(command.options);
    options.push_back({.name = "help", .letter = 'h', .help = ""});
    auto arguments = cli::parse(options, words, command.stops_at_first);
    if (!arguments.ok()) return report(std::move(arguments).error().in(command.name));
    if (arguments.value().has("help")) {
        print(help_of(name_, command));
        return finished(0);
    }
    drop_empty(arguments.value());
    const std::size_t n = arguments.value().positional().size();
    if (n < command.least || n > command.most) return report(wrong_count(name_, command, n));
    if (log_.debug()) log_.line(CTR_LOG_DEBUG, command_line);
    const int status = [&] {
        try {
            return command.run(*this, arguments.value());
        } catch (const std::exception &e) {
            return report(failure(CTR_E_INTERNAL, std::string("cannot go on: ") + e.what(),
                                  "out of memory, a file that was damaged, or a bug"));
        }
    }();
    if (log_.debug() && !log_.failed()) // if it failed, the error must be the last line
        log_.line(CTR_LOG_DEBUG, name_ + " " + command.name + ": exit status " + std::to_string(status));
    return finished(status);
}

Result<container::Engine *> App::engine() {
    if (engine_) return engine_.get();
    CTR_TRY(sys::check_proc());
    const std::string file = globals_.one("config-file", default_config);
    config::Config config;
    auto text = sys::read_file(file, std::size_t{4} << 20);
    if (text.ok()) {
        CTR_ASSIGN(config, config::parse_config(text.value(), file));
    } else if (text.error().errno_value != ENOENT || globals_.has("config-file")) {
        return std::move(text).error().in("reading the config");
    }
    config.run_root = root();
    if (config.run_root.empty() || config.run_root[0] != '/') {
        char cwd[4096];
        if (::getcwd(cwd, sizeof cwd) == nullptr) return system_error("getcwd");
        config.run_root = std::string(cwd) + "/" + config.run_root;
    }
    while (config.run_root.size() > 1 && config.run_root.back() == '/')
        config.run_root.pop_back();
    std::vector<plugin::Directory> directories;
    for (const std::string &path : globals_.all("plugin-dir"))
        directories.push_back({path, true});
    for (const std::string &path : config.plugin_dirs)
        directories.push_back({path, false});
    directories.push_back({cli::own_plugin_directory(), false});
    auto engine = std::make_unique<container::Engine>(std::move(config), directories, spec::oci_vocabulary());
    CTR_TRY(engine->check_run_root());
    engine_ = std::move(engine);
    for (const plugin::Refusal &refusal : engine_->catalog().refused())
        log_.line(CTR_LOG_WARN, "plugin refused: " + refusal.error.text());
    return engine_.get();
}

} // namespace core::oci
