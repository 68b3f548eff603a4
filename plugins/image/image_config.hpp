// SPDX-License-Identifier: MIT
//
// The configuration of an image, image-spec config.md: which layers, for which machine, run how.
#pragma once

#include "image.hpp"
#include "json.hpp"

namespace image {

struct ImageConfig {
    std::string created;
    Platform platform;
    std::vector<std::string> diff_ids;
    nlohmann::json config; // only members that config.md knows, types checked
};

ImageConfig parse_image_config(const std::string &document_name, const std::string &text);

/// Refuses an image that this machine cannot run. Very old images do not name a platform and are accepted.
void check_platform(const ImageConfig &config, const Request &request);

/// An image of these blobs, in the order of the config's diff ids.
Image assemble_image(const ImageConfig &config, std::string digest, std::vector<Layer> blobs,
                     const std::string &document_name);

} // namespace image
