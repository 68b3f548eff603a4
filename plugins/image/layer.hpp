// SPDX-License-Identifier: MIT
#pragma once

#include "image.hpp"
#include "unpacker.hpp"

namespace image {

/// Unpacks one layer into a directory that exists. Throws if its bytes are not those that digest, size and diff id promise; what was
/// unpacked by then is left for the storage driver's undo.
UnpackResult unpack_layer(const Layer &layer, const std::string &directory, const UnpackOptions &options);

} // namespace image
