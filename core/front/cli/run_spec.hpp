// SPDX-License-Identifier: MIT
//
// The spec of `ctr run`: what docker would give a container, as an OCI config.json plus ctr's own object /ctr for what
// only plugins can decide (which layers, the default capabilities and seccomp profile, a user's name).
#pragma once

#include "base/json.hpp"
#include "base/result.hpp"
#include "front/cli/flags.hpp"

#include <nlohmann/json.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace core::cli {

struct ConsoleSize {
    std::uint16_t width = 0, height = 0;
};

/// Ids of the container and those that stand for them on the machine.
struct IdRange {
    std::uint32_t inside = 0, outside = 0, size = 1;
};

/// What the command line and the image say, already parsed. Exactly one of `image` and `rootfs` is set.
struct RunOptions {
    std::string id;

    std::string image;               // its name
    std::vector<std::string> layers; // chain ids, lowest first
    Json image_config;  // "config" of the OCI image configuration, or null: Env Cmd Entrypoint WorkingDir User
    std::string rootfs; // an absolute directory instead of an image

    std::vector<std::string> command;
    std::vector<std::string> env; // NAME=VALUE
    std::string workdir;
    std::string user;
    std::string hostname; // empty: the first 12 characters of the id
    bool tty = false;     // -t; -i is about ctr's own standard input and leaves no trace here
    std::optional<ConsoleSize> console_size;

    std::optional<std::int64_t> memory;
    std::optional<CpuQuota> cpus;
    std::optional<std::int64_t> pids_limit;

    std::vector<std::string> cap_add, cap_drop; // "CAP_NET_ADMIN", "ALL"
    bool no_new_privileges = false;
    enum class Seccomp { standard, unconfined, profile } seccomp = Seccomp::standard;
    Json seccomp_profile; // a profile in docker's format

    std::string network; // the driver's id; "host" stays in the machine's network
    std::vector<Volume> volumes;
    std::vector<Tmpfs> tmpfs;
    bool read_only = false;
    std::vector<Ulimit> ulimits;
    std::map<std::string, std::string> sysctls;
    bool rm = false;
    std::vector<IdRange> uids,
        gids; // for a user without privilege: the container gets a user namespace with these maps
};

/// An error names the flag, or the part of the image's config, that cannot be. The result passes validate().
Result<Json> run_spec(const RunOptions &options);

} // namespace core::cli
