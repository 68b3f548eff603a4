// SPDX-License-Identifier: MIT
#pragma once

#include "image.hpp"
#include "layout.hpp"

namespace image {

/// The image of a layout (image-spec image-layout.md) that the request means.
Image read_oci_layout(const Layout &layout, const Request &request);

} // namespace image
