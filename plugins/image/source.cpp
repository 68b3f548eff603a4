// SPDX-License-Identifier: MIT
#include "source.hpp"

#include "docker_archive.hpp"
#include "failure.hpp"
#include "layout.hpp"
#include "oci_layout.hpp"

#include <sys/stat.h>

#include <ctime>

namespace image {

namespace {

std::string rfc3339(time_t when) {
    struct tm parts {};
    if (gmtime_r(&when, &parts) == nullptr) return "1970-01-01T00:00:00Z";
    char text[64];
    return {text, strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

// One layer. Its diff id is also the image's digest, so the same tree with another compression is the same image.
Image plain_image(const std::string &source, const ArchiveIndex &index, const Request &request) {
    Image image;
    image.digest = index.diff_id;
    image.architecture = request.runnable.front().architecture;
    image.os = request.runnable.front().os;
    image.config = "{}";
    image.layers.push_back({{source, {}, index.size}, index.digest, index.diff_id, index.diff_id});
    return image;
}

Image read_archive(const std::string &source, const Request &request) {
    ArchiveIndex index = index_archive(source, request.limits);
    const ArchiveLayout layout(source, index, request.limits);
    if (!index.root_file_system && index.too_many && !index.members.empty())
        refuse(
            source, "has the documents of an image among more members than images have",
            "if it is a plain root file system, pack it without oci-layout, index.json, manifest.json, repositories");
    if (!index.root_file_system) {
        // docker save since version 25 writes both forms into one archive; the OCI one has digests.
        if (layout.has("oci-layout") && layout.has("index.json")) return read_oci_layout(layout, request);
        if (layout.has("manifest.json")) return read_docker_archive(layout, request);
        if (layout.has("repositories"))
            refuse(source, "is a docker archive without manifest.json, as docker wrote them before version 1.10",
                   "docker load and save it again");
    }
    if (index.diff_id.empty()) index = index_and_hash_archive(source, request.limits);
    return plain_image(source, index, request);
}

} // namespace

Image read_source(const std::string &source, const Request &request) {
    struct stat about {};
    if (stat(source.c_str(), &about) != 0) system_failure("stat", source);
    Image image;
    if (S_ISDIR(about.st_mode)) {
        const DirectoryLayout layout(source);
        if (!layout.has("oci-layout") || !layout.has("index.json"))
            refuse(source, "is a directory but no OCI layout: it has no files oci-layout and index.json",
                   "a root file system can be imported as a tar, or run as it is with --rootfs");
        image = read_oci_layout(layout, request);
    } else if (S_ISREG(about.st_mode)) {
        image = read_archive(source, request);
    } else {
        refuse(source, "is neither a file nor a directory");
    }
    if (image.layers.size() > request.limits.max_layers)
        over_limit(source, "has more than " + std::to_string(request.limits.max_layers) + " layers", "max_layers");
    // The file's time and not the clock, so that two plans of one document are the same.
    if (image.created.empty()) image.created = rfc3339(about.st_mtime);
    return image;
}

} // namespace image
