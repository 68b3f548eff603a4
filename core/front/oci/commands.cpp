// SPDX-License-Identifier: MIT
//
// The table of ctr-oci's commands and options: runc's, and a few of crun's. Nothing else decides which exist; --help is
// made from it.
#include "front/oci/app.hpp"

namespace core::oci {

const std::vector<Option> global_options = {
    {.name = "root", .value = "DIR", .help = "state of containers (default /run/ctr-oci, or $XDG_RUNTIME_DIR/ctr-oci)"},
    {.name = "log", .value = "FILE", .help = "write the log there instead of standard error"},
    {.name = "log-format", .value = "FORMAT", .help = "text or json (default text)"},
    {.name = "debug", .help = "log what is done, step by step"},
    {.name = "log-level", .value = "LEVEL", .help = "error, warning or debug (default warning); debug is --debug"},
    {.name = "systemd-cgroup", .help = "let systemd make the cgroup; cgroupsPath is slice:prefix:name"},
    {.name = "cgroup-manager", .value = "MANAGER", .help = "cgroupfs, systemd or disabled (default cgroupfs)"},
    {.name = "rootless", .value = "WORD", .help = "true, false or auto (default auto)"},
    {.name = "criu", .value = "PATH", .help = "obsolete, not used: there is no checkpoint"},
    {.name = "config-file", .value = "FILE", .help = "ctr's config instead of /etc/ctr/config.json"},
    {.name = "plugin-dir", .value = "DIR", .repeats = true, .help = "look for plugins here first"},
    {.name = "version", .letter = 'v', .help = "print the version"},
    {.name = "help", .letter = 'h', .help = "help"},
};

namespace {

using Options = std::vector<Option>;

const Option bundle = {
    .name = "bundle", .letter = 'b', .value = "DIR", .help = "the bundle (default: the working directory)"};
const Option console_socket = {
    .name = "console-socket", .value = "SOCKET", .help = "send the terminal's master to this unix socket"};
const Option pidfd_socket = {
    .name = "pidfd-socket", .value = "SOCKET", .help = "send a pidfd of the process to this unix socket"};
const Option pid_file = {.name = "pid-file", .value = "FILE", .help = "write the process id there"};
const Option preserve_fds = {
    .name = "preserve-fds", .value = "N", .help = "pass descriptors 3 ... 2+N on to the process"};
const Option regex = {
    .name = "regex", .letter = 'r', .help = "the id is a regular expression: do it to all that match"};

Options operator+(Options left, const Options &right) {
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

const Options create_options = {
    bundle,
    {.name = "config", .letter = 'f', .value = "FILE", .help = "read this instead of the bundle's config.json"},
    console_socket,
    pidfd_socket,
    pid_file,
    {.name = "no-pivot", .help = "move the root instead of pivot_root, for a root on a ramdisk"},
    {.name = "no-new-keyring", .help = "keep the caller's session keyring"},
    preserve_fds,
};

const Options run_options = {
    {.name = "detach", .letter = 'd', .help = "do not wait for the container"},
    {.name = "keep", .help = "do not delete the container when it ends"},
    {.name = "no-subreaper", .help = "do not become the parent of the container's orphans"},
};

const Options exec_options = {
    console_socket,
    pidfd_socket,
    pid_file,
    preserve_fds,
    {.name = "cwd", .value = "DIR", .help = "working directory in the container"},
    {.name = "env", .letter = 'e', .value = "NAME=VALUE", .repeats = true, .help = "set an environment variable"},
    {.name = "tty", .letter = 't', .help = "give the process a terminal"},
    {.name = "user", .letter = 'u', .value = "UID[:GID]", .help = "user to run as"},
    {.name = "additional-gids", .letter = 'g', .value = "GID", .repeats = true, .help = "additional group"},
    {.name = "process", .letter = 'p', .value = "FILE", .help = "an OCI process object to run"},
    {.name = "detach", .letter = 'd', .help = "do not wait for the process"},
    {.name = "process-label", .value = "LABEL", .help = "SELinux label of the process"},
    {.name = "apparmor", .value = "PROFILE", .help = "AppArmor profile of the process"},
    {.name = "no-new-privs", .help = "set no_new_privs"},
    {.name = "cap", .letter = 'c', .value = "CAP", .repeats = true, .help = "give the process a capability more"},
    {.name = "cgroup",
     .value = "[CTRL:]PATH",
     .repeats = true,
     .help = "run it in a cgroup below the container's, or for these controllers"},
    {.name = "ignore-paused", .help = "do not refuse when the container is paused"},
};

const Options update_options = {
    {.name = "resources",
     .letter = 'r',
     .value = "FILE|-",
     .help = "an OCI resources object, - from standard input; other options are not looked at"},
    {.name = "blkio-weight", .value = "NUMBER", .help = "block I/O weight, 10 to 1000"},
    {.name = "cpu-period", .value = "USEC", .help = "CFS period"},
    {.name = "cpu-quota", .value = "USEC", .help = "CFS quota in a period"},
    {.name = "cpu-burst", .value = "USEC", .help = "CFS burst"},
    {.name = "cpu-share", .value = "NUMBER", .help = "CPU shares"},
    {.name = "cpu-rt-period", .value = "USEC", .help = "realtime period"},
    {.name = "cpu-rt-runtime", .value = "USEC", .help = "realtime time in a period"},
    {.name = "cpu-idle", .value = "0|1", .help = "SCHED_IDLE for the cgroup"},
    {.name = "cpuset-cpus", .value = "LIST", .help = "CPUs"},
    {.name = "cpuset-mems", .value = "LIST", .help = "memory nodes"},
    {.name = "memory", .value = "BYTES", .help = "memory limit"},
    {.name = "memory-reservation", .value = "BYTES", .help = "memory soft limit"},
    {.name = "memory-swap", .value = "BYTES", .help = "limit of memory and swap together; -1: none"},
    {.name = "pids-limit", .value = "NUMBER", .help = "most processes and threads"},
    {.name = "l3-cache-schema",
     .value = "SCHEMA",
     .help = "cache (resctrl), of a container that was made with linux.intelRdt"},
    {.name = "mem-bw-schema", .value = "SCHEMA", .help = "memory bandwidth (resctrl), likewise"},
    {.name = "kernel-memory", .value = "BYTES", .help = "obsolete: the kernel has no such limit any more; refused"},
    {.name = "kernel-memory-tcp", .value = "BYTES", .help = "limit of TCP buffers (cgroup v1)"},
};

} // namespace

const std::vector<Command> &commands() {
    constexpr std::size_t any = SIZE_MAX;
    static const std::vector<Command> all = {
        {.name = "create",
         .usage = "[OPTIONS] ID",
         .help = "Create a container of a bundle; it waits for start.",
         .least = 1,
         .most = 1,
         .options = create_options,
         .run = create_command},
        {.name = "start",
         .usage = "ID",
         .help = "Run the program of a created container.",
         .least = 1,
         .most = 1,
         .run = start_command},
        {.name = "run",
         .usage = "[OPTIONS] ID",
         .help = "Create and start a container, wait for its end, delete it.",
         .least = 1,
         .most = 1,
         .options = create_options + run_options,
         .run = run_command},
        {.name = "state",
         .usage = "ID",
         .help = "Print a container's state as JSON.",
         .least = 1,
         .most = 1,
         .run = state_command},
        {.name = "kill",
         .usage = "[-a] ID [SIGNAL]",
         .help = "Send a signal (default TERM) to the container's first process.",
         .least = 1,
         .most = 2,
         .options = {{.name = "all", .letter = 'a', .help = "to all processes of the container"}, regex},
         .run = kill_command},
        {.name = "delete",
         .usage = "[-f] ID",
         .help = "Delete a container that has ended, with all that was made for it.",
         .least = 1,
         .most = 1,
         .options = {{.name = "force", .letter = 'f', .help = "kill it if it runs; no error if it is not there"},
                     regex},
         .run = delete_command},
        {.name = "exec",
         .usage = "[OPTIONS] ID COMMAND [ARG...] | -p FILE ID",
         .help = "Run one more process in a container.",
         .least = 1,
         .most = any,
         .stops_at_first = true,
         .options = exec_options,
         .run = exec_command},
        {.name = "list",
         .usage = "",
         .help = "List containers.",
         .options = {{.name = "format", .letter = 'f', .value = "FORMAT", .help = "table or json (default table)"},
                     {.name = "quiet", .letter = 'q', .help = "ids only"}},
         .run = list_command},
        {.name = "ps",
         .usage = "[-f FORMAT] ID [PS-OPTIONS]",
         .help = "List a container's processes.",
         .least = 1,
         .most = any,
         .stops_at_first = true,
         .options = {{.name = "format", .letter = 'f', .value = "FORMAT", .help = "table or json (default table)"}},
         .run = ps_command},
        {.name = "pause",
         .usage = "ID",
         .help = "Stop all processes of a container where they stand.",
         .least = 1,
         .most = 1,
         .run = pause_command},
        {.name = "resume",
         .usage = "ID",
         .help = "Let a paused container go on.",
         .least = 1,
         .most = 1,
         .run = resume_command},
        {.name = "update",
         .usage = "[OPTIONS] ID",
         .help = "Change a container's limits.",
         .least = 1,
         .most = 1,
         .options = update_options,
         .run = update_command},
        {.name = "mounts",
         .usage = "add|remove ID FILE|-",
         .help = "Add mounts to a living container, or take them off: FILE has the mounts of a config.json.",
         .least = 3,
         .most = 3,
         .run = mounts_command},
        {.name = "events",
         .usage = "[OPTIONS] ID",
         .help = "Print statistics, and tell of processes killed for lack of memory.",
         .least = 1,
         .most = 1,
         .options = {{.name = "stats", .help = "print once, then exit"},
                     {.name = "interval",
                      .value = "DURATION",
                      .help = "time between two prints, for example 500ms (default 5s)"}},
         .run = events_command},
        {.name = "spec",
         .usage = "[OPTIONS]",
         .help = "Write an example config.json.",
         .options =
             {{.name = "bundle",
               .letter = 'b',
               .value = "DIR",
               .help = "into this directory (default: the working directory)"},
              {.name = "config", .letter = 'f', .value = "FILE", .help = "under this name instead of config.json"},
              {.name = "rootless", .help = "for a container of a user without privileges"}},
         .run = spec_command},
        {.name = "features", .usage = "", .help = "Print what this runtime can do, as JSON.", .run = features_command},
    };
    return all;
}

} // namespace core::oci
