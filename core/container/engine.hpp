// SPDX-License-Identifier: MIT
//
// What every command works with: the config, the installed plugins, the machine. A value made in main, never a global.
#pragma once

#include "config/config.hpp"
#include "launch/run.hpp"
#include "plan/planner.hpp"
#include "plugin/catalog.hpp"
#include "sys/machine.hpp"

#include <memory>
#include <string>
#include <vector>

namespace core::container {

class Container;

class Engine {
public:
    /// On this machine, with the plugins of these directories, in their order. `vocabulary`: what descriptions may ask
    /// for; it outlives the engine.
    Engine(config::Config config, const std::vector<plugin::Directory> &plugin_directories,
           const Vocabulary &vocabulary);
    ~Engine();
    Engine(const Engine &) = delete;
    Engine &operator=(const Engine &) = delete;

    /// The run root and what is directly in it is ours or root's, and nobody else can write there: what stands in its
    /// journals is carried out.
    Result<void> check_run_root() const;

    const config::Config &config() const { return config_; }
    const Vocabulary &vocabulary() const { return vocabulary_; }
    plugin::Catalog &catalog() { return catalog_; }
    sys::Machine &machine() { return *machine_; }

    /// Plans an operation on `id`. `drivers` come before the config's; `asked`: see plan::Request.
    Result<plan::Plan> plan(ctr_operation operation, const std::string &id, const Json &spec,
                            const std::map<std::string, std::string> &drivers,
                            const std::vector<std::string> &asked = {});
    /// The driver that a slot would get; nothing if it is off.
    Result<std::optional<std::string>> driver(const std::string &slot,
                                              const std::map<std::string, std::string> &drivers);
    /// The code of a kind, loading its plugin if need be.
    launch::KindLookup kinds();

    std::string containers_dir() const { return config_.run_root + "/containers"; }
    /// Image imports and removals that are under way, each with its journal.
    std::string operations_dir() const { return config_.run_root + "/operations"; }
    std::string journal_of(const std::string &id) const { return containers_dir() + "/" + id; }

    /// For the container of this program's run, which nothing takes apart before the program ends.
    Container &keep(std::unique_ptr<Container> container);

private:
    const Vocabulary &vocabulary_;
    config::Config config_;
    plugin::Catalog catalog_;
    std::unique_ptr<sys::Machine> machine_;
    std::unique_ptr<Container> container_;
};

/// [A-Za-z0-9_][A-Za-z0-9_.+-]*, at most 255 characters: it becomes a file name and a cgroup.
Result<void> check_id(const std::string &id);

} // namespace core::container
