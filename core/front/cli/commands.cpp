// SPDX-License-Identifier: MIT
//
// The table. Nothing else decides which options exist.
#include "front/cli/app.hpp"

namespace core::cli {

const std::vector<Option> global_options = {
    {"config", 0, "FILE", false, "read this config instead of /etc/ctr/config.json"},
    {"data-root", 0, "DIR", false, "images and containers' files (default /var/lib/ctr)"},
    {"run-root", 0, "DIR", false, "state of containers, gone after a reboot (default /run/ctr)"},
    {"plugin-dir", 0, "DIR", true, "look for plugins here first; its parent directories are not checked"},
    {"log-level", 0, "LEVEL", false, "error, warn, info or debug (default warn)"},
    {"format", 0, "FORMAT", false, "table or json; `plan` also knows shell"},
    {"version", 0, nullptr, false, "the same as the command version"},
    {"help", 'h', nullptr, false, "help for the command"},
};

namespace {

const std::vector<Option> run_options = {
    {"name", 0, "NAME", false, "name of the container (default: random)"},
    {"rm", 0, nullptr, false, "remove the container when it ends"},
    {"interactive", 'i', nullptr, false, "pass standard input on"},
    {"tty", 't', nullptr, false, "give the container a terminal"},
    {"rootfs", 0, "DIR", false, "run in this directory instead of an image"},
    {"bundle", 0, "DIR", false, "run the OCI bundle in this directory, with its config.json"},
    {"env", 'e', "NAME[=VALUE]", true, "set an environment variable, or pass one on"},
    {"workdir", 'w', "DIR", false, "working directory in the container"},
    {"user", 'u', "NAME|UID[:GROUP|GID]", false, "user to run as"},
    {"hostname", 0, "NAME", false, "host name in the container"},
    {"memory", 'm', "SIZE", false, "memory limit, for example 512m"},
    {"cpus", 0, "NUMBER", false, "number of processors, for example 1.5"},
    {"pids-limit", 0, "NUMBER", false, "most processes and threads; -1: no limit"},
    {"cap-add", 0, "CAP", true, "add a capability, or ALL"},
    {"cap-drop", 0, "CAP", true, "drop a capability, or ALL"},
    {"security-opt", 0, "OPTION", true, "no-new-privileges, seccomp=unconfined, seccomp=FILE"},
    {"network", 0, "DRIVER", false, "network driver: bridge, host, none, ..."},
    {"storage", 0, "DRIVER", false, "storage driver: overlay, btrfs, ..."},
    {"cgroup", 0, "DRIVER", false, "cgroup driver: cgroup-v1, cgroup-v2, ..."},
    {"volume", 'v', "SRC:DST[:OPTIONS]", true, "bind a directory or file into the container"},
    {"read-only", 0, nullptr, false, "mount the root read-only"},
    {"tmpfs", 0, "DST[:OPTIONS]", true, "mount a tmpfs"},
    {"ulimit", 0, "NAME=SOFT[:HARD]", true, "resource limit, for example nofile=1024"},
    {"sysctl", 0, "KEY=VALUE", true, "kernel parameter of the container's namespaces"},
};

std::vector<Option> plan_options() {
    std::vector<Option> options = run_options;
    options.push_back(
        {"notes", 0, nullptr, false, "say under each step why it is there; in JSON, what was asked of the machine"});
    return options;
}

} // namespace

const std::vector<Command> &commands() {
    constexpr std::size_t any = SIZE_MAX;
    static const std::vector<Command> all = {
        {"run", "[OPTIONS] IMAGE|--rootfs DIR|--bundle DIR [COMMAND...]", "Run a container and wait for it.", 0, any,
         true, run_options, run_command},
        {"plan", "[OPTIONS] IMAGE|--rootfs DIR|--bundle DIR [COMMAND...]",
         "Show what `run` would do, step by step; changes nothing.", 0, any, true, plan_options(), plan_command},
        {"ps",
         "[-a]",
         "List containers.",
         0,
         0,
         false,
         {{"all", 'a', nullptr, false, "stopped ones too"}, {"quiet", 'q', nullptr, false, "names only"}},
         ps_command},
        {"rm",
         "[-f] NAME...",
         "Remove containers.",
         1,
         any,
         false,
         {{"force", 'f', nullptr, false, "kill them if they run"}},
         rm_command},
        {"recover", "", "Take back what containers left whose ctr was killed.", 0, 0, false, {}, recover_command},
        {"image import",
         "TAR|OCI-LAYOUT|- NAME",
         "Import an image from a root file system tar, an OCI layout or archive, or a docker archive.",
         2,
         2,
         false,
         {},
         image_import_command},
        {"image ls", "", "List images.", 0, 0, false, {{"quiet", 'q', nullptr, false, "names only"}}, image_ls_command},
        {"image rm", "NAME...", "Remove images.", 1, any, false, {}, image_rm_command},
        {"plugin ls",
         "",
         "List the installed plugins, and those that were refused.",
         0,
         0,
         false,
         {},
         plugin_ls_command},
        {"plugin show", "ID", "Show a plugin's manifest.", 1, 1, false, {}, plugin_show_command},
        {"config show", "", "Show the config in force.", 0, 0, false, {}, config_show_command},
        {"config check",
         "[FILE]",
         "Check a config file, with the sections of all plugins.",
         0,
         1,
         false,
         {},
         config_check_command},
        {"info", "", "Show what this machine and this ctr can do.", 0, 0, false, {}, info_command},
        {"version", "", "Show the version.", 0, 0, false, {}, version_command},
    };
    return all;
}

} // namespace core::cli
