// SPDX-License-Identifier: MIT
//
// Reads the records of images (DATA_ROOT/images/NAME.json, which the image plugin writes), and finds out which layers
// are in use.
#pragma once

#include "base/json.hpp"
#include "container/container.hpp"
#include "container/engine.hpp"

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace core::container {

struct Image {
    std::string name, digest, created;
    std::vector<std::string> layers; // chain ids, lowest first
    Json config;                     // the OCI image config's "config"
    std::uint64_t size = 0;          // of the layers as they were in the source, in bytes
};

/// Only one image operation, or one recovery of them, runs at a time. The lock is a POSIX record lock, so it goes with
/// the process. Returns std::nullopt if another process holds it and `wait` is not set.
Result<std::optional<Fd>> lock_images(const Engine &engine, bool wait);
/// Removes layers that no image and no container uses. Call it with the lock held, because an import has layers before
/// it has a record. If some record or container does not say which layers it uses, only the leftovers of unfinished
/// imports are removed.
Result<void> collect_layers(Engine &engine);

/// The name with its tag: "busybox" is "busybox:latest".
std::string full_image_name(const std::string &name);
/// Errors: not_found, with the known images in its hint; invalid if the record is damaged.
Result<Image> find_image(const Engine &engine, const std::string &name);

struct Images {
    std::vector<Image> images;
    std::vector<Error> damaged; // damaged records, each with its file; other commands go on without them
};
Result<Images> list_images(const Engine &engine);
/// Removes a damaged record, so that an import or a removal can go on; true if there was one. A good record stays. Call
/// it with the lock held.
Result<bool> discard_damaged(const Engine &engine, const std::string &name);

/// The image and the layers that a container uses; std::nullopt if its description is damaged and does not say.
struct UsedImage {
    std::string name;
    std::vector<std::string> layers;
};
std::optional<UsedImage> image_of(const State &container);

} // namespace core::container
