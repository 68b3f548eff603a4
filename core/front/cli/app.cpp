// SPDX-License-Identifier: MIT
#include "front/cli/app.hpp"

#include "base/text.hpp"
#include "front/cli/rootless.hpp"
#include "launch/run.hpp"
#include "spec/claims.hpp"
#include "sys/files.hpp"
#include "sys/surroundings.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include <string_view>
#include <unistd.h>

namespace core::cli {
namespace {

constexpr const char *default_config = "/etc/ctr/config.json";

int level_of(const std::string &name) {
    if (name == "error") return CTR_LOG_ERROR;
    if (name == "info") return CTR_LOG_INFO;
    if (name == "debug") return CTR_LOG_DEBUG;
    return name == "warn" ? CTR_LOG_WARN : 0;
}

/// One line on standard error, even if the text contains newlines.
void say(const std::string &text) { std::fprintf(stderr, "%s\n", printable(text).c_str()); }

void log_line(int level, const char *plugin, const char *message) {
    constexpr const char *names[] = {"", "error", "warn", "info", "debug"};
    if (level >= CTR_LOG_ERROR && level <= launch::log_threshold)
        say("ctr: " + std::string(names[level]) + ": " + plugin + ": " + message);
}

/// The command whose words are at the front, the longest first ("image import"). Removes these words.
const Command *take_command(std::vector<std::string> &words) {
    for (const std::size_t n : {std::size_t{2}, std::size_t{1}}) {
        if (words.size() < n) continue;
        const std::string name = n == 2 ? words[0] + " " + words[1] : words[0];
        for (const Command &command : commands()) {
            if (name != command.name) continue;
            words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(n));
            return &command;
        }
    }
    return nullptr;
}

Error unknown_command(const std::vector<std::string> &words) {
    std::string hint = "`ctr --help` lists the commands";
    for (const Command &command : commands())
        if (std::string(command.name).rfind(words[0] + " ", 0) == 0)
            hint = "`ctr " + words[0] + "` needs a second word, for example: ctr " + command.name;
    return failure(
        CTR_E_INVALID,
        "unknown command \"" + words[0] + (words.size() > 1 && words[1][0] != '-' ? " " + words[1] : "") + "\"", hint);
}

} // namespace

void App::print_script(const std::string &text) { std::fwrite(text.data(), 1, text.size(), stdout); }
void App::print(const std::string &text) { print_script(printable(text, true)); }
void App::warn(const std::string &text, const std::string &hint) {
    say("ctr: " + text);
    if (!hint.empty()) say("  hint: " + hint);
}

int App::report(const Error &error) const {
    warn(error.text(), error.hint);
    return exit_failed;
}

/// Global options may come before the command or among its own.
Result<Arguments> App::take_globals(std::vector<std::string> &words) const {
    CTR_ASSIGN(Arguments globals, parse(global_options, words, true));
    words = std::move(globals.positional_);
    globals.positional_.clear();
    return globals;
}

int App::main(const std::vector<std::string> &all_words) {
    std::vector<std::string> words = all_words;
    auto globals = take_globals(words);
    if (!globals.ok()) return report(globals.error());
    globals_ = std::move(globals).value();
    if (globals_.has("version")) words = {"version"};
    if (words.empty() || words[0] == "help") {
        print(help_of_all());
        return finished(words.empty() && !globals_.has("help") ? exit_failed : 0);
    }
    const std::vector<std::string> given = words;
    const Command *command = take_command(words);
    if (command == nullptr) return report(unknown_command(given));

    std::vector<Option> options = command->options;
    options.insert(options.end(), global_options.begin(), global_options.end());
    auto arguments = parse(options, words, command->stops_at_first);
    if (!arguments.ok()) return report(std::move(arguments).error().in(std::string("ctr ") + command->name));
    for (const Option &option : global_options)
        if (arguments.value().has(option.name)) {
            auto &to = globals_.values_[option.name];
            const auto more = arguments.value().all(option.name);
            to.insert(to.end(), more.begin(), more.end());
        }
    if (globals_.has("help")) {
        print(help_of(*command));
        return finished(0);
    }
    const std::size_t n = arguments.value().positional().size();
    if (n < command->least || n > command->most)
        return report(failure(CTR_E_INVALID,
                              std::string("ctr ") + command->name + ": " +
                                  (n < command->least ? "too few" : "too many") + " arguments",
                              std::string("usage: ctr ") + command->name + " " + command->usage));
    const std::string wanted = format();
    if (wanted != "table" && wanted != "json" && !(wanted == "shell" && std::strcmp(command->name, "plan") == 0))
        return report(invalid("--format " + wanted, "expected table or json", "only `ctr plan` knows shell"));
    launch::log_threshold = level_of(globals_.one("log-level", "warn"));
    if (launch::log_threshold == 0)
        return report(invalid("--log-level " + globals_.one("log-level"), "expected error, warn, info or debug"));
    launch::log_sink = log_line;
    try {
        return finished(command->run(*this, arguments.value()));
    } catch (const std::exception &e) {
        return report(failure(CTR_E_INTERNAL, std::string("cannot go on: ") + e.what(),
                              "out of memory, a file that was damaged, or a bug"));
    }
}

int App::finished(int status) const {
    return std::fflush(stdout) == 0 ? status : report(system_error("write", "standard output"));
}

Result<config::Config> App::read_config() const {
    const std::string file = globals_.one("config", default_config);
    config::Config config;
    auto text = sys::read_file(file, std::size_t{4} << 20);
    if (text.ok()) {
        CTR_ASSIGN(config, config::parse_config(text.value(), file));
    } else if (text.error().errno_value != ENOENT || globals_.has("config")) {
        return std::move(text).error().in("reading the config");
    }
    const config::Config defaults;
    if (globals_.has("data-root")) config.data_root = globals_.one("data-root");
    if (globals_.has("run-root")) config.run_root = globals_.one("run-root");
    if (::geteuid() != 0) {
        if (config.run_root == defaults.run_root) config.run_root.clear();
        if (config.data_root == defaults.data_root) config.data_root.clear();
        CTR_TRY(use_own_roots(config.run_root, config.data_root));
    }
    for (std::string *root : {&config.data_root, &config.run_root}) {
        if (root->empty() || (*root)[0] != '/')
            return invalid(root == &config.data_root ? "data_root" : "run_root",
                           "expected an absolute path, got \"" + *root + "\"");
        while (root->size() > 1 && root->back() == '/')
            root->pop_back();
    }
    if (!globals_.has("log-level")) launch::log_threshold = level_of(config.log_level);
    return config;
}

std::string own_plugin_directory() {
    // PREFIX/lib/ctr/libctr-core.so. So a copy of the small executable in another place still finds the plugins of its
    // installation.
    constexpr std::string_view library = "/libctr-core.so";
    Dl_info info{};
    const std::string code =
        ::dladdr(reinterpret_cast<void *>(&own_plugin_directory), &info) != 0 && info.dli_fname != nullptr
            ? info.dli_fname
            : "";
    if (code.size() > library.size() && code[0] == '/' && code.ends_with(library))
        return code.substr(0, code.size() - library.size()) + "/plugins";
    // A program that contains this code (a test) is PREFIX/bin/PROGRAM.
    char path[4096];
    const ssize_t length = ::readlink("/proc/self/exe", path, sizeof path);
    std::string own(path, length > 0 ? static_cast<std::size_t>(length) : 0);
    for (int i = 0; i < 2; ++i)
        own = own.substr(0, own.find_last_of('/'));
    return own + "/lib/ctr/plugins";
}

std::vector<plugin::Directory> App::plugin_directories(const config::Config &config) const {
    std::vector<plugin::Directory> directories;
    for (const std::string &path : globals_.all("plugin-dir"))
        directories.push_back({path, true});
    for (const std::string &path : config.plugin_dirs)
        directories.push_back({path, false});
    directories.push_back({own_plugin_directory(), false});
    return directories;
}

Result<container::Engine *> App::engine() {
    if (!engine_) {
        CTR_TRY(sys::check_proc());
        CTR_ASSIGN(config::Config config, read_config());
        const std::vector<plugin::Directory> directories = plugin_directories(config);
        auto engine = std::make_unique<container::Engine>(std::move(config), directories, spec::oci_vocabulary());
        CTR_TRY(engine->check_run_root());
        engine_ = std::move(engine);
    }
    return engine_.get();
}

std::string table(std::vector<std::vector<std::string>> rows) {
    std::vector<std::size_t> widths;
    for (auto &row : rows)
        for (std::string &cell : row)
            cell = printable(cell); // a cell must not begin a new row
    for (const auto &row : rows)
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (widths.size() <= i) widths.push_back(0);
            widths[i] = std::max(widths[i], row[i].size());
        }
    std::string out;
    for (const auto &row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i)
            line += row[i] + (i + 1 < row.size() ? std::string(widths[i] - row[i].size() + 2, ' ') : "");
        while (!line.empty() && line.back() == ' ')
            line.pop_back();
        out += line + "\n";
    }
    return out;
}

} // namespace core::cli
