// SPDX-License-Identifier: MIT
//
// `ctr run` and `ctr plan`: one carries out the description, the other shows its plan.
#include "front/cli/app.hpp"

#include "container/images.hpp"
#include "front/cli/bundle.hpp"
#include "front/cli/notify.hpp"
#include "front/cli/rootless.hpp"
#include "front/cli/run_spec.hpp"
#include "front/cli/terminal.hpp"
#include "launch/launch.hpp"
#include "launch/shell.hpp"
#include "plan/plan_json.hpp"
#include "plan/show.hpp"
#include "sys/files.hpp"

#include <cstdlib>
#include <ctr/cpp/text.hpp>
#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

namespace core::cli {
namespace {

/// What the command line asks for.
struct Asked {
    container::CreateRequest create;
    bool interactive = false, rm = false;
};

std::string random_name() {
    char bytes[6];
    if (::getrandom(bytes, sizeof bytes, 0) != sizeof bytes) return "c" + std::to_string(::getpid());
    return ctr::hex({bytes, sizeof bytes});
}

Result<std::string> absolute(const std::string &path) {
    char resolved[PATH_MAX];
    if (::realpath(path.c_str(), resolved) == nullptr) return system_error("realpath", path);
    return std::string(resolved);
}

template <typename T, typename Parse>
Result<void> parse_all(const std::vector<std::string> &texts, std::vector<T> &to, Parse parse_one) {
    for (const std::string &text : texts) {
        CTR_ASSIGN(T value, parse_one(text));
        to.push_back(std::move(value));
    }
    return {};
}

Result<void> take_limits(const Arguments &arguments, RunOptions &options) {
    if (arguments.has("memory")) {
        CTR_ASSIGN(options.memory, parse_memory(arguments.one("memory")));
    }
    if (arguments.has("cpus")) {
        CTR_ASSIGN(options.cpus, parse_cpus(arguments.one("cpus")));
    }
    if (arguments.has("pids-limit")) {
        CTR_ASSIGN(options.pids_limit, parse_pids_limit(arguments.one("pids-limit")));
    }
    CTR_TRY(parse_all(arguments.all("ulimit"), options.ulimits, [](const auto &text) { return parse_ulimit(text); }));
    for (const std::string &text : arguments.all("sysctl")) {
        CTR_ASSIGN(const auto setting, parse_sysctl(text));
        options.sysctls[setting.first] = setting.second;
    }
    return {};
}

Result<void> take_security(const Arguments &arguments, RunOptions &options) {
    CTR_TRY(parse_all(arguments.all("cap-add"), options.cap_add,
                      [](const auto &text) { return parse_capability("--cap-add", text); }));
    CTR_TRY(parse_all(arguments.all("cap-drop"), options.cap_drop,
                      [](const auto &text) { return parse_capability("--cap-drop", text); }));
    for (const std::string &text : arguments.all("security-opt")) {
        CTR_ASSIGN(const SecurityOption option, parse_security_option(text));
        if (option.kind == SecurityOption::no_new_privileges) options.no_new_privileges = option.on;
        if (option.kind == SecurityOption::seccomp_unconfined) options.seccomp = RunOptions::Seccomp::unconfined;
        if (option.kind != SecurityOption::seccomp_file) continue;
        CTR_ASSIGN(const std::string profile, sys::read_file(option.file, std::size_t{4} << 20));
        CTR_ASSIGN(options.seccomp_profile, parse_json(profile, option.file));
        options.seccomp = RunOptions::Seccomp::profile;
    }
    return {};
}

Result<void> take_process(const Arguments &arguments, RunOptions &options) {
    for (const std::string &text : arguments.all("env")) {
        CTR_ASSIGN(const auto env, parse_env(text, [](const std::string &name) {
                       const char *value = std::getenv(name.c_str());
                       return value == nullptr ? std::nullopt : std::optional<std::string>(value);
                   }));
        if (env) options.env.push_back(*env);
    }
    if (arguments.has("workdir")) {
        CTR_ASSIGN(options.workdir, parse_workdir(arguments.one("workdir")));
    }
    if (arguments.has("hostname")) {
        CTR_ASSIGN(options.hostname, parse_hostname(arguments.one("hostname")));
    }
    if (arguments.has("user")) {
        CTR_ASSIGN(const User user, parse_user("--user", arguments.one("user")));
        options.user = user.text;
    }
    options.tty = arguments.has("tty");
    if (const auto size = terminal_size(STDIN_FILENO); size && options.tty)
        options.console_size = ConsoleSize{size->ws_col, size->ws_row};
    return {};
}

Result<void> take_files(const Arguments &arguments, RunOptions &options) {
    CTR_TRY(parse_all(arguments.all("volume"), options.volumes, [](const auto &text) { return parse_volume(text); }));
    CTR_TRY(parse_all(arguments.all("tmpfs"), options.tmpfs, [](const auto &text) { return parse_tmpfs(text); }));
    options.read_only = arguments.has("read-only");
    return {};
}

/// Reads the bundle's config.json. Flags that describe the container are refused beside it.
Result<Asked> from_bundle(const container::Engine &engine, const Arguments &arguments, Asked asked) {
    for (const auto &[name, values] : arguments.values_) {
        constexpr std::string_view allowed[] = {"bundle",  "name",   "rm",    "interactive",
                                                "storage", "cgroup", "notes", "network"};
        bool ok = std::find(std::begin(allowed), std::end(allowed), name) != std::end(allowed);
        for (const Option &option : global_options)
            ok = ok || name == option.name;
        if (!ok) return invalid("--" + name, "does not go with --bundle", "the bundle's config.json says it");
    }
    if (!arguments.positional().empty())
        return invalid(arguments.positional()[0], "a command does not go with --bundle",
                       "the bundle's config.json has it in /process/args");
    CTR_ASSIGN(const std::string bundle, absolute(arguments.one("bundle")));
    CTR_TRY(read_bundle(engine.config(), bundle, {}, asked.create));
    return asked;
}

Result<Asked> from_flags(container::Engine &engine, const Arguments &arguments, Asked asked) {
    RunOptions options;
    options.id = asked.create.id;
    options.rm = asked.rm;
    std::vector<std::string> words = arguments.positional();
    if (arguments.has("rootfs")) {
        CTR_ASSIGN(options.rootfs, absolute(arguments.one("rootfs")).in("--rootfs"));
        CTR_TRY(serve_directory(engine.config(), asked.create.drivers));
        asked.create.meta["rootfs"] = options.rootfs;
    } else {
        if (words.empty())
            return failure(CTR_E_INVALID, "what shall run?", "name an image, --rootfs DIR or --bundle DIR");
        CTR_ASSIGN(const container::Image image, container::find_image(engine, words[0]));
        options.image = image.name;
        options.layers = image.layers;
        options.image_config = image.config;
        asked.create.meta["image"] = image.name;
        words.erase(words.begin());
    }
    options.command = std::move(words);
    CTR_TRY(take_process(arguments, options));
    CTR_TRY(take_limits(arguments, options));
    CTR_TRY(take_security(arguments, options));
    CTR_TRY(take_files(arguments, options));
    CTR_ASSIGN(const auto network, engine.driver("network", asked.create.drivers));
    options.network = network.value_or("host");
    OwnIds ids = own_ids();
    options.uids = std::move(ids.uids);
    options.gids = std::move(ids.gids);
    CTR_ASSIGN(asked.create.spec, run_spec(options));
    asked.create.meta["command"] = asked.create.spec["process"]["args"];
    return asked;
}

Result<Asked> read_arguments(container::Engine &engine, const Arguments &arguments, const std::string &default_name) {
    Asked asked;
    asked.create.id = arguments.one("name", default_name);
    CTR_TRY(container::check_id(asked.create.id));
    asked.interactive = arguments.has("interactive");
    asked.rm = arguments.has("rm");
    for (const char *slot : {"storage", "network", "cgroup"})
        if (arguments.has(slot)) asked.create.drivers[slot] = arguments.one(slot);
    asked.create.meta = {{"rm", asked.rm}};
    if (arguments.has("rootfs") && arguments.has("bundle"))
        return failure(CTR_E_INVALID, "--rootfs and --bundle do not go together");
    return arguments.has("bundle") ? from_bundle(engine, arguments, std::move(asked))
                                   : from_flags(engine, arguments, std::move(asked));
}

int status_of(const App &app, const Error &error, const ForwardedSignals &signals) {
    app.report(error);
    if (signals.interruption().signal() != 0) return signals.status(exit_failed);
    if (!launch::is_of_execve(error)) return exit_failed;
    return error.errno_value == ENOENT || error.errno_value == ENOTDIR ? exit_not_found : exit_not_executable;
}

/// Cleans up what earlier runs left whose ctr was killed.
void clean_up_after_others(container::Engine &engine) {
    std::vector<std::string> problems;
    static_cast<void>(container::recover(engine, container::Recovery::on_the_way, &problems));
    for (const std::string &problem : problems)
        App::warn("left over from a killed ctr: " + problem);
}

} // namespace

int run_command(App &app, const Arguments &arguments) {
    auto engine = app.engine();
    if (!engine.ok()) return app.report(engine.error());
    auto asked = read_arguments(*engine.value(), arguments, random_name());
    if (!asked.ok()) return app.report(asked.error());
    clean_up_after_others(*engine.value());
    const bool interactive = asked.value().interactive, keep = !asked.value().rm;

    ForwardedSignals signals;
    container::CreateRequest request = std::move(asked).value().create;
    request.interruption = &signals.interruption();
    if (!interactive && !arguments.has("tty")) {
        const Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        if (!null.valid() || ::dup2(null.get(), STDIN_FILENO) < 0) return app.report(system_error("open", "/dev/null"));
    }
    if (request.spec.value("/process/terminal"_json_pointer, false) && !(interactive && wants_carriage_returns()))
        request.spec["ctr"]["onlcr"] = false;
    const bool with_notify = wants_notify(request.spec);
    const std::string id = request.id;
    request.open_ahead = true;
    if (with_notify) add_notify(*engine.value(), request);
    auto created = container::Container::create(*engine.value(), std::move(request));
    if (!created.ok()) return status_of(app, created.error(), signals);
    container::Container &container = engine.value()->keep(std::move(created).value());
    Fd console = container.take_console();
    std::optional<Notify> notify;
    if (with_notify) {
        auto listening = Notify::listen(notify_directory(*engine.value(), id));
        if (!listening.ok()) return app.report(container.give_up(std::move(listening).error()));
        notify.emplace(std::move(listening).value());
    }
    if (auto started = container.start(); !started.ok()) return status_of(app, started.error(), signals);
    const int pid = container.child().pid;
    const auto clean_up = [&](const sys::Exit &exit) {
        if (notify) notify->pass_on(pid);
        if (auto cleaned = container.clean_up(exit, keep); !cleaned.ok())
            app.report(std::move(cleaned).error().in(
                "the container ended, but not all could be taken back (`ctr recover` tries again)"));
    };
    auto ended = attend(container.child(), signals, std::move(console), interactive, clean_up,
                        {notify ? notify->fd() : -1, [&] { notify->pass_on(pid); }});
    if (!ended.ok()) return app.report(ended.error());
    return ended.value().shell_status();
}

int plan_command(App &app, const Arguments &arguments) {
    auto engine = app.engine();
    if (!engine.ok()) return app.report(engine.error());
    auto asked = read_arguments(*engine.value(), arguments, "littlebox");
    if (!asked.ok()) return app.report(asked.error());
    const container::CreateRequest &create = asked.value().create;
    auto plan = engine.value()->plan(CTR_OP_CREATE, create.id, create.spec, create.drivers);
    if (!plan.ok()) return app.report(plan.error());
    if (app.format() == "json") {
        // The answers of the machine may change at any moment (counts in /proc/cgroups); the plan itself does not.
        if (!arguments.has("notes")) plan.value().machine.clear();
        App::print(plan::to_json(plan.value()).dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
    } else if (app.format() == "shell") {
        auto script = launch::shell_script(plan.value(), engine.value()->kinds());
        if (!script.ok()) return app.report(script.error());
        App::print_script(script.value());
    } else {
        App::print(plan::show(plan.value(), arguments.has("notes")));
    }
    return 0;
}

} // namespace core::cli
