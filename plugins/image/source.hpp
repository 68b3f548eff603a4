// SPDX-License-Identifier: MIT
#pragma once

#include "image.hpp"

namespace image {

/// Sees what a source document is and reads it: an OCI layout directory, or a tar file that is an OCI archive, a docker archive or a plain
/// root file system. Reads only.
Image read_source(const std::string &source, const Request &request);

} // namespace image
