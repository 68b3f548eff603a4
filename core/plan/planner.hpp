// SPDX-License-Identifier: MIT
//
// Makes a plan from a description: chooses one driver for each slot, finds the plugins that carry out what the spec
// asks for, refuses what no plugin or two plugins carry out, lets each plugin add its steps, and puts them in order. It
// sees the machine only through Machine and changes nothing.
#pragma once

#include "base/vocabulary.hpp"
#include "config/config.hpp"
#include "plan/step.hpp"
#include "plugin/catalog.hpp"
#include "sys/machine.hpp"

#include <ctr/plugin.h>
#include <map>
#include <string>

namespace core::plan {

struct Names {
    std::string id;      // of the container or image
    std::string record;  // this container's journal: a file
    std::string run_dir; // this container's directory for files, below run_root
};

struct Request {
    ctr_operation operation = CTR_OP_CREATE;
    Names names;
    const Json *spec = nullptr;
    /// JSON pointers. Only these parts of `spec` are asked for now; the rest describes the existing container and was
    /// carried out when it was created. Empty: everything is asked for.
    std::vector<std::string> asked;
    const Vocabulary *vocabulary = nullptr; // the fields that the spec may have
    const config::Config *config = nullptr;
    std::map<std::string, std::string>
        drivers; // slot -> id, from flags or from the existing container; before the config's
    const ctr_host *host = nullptr;
    void (*log)(int level, const char *plugin, const char *message) = nullptr; // for plan_log
};

Result<Plan> make_plan(const Request &request, plugin::Catalog &catalog, sys::Machine &machine);

/// The driver that a slot gets: from `request.drivers`, else from the config, else the automatic one of the highest
/// rank whose conditions hold. std::nullopt if the slot is off. Errors name what is installed, and why a wanted file
/// was refused.
Result<std::optional<std::string>> choose_driver(const std::string &slot, const Request &request,
                                                 const plugin::Catalog &catalog, sys::Machine &machine);

/// Where a plugin keeps its state (gone after a reboot) and its data.
std::string state_dir_of(const config::Config &config, const std::string &plugin_id);
std::string data_dir_of(const config::Config &config, const std::string &plugin_id);
/// The empty directory at which every child attaches its root, in its own mount namespace.
std::string rootfs_dir_of(const config::Config &config);

} // namespace core::plan
