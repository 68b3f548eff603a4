// SPDX-License-Identifier: MIT
//
// What every command works with: the config, the installed plugins, the machine. It is made in main; there is no
// global.
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
    /// Works on this machine, with the plugins of these directories (plugin::Catalog::scan). `vocabulary`: what
    /// descriptions may ask for; must outlive the engine.
    Engine(config::Config config, const std::vector<plugin::Directory> &plugin_directories,
           const Vocabulary &vocabulary);
    ~Engine();
    Engine(const Engine &) = delete;
    Engine &operator=(const Engine &) = delete;

    /// Checks that the run root and what is directly in it belong to us or to root and that nobody else can write
    /// there, because what stands in its journals is carried out.
    Result<void> check_run_root() const;

    const config::Config &config() const { return config_; }
    const Vocabulary &vocabulary() const { return vocabulary_; }
    plugin::Catalog &catalog() { return catalog_; }
    sys::Machine &machine() { return *machine_; }

    /// Plans an operation on `id`. `drivers` take precedence over the config's. `asked`: see plan::Request.
    Result<plan::Plan> plan(ctr_operation operation, const std::string &id, const Json &spec,
                            const std::map<std::string, std::string> &drivers,
                            const std::vector<std::string> &asked = {});
    /// The driver that a slot would get; std::nullopt if the slot is off.
    Result<std::optional<std::string>> driver(const std::string &slot,
                                              const std::map<std::string, std::string> &drivers);
    /// Finds the code of a kind of step, and loads its plugin for that.
    launch::KindLookup kinds();

    std::string containers_dir() const { return config_.run_root + "/containers"; }
    /// The journals of image imports and removals that are under way.
    std::string operations_dir() const { return config_.run_root + "/operations"; }
    std::string journal_of(const std::string &id) const { return containers_dir() + "/" + id; }

    /// Keeps the container that this program runs until the program ends.
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
