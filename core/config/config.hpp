// SPDX-License-Identifier: MIT
//
// The host's config file: JSON with // and /* */ comments, for example
//
//   {
//     "data_root": "/srv/ctr",
//     "storage": {"driver": "btrfs"},        // which driver fills a slot: storage, network, cgroup, image
//     "bridge": {"subnet": "10.5.0.0/16"},   // the section of the plugin with this id, checked against its schema
//     "seccomp": "off"                       // this plugin is not used
//   }
//
// The host's own keys are data_root, run_root, plugin_dirs, log_level (error warn info debug), protect_executable
// (true, false), undo_timeout (seconds) and plugins: {"pins": {ID: SHA256}}. A driver's settings are in its own section
// and not in its slot's, so that they stay when another driver is chosen. Whether a top-level key is a plugin can be
// checked only when the installed plugins are known: check_sections().
#pragma once

#include "base/json.hpp"
#include "base/result.hpp"

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace core::config {

struct Config {
    std::string file; // the file that was read, for errors; empty: the built-in defaults
    std::string data_root = "/var/lib/ctr";
    std::string run_root = "/run/ctr";
    std::vector<std::string> plugin_dirs;
    std::string log_level = "warn";
    bool protect_executable = true;                          // sys/own_executable.hpp
    std::int64_t undo_timeout = 30;                          // seconds: container/undo_apart.cpp
    std::map<std::string, std::string, std::less<>> pins;    // plugin id -> sha256, 64 lower-case hexadecimal digits
    std::map<std::string, std::string, std::less<>> drivers; // slot -> plugin id, if the config chooses one
    std::map<std::string, Json, std::less<>> sections;       // plugin id -> its section
    std::set<std::string, std::less<>> off;                  // plugins that must not be used
};

bool is_slot(std::string_view name);

Result<Config> parse_config(std::string_view text, const std::string &file);

/// The schema of a plugin's section (its manifest's "config"), or nullptr if it takes none.
using SchemaOf = std::function<const Json *(std::string_view id)>;

/// Checks that all plugins that the config names (by a section, as a driver, by a pin) are installed, because otherwise
/// what the config asks for would silently not be done. A plugin that is off need not be installed.
Result<void> check_installed(const Config &config, const std::vector<std::string_view> &ids);

/// Checks that all sections, chosen drivers, pins and plugins that are off belong to installed plugins, and that the
/// sections fit their schemas.
Result<void> check_sections(const Config &config, const std::vector<std::string_view> &ids, const SchemaOf &schema_of);

/// The whole config as in a file, with the host's defaults filled in; for `ctr config show`.
Json to_json(const Config &config);

} // namespace core::config
