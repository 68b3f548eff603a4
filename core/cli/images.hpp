// SPDX-License-Identifier: MIT
//
// The records of images (DATA_ROOT/images/NAME.json, written by the image plugin), as the host reads them.
#pragma once

#include "base/json.hpp"
#include "container/engine.hpp"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace core::cli {

struct Image {
    std::string name, digest, created;
    std::vector<std::string> layers; // chain ids, lowest first
    Json config;                     // the OCI image config's "config"
    std::uint64_t size = 0;          // bytes of the layers as they were in the source
};

/// "busybox" is "busybox:latest".
std::string full_image_name(const std::string &name);
/// Errors: not_found, with what there is.
Result<Image> find_image(const container::Engine &engine, const std::string &name);
Result<std::vector<Image>> list_images(const container::Engine &engine);

} // namespace core::cli
