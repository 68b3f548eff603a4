// SPDX-License-Identifier: MIT
//
// What a source document is seen to be, and which image of it is taken.
#include "image_testing.hpp"
#include "json.hpp"
#include "layout.hpp"
#include "source.hpp"

namespace image::testing {
namespace {

using nlohmann::json;

const Request request{"app:1", runnable_on("x86_64"), {}};

/// Collects the files of a layout; as a directory or as a tar.
struct LayoutFiles {
    std::map<std::string, std::string> files{{"oci-layout", R"({"imageLayoutVersion":"1.0.0"})"}};
    json manifests = json::array();

    json blob(const std::string &media_type, const std::string &text) {
        const std::string digest = sha256_of(text);
        files["blobs/sha256/" + std::string(hex_of(digest))] = text;
        return {{"mediaType", media_type}, {"digest", digest}, {"size", text.size()}};
    }
    json image(const std::vector<std::string> &tars, const std::string &architecture = "amd64",
               const std::string &config_type = "application/vnd.oci.image.config.v1+json") {
        json layers = json::array();
        json diff_ids = json::array();
        for (const std::string &tar : tars) {
            layers.push_back(blob("application/vnd.oci.image.layer.v1.tar+gzip", compressed(tar, ARCHIVE_FILTER_GZIP)));
            diff_ids.push_back(sha256_of(tar));
        }
        const json config = {{"architecture", architecture},
                             {"os", "linux"},
                             {"created", "2020-01-02T03:04:05Z"},
                             {"config", {{"Cmd", {"/hello"}}, {"Healthcheck", {{"Test", {"x"}}}}}},
                             {"rootfs", {{"type", "layers"}, {"diff_ids", diff_ids}}}};
        const json manifest = {{"schemaVersion", 2}, {"config", blob(config_type, config.dump())}, {"layers", layers}};
        return blob("application/vnd.oci.image.manifest.v1+json", manifest.dump());
    }
    json index(const json &list) { return {{"schemaVersion", 2}, {"manifests", list}}; }

    std::string write_directory(const TemporaryDirectory &tmp) {
        files["index.json"] = index(manifests).dump();
        for (const auto &[name, text] : files)
            put_file(tmp / ("layout/" + name), text);
        return tmp / "layout";
    }
    std::string write_tar(const TemporaryDirectory &tmp, int filter = ARCHIVE_FILTER_NONE) {
        files["index.json"] = index(manifests).dump();
        Tar tar(filter);
        for (const auto &[name, text] : files)
            tar.file("./" + name, text);
        put_file(tmp / "archive.tar", tar.bytes());
        return tmp / "archive.tar";
    }
};

json named(json descriptor, const std::string &name) {
    descriptor["annotations"] = {{"org.opencontainers.image.ref.name", name}};
    return descriptor;
}

json for_platform(json descriptor, const std::string &architecture) {
    descriptor["platform"] = {{"os", "linux"}, {"architecture", architecture}};
    return descriptor;
}

const std::string base_tar = Tar().directory("etc").file("etc/a", "1").bytes();
const std::string upper_tar = Tar().file("etc/b", "2").bytes();

void expect_two_layers(const Image &image, const TemporaryDirectory &tmp) {
    ASSERT_EQ(image.layers.size(), 2U);
    EXPECT_EQ(image.layers[0].chain_id, sha256_of(base_tar));
    EXPECT_EQ(image.layers[1].chain_id, chain_id(sha256_of(base_tar), sha256_of(upper_tar)));
    UnpackOptions options;
    options.unprivileged = true;
    mkdir((tmp / "root").c_str(), 0700);
    for (const Layer &layer : image.layers)
        unpack_layer(layer, tmp / "root", options);
    EXPECT_EQ(content_of(tmp / "root/etc/a") + content_of(tmp / "root/etc/b"), "12");
}

TEST(ImageSource, APlainTarIsOneLayer) {
    for (const int filter : {ARCHIVE_FILTER_NONE, ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_XZ, ARCHIVE_FILTER_ZSTD}) {
        const TemporaryDirectory tmp;
        const std::string blob = compressed(base_tar, filter);
        put_file(tmp / "root.tar", blob);
        const Image image = read_source(tmp / "root.tar", request);
        ASSERT_EQ(image.layers.size(), 1U);
        EXPECT_EQ(image.digest, sha256_of(base_tar));
        EXPECT_EQ(image.layers[0].chain_id, sha256_of(base_tar));
        EXPECT_EQ(image.layers[0].diff_id, sha256_of(base_tar));
        EXPECT_EQ(image.layers[0].digest, sha256_of(blob));
        EXPECT_EQ(image.layers[0].blob.size, blob.size());
        EXPECT_EQ(image.architecture, "amd64");
    }
}

TEST(ImageSource, ARootFileSystemMayContainTheFilesOfAnImage) {
    const TemporaryDirectory tmp;
    put_file(tmp / "root.tar", Tar().file("manifest.json", "{}").file("index.json", "").directory("usr").bytes());
    EXPECT_EQ(read_source(tmp / "root.tar", request).layers.size(), 1U);
}

TEST(ImageSource, WhatIsNoArchiveIsRefused) {
    const TemporaryDirectory tmp;
    put_file(tmp / "text", "hello\n");
    EXPECT_NE(failure_of([&] { read_source(tmp / "text", request); }).find("tar archive"), std::string::npos);
    put_file(tmp / "empty", "");
    EXPECT_NE(failure_of([&] { read_source(tmp / "empty", request); }), "");
    EXPECT_NE(failure_of([&] { read_source(tmp.path(), request); }).find("no OCI layout"), std::string::npos);
    EXPECT_NE(failure_of([&] { read_source(tmp / "missing", request); }), "");
    EXPECT_NE(failure_of([&] { read_source("/dev/zero", request); }), "");
}

TEST(ImageOci, ALayoutDirectoryAndItsTarAreTheSame) {
    const TemporaryDirectory tmp;
    LayoutFiles files;
    files.manifests = json::array({files.image({base_tar, upper_tar})});
    const Image image = read_source(files.write_directory(tmp), request);
    EXPECT_EQ(image.digest, files.manifests[0]["digest"]);
    EXPECT_EQ(image.created, "2020-01-02T03:04:05Z");
    EXPECT_EQ(json::parse(image.config), json({{"Cmd", {"/hello"}}}));
    expect_two_layers(image, tmp);
    for (const int filter : {ARCHIVE_FILTER_NONE, ARCHIVE_FILTER_GZIP}) {
        const TemporaryDirectory other;
        expect_two_layers(read_source(files.write_tar(other, filter), request), other);
    }
}

TEST(ImageOci, OfSeveralImagesTheNamedOneIsTaken) {
    const TemporaryDirectory tmp;
    LayoutFiles files;
    const json one = files.image({base_tar});
    const json two = files.image({upper_tar});
    files.manifests = json::array({named(one, "host/app:1"), named(two, "app:2")});
    const std::string layout = files.write_directory(tmp);
    EXPECT_EQ(read_source(layout, request).digest, one["digest"]);
    EXPECT_EQ(read_source(layout, {"app:2", request.runnable, {}}).digest, two["digest"]);
    EXPECT_EQ(failure_of([&] {
                  read_source(layout, {"app:3", request.runnable, {}});
              }),
              "index.json: has several images and none is called 'app:3'; there is: app:2, host/app:1");
    LayoutFiles tags = files;
    tags.manifests = json::array({named(one, "1"), named(two, "2")});
    const TemporaryDirectory other;
    EXPECT_EQ(read_source(tags.write_directory(other), request).digest, one["digest"]);
}

TEST(ImageOci, OfSeveralPlatformsTheMachinesIsTaken) {
    const TemporaryDirectory tmp;
    LayoutFiles files;
    const json amd64 = files.image({base_tar});
    const json list =
        files.index({for_platform(files.image({base_tar}, "arm64"), "arm64"), for_platform(amd64, "amd64"),
                     for_platform(files.blob("application/vnd.oci.image.manifest.v1+json", "{}"), "unknown")});
    files.manifests = json::array({files.blob("application/vnd.oci.image.index.v1+json", list.dump())});
    const std::string layout = files.write_directory(tmp);
    EXPECT_EQ(read_source(layout, request).digest, amd64["digest"]);
    EXPECT_NE(failure_of([&] {
                  read_source(layout, {"app:1", runnable_on("s390x"), {}});
              }).find("has no image for linux/s390x; there is: linux/amd64, linux/arm64"),
              std::string::npos);
}

TEST(ImageOci, AnImageForAnotherMachineIsRefused) {
    const TemporaryDirectory tmp;
    LayoutFiles files;
    files.manifests = json::array({files.image({base_tar}, "arm64")});
    EXPECT_NE(failure_of([&] {
                  read_source(files.write_directory(tmp), request);
              }).find("is for linux/arm64, this machine runs linux/amd64"),
              std::string::npos);
}

TEST(ImageOci, DamageAndOtherArtifactsAreRefused) {
    const auto failure_with = [](const std::function<void(LayoutFiles &)> &change) {
        const TemporaryDirectory tmp;
        LayoutFiles files;
        files.manifests = json::array({files.image({base_tar})});
        change(files);
        const std::string layout = files.write_directory(tmp);
        return failure_of([&] { read_source(layout, request); });
    };
    EXPECT_EQ(failure_with([](LayoutFiles &) {}), "");
    const auto manifest_file = [](LayoutFiles &files) -> std::string & {
        return files.files["blobs/sha256/" + std::string(hex_of(files.manifests[0]["digest"].get<std::string>()))];
    };
    EXPECT_NE(failure_with([&](LayoutFiles &f) { manifest_file(f)[5] ^= 1; }).find("expected sha256:"),
              std::string::npos);
    EXPECT_NE(failure_with([&](LayoutFiles &f) { manifest_file(f) += " "; }).find("bytes, got"), std::string::npos);
    EXPECT_NE(failure_with([](LayoutFiles &f) {
                  f.manifests[0]["digest"] = "sha256:../../etc/passwd";
              }).find("index.json: manifests[0].digest: expected sha256:"),
              std::string::npos);
    EXPECT_NE(failure_with([](LayoutFiles &f) { f.manifests[0]["size"] = "1"; }).find("manifests[0].size"),
              std::string::npos);
    EXPECT_NE(failure_with([](LayoutFiles &f) {
                  f.manifests[0].erase("mediaType");
              }).find("manifests[0].mediaType: is missing"),
              std::string::npos);
    EXPECT_NE(failure_with([](LayoutFiles &f) { f.manifests = json::array(); }).find("lists no images"),
              std::string::npos);
    EXPECT_NE(failure_with([](LayoutFiles &f) {
                  f.files["oci-layout"] = R"({"imageLayoutVersion":"2.0.0"})";
              }).find("version 1"),
              std::string::npos);
    EXPECT_NE(failure_with([](LayoutFiles &f) {
                  f.manifests = json::array({f.image({base_tar}, "amd64", "application/vnd.example.chart")});
              }).find("some other artifact"),
              std::string::npos);
    EXPECT_NE(failure_with([](LayoutFiles &f) { f.manifests = json::array({f.image({})}); }).find("no layers"),
              std::string::npos);
    EXPECT_NE(failure_with([](LayoutFiles &f) {
                  json nested = f.image({base_tar});
                  for (int i = 0; i < 6; ++i)
                      nested = f.blob("application/vnd.oci.image.index.v1+json", f.index(json::array({nested})).dump());
                  f.manifests = json::array({nested});
              }).find("index in an index"),
              std::string::npos);
}

/// `docker save`: old form, or with blobs/sha256/HEX.
std::string docker_archive(const TemporaryDirectory &tmp, bool blobs, const std::string &second_tag = {}) {
    const json config = {{"architecture", "amd64"},
                         {"os", "linux"},
                         {"config", {{"Env", {"A=1"}}, {"Entrypoint", nullptr}}},
                         {"rootfs", {{"type", "layers"}, {"diff_ids", {sha256_of(base_tar), sha256_of(upper_tar)}}}}};
    const std::string hex(hex_of(sha256_of(config.dump())));
    const std::string config_path = blobs ? "blobs/sha256/" + hex : hex + ".json";
    const std::string first =
        blobs ? "blobs/sha256/" + std::string(hex_of(sha256_of(base_tar))) : std::string(64, '1') + "/layer.tar";
    const std::string second =
        blobs ? "blobs/sha256/" + std::string(hex_of(sha256_of(upper_tar))) : std::string(64, '2') + "/layer.tar";
    json manifest = {{{"Config", config_path}, {"RepoTags", {"app:1"}}, {"Layers", {first, second}}}};
    if (!second_tag.empty())
        manifest.push_back({{"Config", "other.json"}, {"RepoTags", {second_tag}}, {"Layers", json::array()}});
    Tar tar;
    if (!blobs)
        tar.directory(std::string(64, '1'))
            .symlink(first, "../" + std::string(64, '3') + "/layer.tar")
            .file(std::string(64, '3') + "/layer.tar", base_tar);
    if (blobs) tar.file(first, base_tar);
    tar.file(second, upper_tar)
        .file(config_path, config.dump())
        .file("manifest.json", manifest.dump())
        .file("repositories", "{}");
    put_file(tmp / "saved.tar", tar.bytes());
    return tmp / "saved.tar";
}

TEST(ImageDocker, OldAndNewArchivesAreRead) {
    for (const bool blobs : {false, true}) {
        const TemporaryDirectory tmp;
        const Image image = read_source(docker_archive(tmp, blobs), request);
        EXPECT_EQ(json::parse(image.config), json({{"Env", {"A=1"}}}));
        expect_two_layers(image, tmp);
    }
}

TEST(ImageDocker, OfSeveralImagesTheTaggedOneIsTaken) {
    const TemporaryDirectory tmp;
    const std::string archive = docker_archive(tmp, true, "other:2");
    EXPECT_EQ(read_source(archive, request).layers.size(), 2U);
    EXPECT_NE(failure_of([&] {
                  read_source(archive, {"app:9", request.runnable, {}});
              }).find("there is: app:1, other:2"),
              std::string::npos);
    EXPECT_NE(failure_of([&] {
                  read_source(archive, {"other:2", request.runnable, {}});
              }).find("has no file 'other.json'"),
              std::string::npos);
}

TEST(ImageDocker, VeryOldArchivesAreRefusedByName) {
    const TemporaryDirectory tmp;
    put_file(tmp / "old.tar",
             Tar().file("repositories", "{}").file(std::string(64, 'a') + "/layer.tar", base_tar).bytes());
    EXPECT_NE(failure_of([&] { read_source(tmp / "old.tar", request); }).find("1.10"), std::string::npos);
}

// ---- what a source may cost to look at

TEST(ImageSource, ALookAtAnArchiveIsCountedToo) {
    const TemporaryDirectory tmp;
    Tar three;
    three.directory("bin").file("bin/a", "").file("bin/b", "");
    put_file(tmp / "root.tar", three.bytes());
    const auto look = [&](const Limits &limits, const std::string &file) {
        return failure_of([&] { read_source(tmp / file, {"app:1", request.runnable, limits}); });
    };
    Limits limits;
    EXPECT_EQ(look(limits, "root.tar"), "");
    limits.max_entries = 2;
    EXPECT_NE(look(limits, "root.tar").find("max_entries"), std::string::npos);
    limits = {};
    limits.max_name_bytes = 8;
    EXPECT_NE(look(limits, "root.tar").find("max_name_bytes"), std::string::npos);

    // A member that nobody asks for is unpacked to be skipped; also in front of an image's documents.
    for (const char *first : {"bin/zeros", "blobs/zeros"}) {
        const std::string bomb = Tar().file(first, std::string(64 << 20, '\0')).file("oci-layout", "{}").bytes();
        put_file(tmp / "bomb.tar.gz", compressed(bomb, ARCHIVE_FILTER_GZIP));
        EXPECT_NE(look({}, "bomb.tar.gz").find("max_ratio"), std::string::npos) << first;
    }
}

TEST(ImageSource, OfARootFileSystemNoIndexIsKept) {
    const TemporaryDirectory tmp;
    Tar tar;
    for (int i = 0; i < 1000; ++i)
        tar.file("first/" + std::to_string(i), "");
    tar.file("bin/sh", "");
    for (int i = 0; i < 1000; ++i)
        tar.file("bin/" + std::to_string(i), "");
    put_file(tmp / "root.tar", tar.bytes());
    const ArchiveIndex index = index_archive(tmp / "root.tar", {});
    EXPECT_TRUE(index.root_file_system);
    EXPECT_TRUE(index.members.empty());
}

TEST(ImageSource, AnIndexEndsWhereNoImageIsSoLarge) {
    const TemporaryDirectory tmp;
    const auto archive = [&](const std::string &file, bool document) {
        Tar tar;
        for (int i = 0; i < 30'000; ++i)
            tar.file("data/" + std::to_string(i) + std::string(100, 'n'), "");
        if (document) tar.file("manifest.json", "[]");
        put_file(tmp / file, tar.bytes());
        return tmp / file;
    };
    EXPECT_EQ(read_source(archive("plain.tar", false), request).layers.size(), 1U);
    EXPECT_NE(failure_of([&] { read_source(archive("image.tar", true), request); }).find("more members"),
              std::string::npos);
}

} // namespace
} // namespace image::testing
