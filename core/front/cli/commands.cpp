// SPDX-License-Identifier: MIT
//
// The table of commands. Nothing else decides which options exist.
#include "front/cli/app.hpp"

namespace core::cli {

const std::vector<Option> global_options = {
    {.name = "config", .value = "FILE", .help = "read this config instead of /etc/ctr/config.json"},
    {.name = "data-root", .value = "DIR", .help = "images and containers' files (default /var/lib/ctr)"},
    {.name = "run-root", .value = "DIR", .help = "state of containers, gone after a reboot (default /run/ctr)"},
    {.name = "plugin-dir",
     .value = "DIR",
     .repeats = true,
     .help = "look for plugins here first; its parent directories are not checked"},
    {.name = "log-level", .value = "LEVEL", .help = "error, warn, info or debug (default warn)"},
    {.name = "format", .value = "FORMAT", .help = "table or json; `plan` also knows shell"},
    {.name = "version", .help = "the same as the command version"},
    {.name = "help", .letter = 'h', .help = "help for the command"},
};

namespace {

const std::vector<Option> run_options = {
    {.name = "name", .value = "NAME", .help = "name of the container (default: random)"},
    {.name = "rm", .help = "remove the container when it ends"},
    {.name = "interactive", .letter = 'i', .help = "pass standard input on"},
    {.name = "tty", .letter = 't', .help = "give the container a terminal"},
    {.name = "rootfs", .value = "DIR", .help = "run in this directory instead of an image"},
    {.name = "bundle", .value = "DIR", .help = "run the OCI bundle in this directory, with its config.json"},
    {.name = "env",
     .letter = 'e',
     .value = "NAME[=VALUE]",
     .repeats = true,
     .help = "set an environment variable, or pass one on"},
    {.name = "workdir", .letter = 'w', .value = "DIR", .help = "working directory in the container"},
    {.name = "user", .letter = 'u', .value = "NAME|UID[:GROUP|GID]", .help = "user to run as"},
    {.name = "hostname", .value = "NAME", .help = "host name in the container"},
    {.name = "memory", .letter = 'm', .value = "SIZE", .help = "memory limit, for example 512m"},
    {.name = "cpus", .value = "NUMBER", .help = "number of processors, for example 1.5"},
    {.name = "pids-limit", .value = "NUMBER", .help = "most processes and threads; -1: no limit"},
    {.name = "cap-add", .value = "CAP", .repeats = true, .help = "add a capability, or ALL"},
    {.name = "cap-drop", .value = "CAP", .repeats = true, .help = "drop a capability, or ALL"},
    {.name = "security-opt",
     .value = "OPTION",
     .repeats = true,
     .help = "no-new-privileges, seccomp=unconfined, seccomp=FILE"},
    {.name = "network", .value = "DRIVER", .help = "network driver: bridge, host, none, ..."},
    {.name = "storage", .value = "DRIVER", .help = "storage driver: overlay, btrfs, ..."},
    {.name = "cgroup", .value = "DRIVER", .help = "cgroup driver: cgroup-v1, cgroup-v2, ..."},
    {.name = "volume",
     .letter = 'v',
     .value = "SRC:DST[:OPTIONS]",
     .repeats = true,
     .help = "bind a directory or file into the container"},
    {.name = "read-only", .help = "mount the root read-only"},
    {.name = "tmpfs", .value = "DST[:OPTIONS]", .repeats = true, .help = "mount a tmpfs"},
    {.name = "ulimit", .value = "NAME=SOFT[:HARD]", .repeats = true, .help = "resource limit, for example nofile=1024"},
    {.name = "sysctl", .value = "KEY=VALUE", .repeats = true, .help = "kernel parameter of the container's namespaces"},
};

std::vector<Option> plan_options() {
    std::vector<Option> options = run_options;
    options.push_back(
        {.name = "notes", .help = "say under each step why it is there; in JSON, what was asked of the machine"});
    return options;
}

} // namespace

const std::vector<Command> &commands() {
    constexpr std::size_t any = SIZE_MAX;
    static const std::vector<Command> all = {
        {.name = "run",
         .usage = "[OPTIONS] IMAGE|--rootfs DIR|--bundle DIR [COMMAND...]",
         .help = "Run a container and wait for it.",
         .most = any,
         .stops_at_first = true,
         .options = run_options,
         .run = run_command},
        {.name = "plan",
         .usage = "[OPTIONS] IMAGE|--rootfs DIR|--bundle DIR [COMMAND...]",
         .help = "Show what `run` would do, step by step; changes nothing.",
         .most = any,
         .stops_at_first = true,
         .options = plan_options(),
         .run = plan_command},
        {.name = "ps",
         .usage = "[-a]",
         .help = "List containers.",
         .options = {{.name = "all", .letter = 'a', .help = "stopped ones too"},
                     {.name = "quiet", .letter = 'q', .help = "names only"}},
         .run = ps_command},
        {.name = "rm",
         .usage = "[-f] NAME...",
         .help = "Remove containers.",
         .least = 1,
         .most = any,
         .options = {{.name = "force", .letter = 'f', .help = "kill them if they run"}},
         .run = rm_command},
        {.name = "recover",
         .usage = "",
         .help = "Take back what containers left whose ctr was killed.",
         .run = recover_command},
        {.name = "image import",
         .usage = "TAR|OCI-LAYOUT|- NAME",
         .help = "Import an image from a root file system tar, an OCI layout or archive, or a docker archive.",
         .least = 2,
         .most = 2,
         .run = image_import_command},
        {.name = "image ls",
         .usage = "",
         .help = "List images.",
         .options = {{.name = "quiet", .letter = 'q', .help = "names only"}},
         .run = image_ls_command},
        {.name = "image rm",
         .usage = "NAME...",
         .help = "Remove images.",
         .least = 1,
         .most = any,
         .run = image_rm_command},
        {.name = "plugin ls",
         .usage = "",
         .help = "List the installed plugins, and those that were refused.",
         .run = plugin_ls_command},
        {.name = "plugin show",
         .usage = "ID",
         .help = "Show a plugin's manifest.",
         .least = 1,
         .most = 1,
         .run = plugin_show_command},
        {.name = "config show", .usage = "", .help = "Show the config in force.", .run = config_show_command},
        {.name = "config check",
         .usage = "[FILE]",
         .help = "Check a config file, with the sections of all plugins.",
         .most = 1,
         .run = config_check_command},
        {.name = "info", .usage = "", .help = "Show what this machine and this ctr can do.", .run = info_command},
        {.name = "version", .usage = "", .help = "Show the version.", .run = version_command},
    };
    return all;
}

} // namespace core::cli
