// SPDX-License-Identifier: MIT
#pragma once

#include "image.hpp"
#include "layout.hpp"

namespace image {

/// The image of a `docker save` archive that the request means: manifest.json with ID/layer.tar (old) or blobs/sha256/HEX (new) members.
Image read_docker_archive(const Layout &layout, const Request &request);

} // namespace image
