// SPDX-License-Identifier: MIT
//
// Makes the spec of `ctr run`: what docker would give a container, as an OCI config.json, and ctr's own object /ctr for
// what only plugins can decide (which layers, the default capabilities and seccomp profile, a user's name).
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

/// A range of ids in the container and the ids on the machine that they are mapped to.
struct IdRange {
    std::uint32_t inside = 0, outside = 0, size = 1;
};

/// The parsed command line and image. Exactly one of `image` and `rootfs` is set.
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
    bool tty = false;     // -t (-i concerns only ctr's own standard input)
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
        gids; // for an unprivileged user: the maps of the user namespace
};

/// The result passes validate(). Errors name the wrong flag or the wrong part of the image's config.
Result<Json> run_spec(const RunOptions &options);

} // namespace core::cli
