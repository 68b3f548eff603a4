// SPDX-License-Identifier: MIT
//
// From a description to a plan: choose one driver for each slot, find the plugins that carry out what the spec asks
// for, refuse what nobody or two carry out, let each add its steps, and put them in order. Pure: the machine is seen
// only through Machine.
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
    /// JSON pointers: only these parts of `spec` are asked for now, all else describes the container that they are for,
    /// and was carried out when it was created. Empty: all is asked for.
    std::vector<std::string> asked;
    const Vocabulary *vocabulary = nullptr; // which fields the spec may have
    const config::Config *config = nullptr;
    std::map<std::string, std::string>
        drivers; // slot -> id: from flags, or what the container was made with; before config
    const ctr_host *host = nullptr;
    void (*log)(int level, const char *plugin, const char *message) = nullptr; // for plan_log
};

Result<Plan> make_plan(const Request &request, plugin::Catalog &catalog, sys::Machine &machine);

/// The driver that a slot gets: from `request.drivers`, else the config, else the automatic one of the highest rank
/// whose conditions hold. Nothing if the config says {"driver": "off"}. Errors name what is installed, and why a wanted
/// file was refused.
Result<std::optional<std::string>> choose_driver(const std::string &slot, const Request &request,
                                                 const plugin::Catalog &catalog, sys::Machine &machine);

/// Where a plugin keeps its things.
std::string state_dir_of(const config::Config &config, const std::string &plugin_id);
std::string data_dir_of(const config::Config &config, const std::string &plugin_id);
/// The empty directory on which every child attaches its root (in its own mount namespace).
std::string rootfs_dir_of(const config::Config &config);

} // namespace core::plan
