// SPDX-License-Identifier: MIT
//
// The content of a source document of any form: one image, its layers lowest first.
#pragma once

#include "limits.hpp"
#include "platform.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace image {

/// Where some bytes are: a file, or a member of a tar file.
struct Location {
    std::string source;
    std::string member; // empty: the file itself
    std::uint64_t size = 0;
};

struct Layer {
    Location blob;
    std::string digest; // of the blob as it is stored; empty if nothing promises one (docker archives)
    std::string diff_id;
    std::string chain_id;
};

struct Image {
    std::string
        digest; // of the manifest; of the config in a docker archive, which has none; of the only layer of a plain tar
    std::string created;
    std::string architecture;
    std::string os;
    std::string config; // JSON text: the config object of the image's configuration
    std::vector<Layer> layers;
};

/// What the user asked for.
struct Request {
    std::string name;
    std::vector<Platform> runnable;
    Limits limits;
};

} // namespace image
