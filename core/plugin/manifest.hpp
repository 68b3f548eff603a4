// SPDX-License-Identifier: MIT
//
// What a plugin says about itself before it is loaded. docs/PLUGINS.md explains each key.
#pragma once

#include "base/json.hpp"

#include <ctr/types.h>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace core::plugin {

/// The slots; each has one driver at most. `image` is used for image commands only.
inline constexpr const char *slots[] = {"storage", "network", "cgroup", "image"};

struct Condition {
    std::string ask; // a question of host.h; ${data_root} and ${run_root} stand for the configured directories
    std::string is;
    bool operator==(const Condition &) const = default;
};

struct DeclaredKind {
    ctr_process process = CTR_PROCESS_PARENT;
    bool says_arguments = false;
    std::string arguments; // lines of "mode int?", in the notation of base/arguments.hpp
    bool operator==(const DeclaredKind &) const = default;
};

struct Manifest {
    std::string id;
    std::string version;
    std::string summary;
    std::string slot;       // empty: not a driver
    bool automatic = false; // may be chosen without the config
    std::int64_t rank = 0;  // of the drivers whose conditions hold, the one with the highest rank is chosen
    std::vector<Condition> when;
    std::vector<std::string> operations; // "create", "exec", "image-import", "image-remove", "mount"
    bool always = false;
    std::vector<std::string> extensions;
    std::map<std::string, DeclaredKind> kinds;
    bool shares_kinds = false;      // all plugins may add steps of these kinds
    std::vector<std::string> needs; // tokens of other plugins that its steps may name
    std::vector<std::string> gives; // what its steps may give; "mount:" stands for all that begin with it
    bool lists_gives = false;       // the manifest has this list, so other tokens are refused
    std::vector<std::string> claims;
    std::vector<std::string> privileges;
    std::string config;   // the schema of its config section as JSON text; empty: it takes none
    std::string features; // its part of the OCI features structure as JSON text; empty: none

    bool operator==(const Manifest &) const = default;
    bool plans(ctr_operation operation) const;
    Json config_schema() const; // null: it takes no config
};

/// Parses and checks a manifest. Errors name the key, what was expected and what was found. Unknown keys are refused.
/// `path` names the file in messages.
Result<Manifest> parse_manifest(const std::string &text, const std::string &path);

/// Only the id, of a manifest that may be wrong otherwise (of another ABI, or with an unknown key). Empty if it has no
/// valid id.
std::string id_in_manifest(const std::string &text);

/// The name of an operation: "create" for CTR_OP_CREATE.
const char *operation_name(ctr_operation operation);

} // namespace core::plugin
