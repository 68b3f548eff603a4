// SPDX-License-Identifier: MIT
#pragma once

#include "image.hpp"
#include "unpacker.hpp"

namespace image {

/// Unpacks one layer into a directory that exists. Throws if its bytes do not match digest, size and diff id. The
/// storage driver's undo removes what was unpacked by then.
UnpackResult unpack_layer(const Layer &layer, const std::string &directory, const UnpackOptions &options);

} // namespace image
