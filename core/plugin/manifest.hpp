// SPDX-License-Identifier: MIT
//
// What a plugin says of itself before it is loaded. docs/PLUGINS.md explains each key.
#pragma once

#include "base/json.hpp"

#include <ctr/types.h>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace core::plugin {

/// The slots: exactly one driver each. `image` is filled for image commands only.
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
    bool automatic = false; // may be chosen without config
    std::int64_t rank = 0;  // the highest rank whose conditions hold is chosen
    std::vector<Condition> when;
    std::vector<std::string> operations; // "create", "exec", "image-import", "image-remove", "mount"
    bool always = false;
    std::vector<std::string> extensions;
    std::map<std::string, DeclaredKind> kinds;
    bool shares_kinds = false;      // all plugins may add steps of these kinds
    std::vector<std::string> needs; // tokens of others that its steps may name
    std::vector<std::string> gives; // tokens and values that its steps may give; "mount:" stands for all that begin so
    bool lists_gives = false;       // there is such a list: other tokens are refused
    std::vector<std::string> claims;
    std::vector<std::string> privileges;
    std::string config;   // the schema of its config section as JSON text; empty: it takes none
    std::string features; // its part of the OCI features structure as JSON text; empty: none

    bool operator==(const Manifest &) const = default;
    bool plans(ctr_operation operation) const;
    Json config_schema() const; // null: it takes none
};

/// Parses and checks a manifest. Errors name the key, what was expected and what was got; unknown keys are refused.
/// `path` names the file in messages.
Result<Manifest> parse_manifest(const std::string &text, const std::string &path);

/// The id alone, of a manifest that may be wrong in all else (of another ABI, with a key that nobody knows); empty: it
/// has no valid one.
std::string id_in_manifest(const std::string &text);

/// "create" for CTR_OP_CREATE.
const char *operation_name(ctr_operation operation);

} // namespace core::plugin
