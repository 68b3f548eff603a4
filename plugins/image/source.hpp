// SPDX-License-Identifier: MIT
#pragma once

#include "image.hpp"

namespace image {

/// Recognises the form of a source document and reads it: an OCI layout directory, or a tar file that is an OCI
/// archive, a docker archive or a plain root file system. Reads only.
Image read_source(const std::string &source, const Request &request);

} // namespace image
