// SPDX-License-Identifier: MIT
//
// The records of images (DATA_ROOT/images/NAME.json, written by the image plugin), as the host reads them, and what
// keeps layers alive.
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
    std::uint64_t size = 0;          // bytes of the layers as they were in the source
};

/// One image operation at a time, recovery included: a POSIX record lock, gone with the process. Nothing if another
/// process holds it and `wait` is not set.
Result<std::optional<Fd>> lock_images(const Engine &engine, bool wait);
/// Removes layers that no image and no container uses. Under the lock: an import that runs has layers before its
/// record. As long as there is a record or a container that does not say what it uses, only what is left of unfinished
/// imports.
Result<void> collect_layers(Engine &engine);

/// "busybox" is "busybox:latest".
std::string full_image_name(const std::string &name);
/// Errors: not_found, with what there is; invalid, if the record is damaged.
Result<Image> find_image(const Engine &engine, const std::string &name);

struct Images {
    std::vector<Image> images;
    std::vector<Error> damaged; // records that are none, each with its file; no other command suffers from them
};
Result<Images> list_images(const Engine &engine);
/// Takes a damaged record out of the way of an import or a removal; true if there was one. A good one stays. Under the
/// lock.
Result<bool> discard_damaged(const Engine &engine, const std::string &name);

/// What a container keeps alive; nothing if its description does not say.
struct UsedImage {
    std::string name;
    std::vector<std::string> layers;
};
std::optional<UsedImage> image_of(const State &container);

} // namespace core::container
