// SPDX-License-Identifier: MIT
//
// An OCI bundle (runtime-spec bundle.md): a directory with config.json and usually the root file system. Used by `ctr
// run --bundle` and ctr-oci.
#pragma once

#include "container/container.hpp"

namespace core::cli {

/// Reads the bundle in `directory` (absolute). `file`: its description; if empty, config.json in the bundle. It fills
/// `request` with the spec, in which the root and the sources of bind mounts are absolute; with the storage driver for
/// directories; with the network driver that the spec's namespaces ask for, unless `drivers` names one already; and
/// with what `state` shows later. Errors: of reading; of validation (with the path of the wrong field).
Result<void> read_bundle(const config::Config &config, const std::string &directory, const std::string &file,
                         container::CreateRequest &request);

/// Chooses the storage driver `rootfs`, because the root is a directory and not an image. The config's choice for
/// images does not count. If `drivers` names another driver, the planner refuses it unless it claims /root/path.
/// Errors: the config turns storage off.
Result<void> serve_directory(const config::Config &config, std::map<std::string, std::string> &drivers);

/// True for a bind mount with a relative source.
bool has_relative_source(const Json &mount);

} // namespace core::cli
