// SPDX-License-Identifier: MIT
//
// ctr-oci: the same program by its second name, an OCI runtime with runc's command line. This folder has what engines
// write to it and read from it. The rest is the core that `ctr` uses too: a bundle is planned, carried out and undone.
//
// Its containers are those below --root (/run/ctr-oci), separate from those of `ctr`. The config file and the plugins
// are shared.
#pragma once

#include "container/container.hpp"
#include "front/cli/options.hpp"
#include "front/oci/log.hpp"

#include <memory>
#include <string>
#include <vector>

namespace core::oci {

using cli::Arguments;
using cli::Option;

inline constexpr int exit_failed = 1;        // as runc
inline constexpr int exit_no_command = 3;    // as runc
inline constexpr int exit_exec_failed = 255; // `exec` could not start the process

class App {
public:
    /// `name` is the last part of argv[0], `words` are the other arguments.
    int main(const std::string &name, std::vector<std::string> words);

    /// The engine; it is made at first use.
    Result<container::Engine *> engine();
    const Arguments &globals() const { return globals_; }
    const Log &log() const { return log_; }
    const std::string &name() const { return name_; }
    std::string root() const;
    /// The drivers that global options choose (--cgroup-manager, --systemd-cgroup). The bundle and the config choose
    /// the others.
    std::map<std::string, std::string> drivers() const;

    /// Logs the error, prints it on standard error and returns `status`.
    int report(const Error &error, int status = exit_failed) const;
    static void print(const std::string &text);
    /// Flushes standard output, because the program ends without stdio's own flush. Returns `status`, or exit_failed if
    /// the output cannot be written.
    int finished(int status) const;

private:
    Result<void> take_globals(std::vector<std::string> &words);
    std::string name_;
    Arguments globals_;
    Log log_;
    std::unique_ptr<container::Engine> engine_;
};

struct Command {
    const char *name;                // "create"
    const char *usage;               // "[OPTIONS] CONTAINER-ID"
    const char *help;                // one line
    std::size_t least = 0, most = 0; // positional arguments
    bool stops_at_first = false;     // options end at the first positional argument
    std::vector<Option> options = {};
    int (*run)(App &, const Arguments &) = nullptr;
};

extern const std::vector<Option> global_options;
const std::vector<Command> &commands();

/// The error in runc's words: "exec: \"sh\": executable file not found in $PATH: ..." if the program itself was the
/// reason. By these words engines tell 127 and 126 from other failures.
std::string message_for_engines(const Error &error, const std::string &program);

// One function for each command.
int create_command(App &app, const Arguments &arguments);
int run_command(App &app, const Arguments &arguments);
int start_command(App &app, const Arguments &arguments);
int state_command(App &app, const Arguments &arguments);
int list_command(App &app, const Arguments &arguments);
int ps_command(App &app, const Arguments &arguments);
int kill_command(App &app, const Arguments &arguments);
int delete_command(App &app, const Arguments &arguments);
int exec_command(App &app, const Arguments &arguments);
int pause_command(App &app, const Arguments &arguments);
int resume_command(App &app, const Arguments &arguments);
int update_command(App &app, const Arguments &arguments);
int events_command(App &app, const Arguments &arguments);
int mounts_command(App &app, const Arguments &arguments);
int spec_command(App &app, const Arguments &arguments);
int features_command(App &app, const Arguments &arguments);

} // namespace core::oci
