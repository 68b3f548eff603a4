// SPDX-License-Identifier: MIT
//
// The table of ctr-oci's commands and options: runc's, and a few of crun's. Nothing else decides which exist; --help
// comes from it.
#include "front/oci/app.hpp"

namespace core::oci {

const std::vector<Option> global_options = {
    {"root", 0, "DIR", false, "state of containers (default /run/ctr-oci, or $XDG_RUNTIME_DIR/ctr-oci)"},
    {"log", 0, "FILE", false, "write the log there instead of standard error"},
    {"log-format", 0, "FORMAT", false, "text or json (default text)"},
    {"debug", 0, nullptr, false, "log what is done, step by step"},
    {"log-level", 0, "LEVEL", false, "error, warning or debug (default warning); debug is --debug"},
    {"systemd-cgroup", 0, nullptr, false, "let systemd make the cgroup; cgroupsPath is slice:prefix:name"},
    {"cgroup-manager", 0, "MANAGER", false, "cgroupfs, systemd or disabled (default cgroupfs)"},
    {"rootless", 0, "WORD", false, "true, false or auto (default auto)"},
    {"criu", 0, "PATH", false, "obsolete, not used: there is no checkpoint"},
    {"config-file", 0, "FILE", false, "ctr's config instead of /etc/ctr/config.json"},
    {"plugin-dir", 0, "DIR", true, "look for plugins here first"},
    {"version", 'v', nullptr, false, "print the version"},
    {"help", 'h', nullptr, false, "help"},
};

namespace {

using Options = std::vector<Option>;

const Option bundle = {"bundle", 'b', "DIR", false, "the bundle (default: the working directory)"};
const Option console_socket = {"console-socket", 0, "SOCKET", false, "send the terminal's master to this unix socket"};
const Option pidfd_socket = {"pidfd-socket", 0, "SOCKET", false, "send a pidfd of the process to this unix socket"};
const Option pid_file = {"pid-file", 0, "FILE", false, "write the process id there"};
const Option preserve_fds = {"preserve-fds", 0, "N", false, "pass descriptors 3 ... 2+N on to the process"};
const Option regex = {"regex", 'r', nullptr, false, "the id is a regular expression: do it to all that match"};

Options operator+(Options left, const Options &right) {
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

const Options create_options = {
    bundle,
    {"config", 'f', "FILE", false, "read this instead of the bundle's config.json"},
    console_socket,
    pidfd_socket,
    pid_file,
    {"no-pivot", 0, nullptr, false, "move the root instead of pivot_root, for a root on a ramdisk"},
    {"no-new-keyring", 0, nullptr, false, "keep the caller's session keyring"},
    preserve_fds,
};

const Options run_options = {
    {"detach", 'd', nullptr, false, "do not wait for the container"},
    {"keep", 0, nullptr, false, "do not delete the container when it ends"},
    {"no-subreaper", 0, nullptr, false, "do not become the parent of the container's orphans"},
};

const Options exec_options = {
    console_socket,
    pidfd_socket,
    pid_file,
    preserve_fds,
    {"cwd", 0, "DIR", false, "working directory in the container"},
    {"env", 'e', "NAME=VALUE", true, "set an environment variable"},
    {"tty", 't', nullptr, false, "give the process a terminal"},
    {"user", 'u', "UID[:GID]", false, "user to run as"},
    {"additional-gids", 'g', "GID", true, "additional group"},
    {"process", 'p', "FILE", false, "an OCI process object to run"},
    {"detach", 'd', nullptr, false, "do not wait for the process"},
    {"process-label", 0, "LABEL", false, "SELinux label of the process"},
    {"apparmor", 0, "PROFILE", false, "AppArmor profile of the process"},
    {"no-new-privs", 0, nullptr, false, "set no_new_privs"},
    {"cap", 'c', "CAP", true, "give the process a capability more"},
    {"cgroup", 0, "[CTRL:]PATH", true, "run it in a cgroup below the container's, or for these controllers"},
    {"ignore-paused", 0, nullptr, false, "do not refuse when the container is paused"},
};

const Options update_options = {
    {"resources", 'r', "FILE|-", false,
     "an OCI resources object, - from standard input; other options are not looked at"},
    {"blkio-weight", 0, "NUMBER", false, "block I/O weight, 10 to 1000"},
    {"cpu-period", 0, "USEC", false, "CFS period"},
    {"cpu-quota", 0, "USEC", false, "CFS quota in a period"},
    {"cpu-burst", 0, "USEC", false, "CFS burst"},
    {"cpu-share", 0, "NUMBER", false, "CPU shares"},
    {"cpu-rt-period", 0, "USEC", false, "realtime period"},
    {"cpu-rt-runtime", 0, "USEC", false, "realtime time in a period"},
    {"cpu-idle", 0, "0|1", false, "SCHED_IDLE for the cgroup"},
    {"cpuset-cpus", 0, "LIST", false, "CPUs"},
    {"cpuset-mems", 0, "LIST", false, "memory nodes"},
    {"memory", 0, "BYTES", false, "memory limit"},
    {"memory-reservation", 0, "BYTES", false, "memory soft limit"},
    {"memory-swap", 0, "BYTES", false, "limit of memory and swap together; -1: none"},
    {"pids-limit", 0, "NUMBER", false, "most processes and threads"},
    {"l3-cache-schema", 0, "SCHEMA", false, "cache (resctrl), of a container that was made with linux.intelRdt"},
    {"mem-bw-schema", 0, "SCHEMA", false, "memory bandwidth (resctrl), likewise"},
    {"kernel-memory", 0, "BYTES", false, "obsolete: the kernel has no such limit any more; refused"},
    {"kernel-memory-tcp", 0, "BYTES", false, "limit of TCP buffers (cgroup v1)"},
};

} // namespace

const std::vector<Command> &commands() {
    constexpr std::size_t any = SIZE_MAX;
    static const std::vector<Command> all = {
        {"create", "[OPTIONS] ID", "Create a container of a bundle; it waits for start.", 1, 1, false, create_options,
         create_command},
        {"start", "ID", "Run the program of a created container.", 1, 1, false, {}, start_command},
        {"run", "[OPTIONS] ID", "Create and start a container, wait for its end, delete it.", 1, 1, false,
         create_options + run_options, run_command},
        {"state", "ID", "Print a container's state as JSON.", 1, 1, false, {}, state_command},
        {"kill",
         "[-a] ID [SIGNAL]",
         "Send a signal (default TERM) to the container's first process.",
         1,
         2,
         false,
         {{"all", 'a', nullptr, false, "to all processes of the container"}, regex},
         kill_command},
        {"delete",
         "[-f] ID",
         "Delete a container that has ended, with all that was made for it.",
         1,
         1,
         false,
         {{"force", 'f', nullptr, false, "kill it if it runs; no error if it is not there"}, regex},
         delete_command},
        {"exec", "[OPTIONS] ID COMMAND [ARG...] | -p FILE ID", "Run one more process in a container.", 1, any, true,
         exec_options, exec_command},
        {"list",
         "",
         "List containers.",
         0,
         0,
         false,
         {{"format", 'f', "FORMAT", false, "table or json (default table)"},
          {"quiet", 'q', nullptr, false, "ids only"}},
         list_command},
        {"ps",
         "[-f FORMAT] ID [PS-OPTIONS]",
         "List a container's processes.",
         1,
         any,
         true,
         {{"format", 'f', "FORMAT", false, "table or json (default table)"}},
         ps_command},
        {"pause", "ID", "Stop all processes of a container where they stand.", 1, 1, false, {}, pause_command},
        {"resume", "ID", "Let a paused container go on.", 1, 1, false, {}, resume_command},
        {"update", "[OPTIONS] ID", "Change a container's limits.", 1, 1, false, update_options, update_command},
        {"mounts",
         "add|remove ID FILE|-",
         "Add mounts to a living container, or take them off: FILE has the mounts of a config.json.",
         3,
         3,
         false,
         {},
         mounts_command},
        {"events",
         "[OPTIONS] ID",
         "Print statistics, and tell of processes killed for lack of memory.",
         1,
         1,
         false,
         {{"stats", 0, nullptr, false, "print once, then exit"},
          {"interval", 0, "DURATION", false, "time between two prints, for example 500ms (default 5s)"}},
         events_command},
        {"spec",
         "[OPTIONS]",
         "Write an example config.json.",
         0,
         0,
         false,
         {{"bundle", 'b', "DIR", false, "into this directory (default: the working directory)"},
          {"config", 'f', "FILE", false, "under this name instead of config.json"},
          {"rootless", 0, nullptr, false, "for a container of a user without privileges"}},
         spec_command},
        {"features", "", "Print what this runtime can do, as JSON.", 0, 0, false, {}, features_command},
    };
    return all;
}

} // namespace core::oci
