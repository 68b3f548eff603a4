// SPDX-License-Identifier: MIT
#include "docker_archive.hpp"

#include "digest.hpp"
#include "failure.hpp"
#include "image_config.hpp"
#include "json.hpp"

#include <algorithm>

namespace image {

namespace {

std::vector<std::string> tags_of(const Place &image) {
    const auto tags = image.optional("RepoTags");
    return tags ? tags->strings() : std::vector<std::string>{};
}

// The only image, or the one with the name asked for, with or without a host before it.
Place with_name(const std::vector<Place> &images, const std::string &name) {
    if (images.size() == 1) return images.front();
    std::string all;
    for (const bool in_full : {true, false})
        for (const Place &each : images)
            for (const std::string &tag : tags_of(each)) {
                if (in_full ? tag == name : tag.ends_with("/" + name)) return each;
                if (in_full) all += (all.empty() ? "" : ", ") + tag;
            }
    refuse("manifest.json", "has several images and none is called '" + name + "'",
           all.empty() ? "none of them has a name" : "there is: " + all);
}

// "HEX.json" and "blobs/sha256/HEX" contain a digest in their names.
void check_promised_digest(const std::string &path, const std::string &digest) {
    std::string promised = path.substr(path.rfind('/') + 1);
    if (promised.ends_with(".json")) promised.resize(promised.size() - 5);
    promised = "sha256:" + promised;
    if (is_digest(promised) && promised != digest)
        refuse(path, "expected " + promised + ", got " + digest, "the archive is damaged or was tampered with");
}

} // namespace

Image read_docker_archive(const Layout &layout, const Request &request) {
    const nlohmann::json document = parse_document("manifest.json", layout.read("manifest.json"));
    const std::vector<Place> images = Place(document, "manifest.json").elements();
    if (images.empty()) refuse("manifest.json", "lists no images");
    const Place image = with_name(images, request.name);

    const std::string config_path = image.member("Config").string();
    const std::string config_text = layout.read(config_path);
    std::string digest = sha256_of(config_text);
    check_promised_digest(config_path, digest);
    const ImageConfig config = parse_image_config(config_path, config_text);
    check_platform(config, request);

    std::vector<Layer> layers;
    for (const std::string &path : image.member("Layers").strings())
        layers.push_back({layout.locate(path), {}, {}, {}});
    return assemble_image(config, std::move(digest), std::move(layers), "manifest.json");
}

} // namespace image
