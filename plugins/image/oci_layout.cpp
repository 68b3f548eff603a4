// SPDX-License-Identifier: MIT
//
// index.json -> by name -> [index -> by platform ->] manifest -> config and layers. Every blob that is read is checked
// against the size and digest of the descriptor that led to it, so the one document to trust is index.json.
#include "oci_layout.hpp"

#include "digest.hpp"
#include "failure.hpp"
#include "image_config.hpp"
#include "json.hpp"
#include "name.hpp"

#include <algorithm>
#include <functional>
#include <set>

namespace image {

namespace {

struct Descriptor {
    std::string media_type;
    std::string digest;
    std::uint64_t size = 0;
    std::optional<Platform> platform;
    std::string ref_name;
};

bool is_index(const std::string &media_type) {
    return media_type == "application/vnd.oci.image.index.v1+json" ||
           media_type == "application/vnd.docker.distribution.manifest.list.v2+json";
}

bool is_manifest(const std::string &media_type) {
    return media_type == "application/vnd.oci.image.manifest.v1+json" ||
           media_type == "application/vnd.docker.distribution.manifest.v2+json";
}

bool is_config(const std::string &media_type) {
    return media_type == "application/vnd.oci.image.config.v1+json" ||
           media_type == "application/vnd.docker.container.image.v1+json";
}

// The compression of a layer is recognised by its bytes, so all of these types are read in the same way. Encrypted
// layers are not supported.
bool is_layer(std::string_view media_type) {
    constexpr std::string_view compressions[] = {"", "+gzip", "+zstd"};
    for (const std::string_view base :
         {"application/vnd.oci.image.layer.v1.tar", "application/vnd.oci.image.layer.nondistributable.v1.tar"})
        for (const std::string_view compression : compressions)
            if (media_type == std::string(base).append(compression)) return true;
    return media_type == "application/vnd.docker.image.rootfs.diff.tar" ||
           media_type == "application/vnd.docker.image.rootfs.diff.tar.gzip" ||
           media_type == "application/vnd.docker.image.rootfs.diff.tar.zstd" ||
           media_type == "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
}

std::string optional_string(const Place &place, const char *name) {
    const auto found = place.optional(name);
    return found ? found->string() : std::string();
}

Descriptor parse_descriptor(const Place &place) {
    Descriptor descriptor{
        place.member("mediaType").string(), place.member("digest").digest(), place.member("size").size(), {}, {}};
    if (const auto platform = place.optional("platform"))
        descriptor.platform = {platform->member("os").string(), platform->member("architecture").string(),
                               optional_string(*platform, "variant")};
    if (const auto annotations = place.optional("annotations"))
        descriptor.ref_name = optional_string(*annotations, "org.opencontainers.image.ref.name");
    return descriptor;
}

std::string blob_path(const std::string &digest) { return "blobs/sha256/" + std::string(hex_of(digest)); }

std::string read_blob(const Layout &layout, const Descriptor &descriptor) {
    const std::string path = blob_path(descriptor.digest);
    std::string text = layout.read(path);
    if (text.size() != descriptor.size)
        refuse(path, "expected " + std::to_string(descriptor.size) + " bytes, got " + std::to_string(text.size()),
               "the layout is damaged");
    if (const std::string got = sha256_of(text); got != descriptor.digest)
        refuse(path, "expected " + descriptor.digest + ", got " + got, "the layout is damaged or was tampered with");
    return text;
}

void check_schema(const Place &top) {
    if (const Place version = top.member("schemaVersion"); version.json() != 2) version.wrong("2");
}

std::vector<Descriptor> parse_manifests(const Place &top) {
    check_schema(top);
    std::vector<Descriptor> all;
    for (const Place &each : top.member("manifests").elements())
        all.push_back(parse_descriptor(each));
    if (all.empty()) refuse(top.where(), "lists no images");
    return all;
}

std::string listed(const std::set<std::string> &names) {
    std::string all;
    for (const std::string &name : names)
        all += (all.empty() ? "" : ", ") + name;
    return all;
}

// If all have the same name, that image is used, whatever its name. Else the one with the requested name: the full
// name; or, as some programs write it, without the host (the request ends in it) or only the tag.
std::vector<Descriptor> with_name(const std::vector<Descriptor> &all, const std::string &name) {
    std::set<std::string> names;
    for (const Descriptor &each : all)
        names.insert(each.ref_name);
    if (names.size() == 1) return all;
    const std::function<bool(const std::string &)> matches[] = {
        [&](const std::string &ref) { return ref == name; },
        [&](const std::string &ref) { return ref.ends_with("/" + name); },
        [&](const std::string &ref) { return !ref.empty() && ref == tag_of(name); },
    };
    for (const auto &match : matches) {
        std::vector<Descriptor> found;
        std::copy_if(all.begin(), all.end(), std::back_inserter(found),
                     [&](const Descriptor &each) { return match(each.ref_name); });
        if (!found.empty()) return found;
    }
    names.erase("");
    refuse("index.json", "has several images and none is called '" + name + "'",
           names.empty() ? "none of them has a name" : "there is: " + listed(names));
}

Descriptor for_machine(const std::vector<Descriptor> &all, const Request &request, const std::string &document_name) {
    // A single one without a platform is checked by its config.
    if (all.size() == 1 && !all.front().platform) return all.front();
    const Descriptor *best = nullptr;
    int best_rank = -1;
    std::set<std::string> there;
    for (const Descriptor &each : all) {
        if (!each.platform) {
            there.insert(is_index(each.media_type) ? "an index without a platform" : "an image without a platform");
            continue;
        }
        there.insert(each.platform->text());
        const int rank = rank_of(request.runnable, *each.platform);
        if (rank < 0 || (best != nullptr && rank >= best_rank)) continue;
        best = &each;
        best_rank = rank;
    }
    if (best != nullptr) return *best;
    refuse(document_name, "has no image for " + request.runnable.front().text(), "there is: " + listed(there));
}

Image read_manifest(const Layout &layout, const Descriptor &descriptor, const Request &request) {
    const std::string path = blob_path(descriptor.digest);
    const nlohmann::json document = parse_document(path, read_blob(layout, descriptor));
    const Place top(document, path);
    check_schema(top);
    const Descriptor config = parse_descriptor(top.member("config"));
    if (!is_config(config.media_type))
        top.member("config").member("mediaType").wrong("the configuration of an image (this is some other artifact)");
    const ImageConfig parsed = parse_image_config(blob_path(config.digest), read_blob(layout, config));
    check_platform(parsed, request);
    std::vector<Layer> layers;
    for (const Place &each : top.member("layers").elements()) {
        const Descriptor layer = parse_descriptor(each);
        if (!is_layer(layer.media_type)) each.member("mediaType").wrong("a layer: a tar, plain, gzip or zstd");
        Location blob = layout.locate(blob_path(layer.digest));
        if (blob.size != layer.size)
            refuse(blob_path(layer.digest),
                   "expected " + std::to_string(layer.size) + " bytes, got " + std::to_string(blob.size),
                   "the layout is damaged");
        layers.push_back({std::move(blob), layer.digest, {}, {}});
    }
    return assemble_image(parsed, descriptor.digest, std::move(layers), path);
}

} // namespace

Image read_oci_layout(const Layout &layout, const Request &request) {
    const nlohmann::json marker = parse_document("oci-layout", layout.read("oci-layout"));
    const Place version = Place(marker, "oci-layout").member("imageLayoutVersion");
    if (!version.string().starts_with("1.")) version.wrong("version 1");

    const nlohmann::json index = parse_document("index.json", layout.read("index.json"));
    std::string document_name = "index.json";
    Descriptor chosen =
        for_machine(with_name(parse_manifests(Place(index, document_name)), request.name), request, document_name);
    for (int depth = 0; is_index(chosen.media_type); ++depth) {
        document_name = blob_path(chosen.digest);
        if (depth == 4) refuse(document_name, "is an index in an index in an index in an index");
        const nlohmann::json nested = parse_document(document_name, read_blob(layout, chosen));
        chosen = for_machine(parse_manifests(Place(nested, document_name)), request, document_name);
    }
    if (!is_manifest(chosen.media_type))
        refuse(document_name, "expected an image manifest, got media type '" + chosen.media_type + "'");
    return read_manifest(layout, chosen, request);
}

} // namespace image
