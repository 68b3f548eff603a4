// SPDX-License-Identifier: MIT
//
// The program `ctr`: reads the config, finds the plugins, runs one command. Only main and core/front print.
#pragma once

#include "container/container.hpp"
#include "front/cli/options.hpp"

#include <memory>
#include <string>

namespace core::cli {

/// Exit statuses as docker has them: that of the container's program, or one of these.
inline constexpr int exit_failed = 125;         // ctr failed
inline constexpr int exit_not_executable = 126; // the program cannot be executed
inline constexpr int exit_not_found = 127;      // the program does not exist

class App {
public:
    /// `words` are argv without the program's name.
    int main(const std::vector<std::string> &words);

    /// The engine; it is made at first use, because `ctr version` needs none. Errors: of the config.
    Result<container::Engine *> engine();
    const Arguments &globals() const { return globals_; }
    bool json() const { return globals_.one("format") == "json"; }
    /// "table" unless given.
    std::string format() const { return globals_.one("format", "table"); }

    /// Prints the error with its hint on standard error. Returns exit_failed.
    int report(const Error &error) const;
    /// Flushes standard output, because the program ends without stdio's own flush. Returns `status`, or exit_failed if
    /// the output cannot be written.
    int finished(int status) const;
    /// Prints on standard output. Newlines stay; all else passes through printable() (base/text.hpp), because a text
    /// may be from somebody else and the output may be a terminal. The functions below do the same, except
    /// print_script().
    static void print(const std::string &text);
    /// Prints the bytes unchanged, because a script is executed.
    static void print_script(const std::string &text);
    /// Prints one line on standard error, and the hint below it.
    static void warn(const std::string &text, const std::string &hint = {});

    /// The directories that are searched for plugins, in order.
    std::vector<plugin::Directory> plugin_directories(const config::Config &config) const;
    Result<config::Config> read_config() const;

private:
    Result<Arguments> take_globals(std::vector<std::string> &words) const;
    Arguments globals_;
    std::unique_ptr<container::Engine> engine_;
};

/// Aligns the columns of rows. Each row stays one line, even if its cells contain newlines.
std::string table(std::vector<std::vector<std::string>> rows);
/// The directory of the plugins that belong to this code: PREFIX/lib/ctr/plugins for PREFIX/lib/ctr/libctr-core.so.
std::string own_plugin_directory();

// One function for each command.
int run_command(App &app, const Arguments &arguments);
int plan_command(App &app, const Arguments &arguments);
int image_import_command(App &app, const Arguments &arguments);
int image_ls_command(App &app, const Arguments &arguments);
int image_rm_command(App &app, const Arguments &arguments);
int ps_command(App &app, const Arguments &arguments);
int rm_command(App &app, const Arguments &arguments);
int recover_command(App &app, const Arguments &arguments);
int plugin_ls_command(App &app, const Arguments &arguments);
int plugin_show_command(App &app, const Arguments &arguments);
int config_show_command(App &app, const Arguments &arguments);
int config_check_command(App &app, const Arguments &arguments);
int info_command(App &app, const Arguments &arguments);
int version_command(App &app, const Arguments &arguments);

} // namespace core::cli
