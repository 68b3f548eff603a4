// SPDX-License-Identifier: MIT
//
// An OCI bundle (runtime-spec bundle.md): a directory with config.json and usually the root file system. `ctr run
// --bundle` and ctr-oci.
#pragma once

#include "container/container.hpp"

namespace core::cli {

/// Reads the bundle in `directory` (absolute). `file`: its description, "config.json" in the bundle if empty. In the
/// request: the spec, with the root and the sources of bind mounts made absolute; the storage driver for directories;
/// the network driver that the spec's namespaces ask for, unless `drivers` names one already; what `state` tells of it
/// later. Errors: of reading, of validation (with the path of the wrong field).
Result<void> read_bundle(const config::Config &config, const std::string &directory, const std::string &file,
                         container::CreateRequest &request);

/// The root is a directory, not an image: that is the storage driver `rootfs`, whatever driver the config chooses for
/// images. If `drivers` names another one the planner judges it: who does not claim /root/path is refused. Errors: the
/// config says that there is to be no storage driver.
Result<void> serve_directory(const config::Config &config, std::map<std::string, std::string> &drivers);

/// An OCI mount that is a bind mount whose source needs a directory before it.
bool has_relative_source(const Json &mount);

} // namespace core::cli
