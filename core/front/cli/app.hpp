// SPDX-License-Identifier: MIT
//
// The program: reads the config, finds the plugins, runs one command. cli is the only code that prints.
#pragma once

#include "container/container.hpp"
#include "front/cli/options.hpp"

#include <memory>
#include <string>

namespace core::cli {

/// Exit statuses as people know them: the container's own, or
inline constexpr int exit_failed = 125;         // ctr failed
inline constexpr int exit_not_executable = 126; // the program cannot be executed
inline constexpr int exit_not_found = 127;      // the program is not there

class App {
public:
    /// `words` are argv without the program's name.
    int main(const std::vector<std::string> &words);

    /// The engine, made at first use: `ctr version` needs none. Errors: of the config.
    Result<container::Engine *> engine();
    const Arguments &globals() const { return globals_; }
    bool json() const { return globals_.one("format") == "json"; }
    /// "table" unless given.
    std::string format() const { return globals_.one("format", "table"); }

    /// Prints the error with its hint on standard error; returns the exit status that fits.
    int report(const Error &error) const;
    /// Writes out what was printed: the program ends without stdio's own flush. Gives `status`, or that of not being
    /// able to.
    int finished(int status) const;
    /// On standard output, lines as they are; printable() (base/text.hpp) stands between strangers' text and the
    /// terminal, here and in all below.
    static void print(const std::string &text);
    /// The same bytes: a script is carried out, not read.
    static void print_script(const std::string &text);
    /// One line on standard error, with its hint.
    static void warn(const std::string &text, const std::string &hint = {});

    /// Directories that are searched for plugins, in order.
    std::vector<plugin::Directory> plugin_directories(const config::Config &config) const;
    Result<config::Config> read_config() const;

private:
    Result<Arguments> take_globals(std::vector<std::string> &words) const;
    Arguments globals_;
    std::unique_ptr<container::Engine> engine_;
};

/// Rows under a heading, columns aligned; each row one line whatever is in its cells.
std::string table(std::vector<std::vector<std::string>> rows);
/// The directory of plugins that belongs to this code: PREFIX/lib/ctr/plugins for PREFIX/lib/ctr/libctr-core.so.
std::string own_plugin_directory();

// One function a command, in files of their names.
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
