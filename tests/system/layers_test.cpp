// SPDX-License-Identifier: MIT
//
// Layers that are odd and legal, unpacked by both storage drivers: the trees that they show must be the same, and what
// images mean.
#include "fixture/sandbox.hpp"

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>

using namespace fixture;

namespace {

using Json = nlohmann::json;
using Layers = std::vector<std::string>; // tars, lowest first

/// What is known of each file, by path.
using Tree = std::map<std::string, std::string>;

std::string xattrs_of(const std::string &path) {
    char names[4096], value[4096];
    const ssize_t length = llistxattr(path.c_str(), names, sizeof names);
    std::string all;
    for (ssize_t at = 0; at < length; at += static_cast<ssize_t>(std::string(names + at).size()) + 1) {
        const std::string name = names + at;
        const ssize_t size = lgetxattr(path.c_str(), name.c_str(), value, sizeof value);
        if (name != "security.selinux")
            all += " " + name + "=" + std::string(value, static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    }
    return all;
}

std::string about(const std::string &path) {
    struct stat status {};
    if (lstat(path.c_str(), &status) != 0) return "gone";
    char text[128];
    // What no layer gives a time has that of its import: not the same second for both drivers.
    const bool recent = status.st_mtim.tv_sec > std::time(nullptr) - 3600;
    std::snprintf(text, sizeof text, "%o %u:%u %lld", status.st_mode, status.st_uid, status.st_gid,
                  recent ? -1 : static_cast<long long>(status.st_mtim.tv_sec));
    std::string all = text;
    if (S_ISLNK(status.st_mode)) all += " -> " + std::filesystem::read_symlink(path).string();
    if (S_ISREG(status.st_mode))
        all +=
            " links " + std::to_string(status.st_nlink) + " " + std::to_string(status.st_size) + " " + read_text(path);
    if (S_ISCHR(status.st_mode)) all += " device " + std::to_string(status.st_rdev);
    return all + xattrs_of(path);
}

Tree tree_of(const std::string &root) {
    Tree tree = {{"/", about(root)}};
    for (const auto &each : std::filesystem::recursive_directory_iterator(root))
        tree[each.path().string().substr(root.size())] = about(each.path().string());
    return tree;
}

class LayerStacks : public SystemTest {
protected:
    void TearDown() override {
        std::filesystem::remove_all(layout_);
        SystemTest::TearDown();
    }
    std::string digest_of(const std::string &file) const { return command({"sha256sum", file}).out.substr(0, 64); }
    std::string blob(const std::string &type, const std::string &content) const {
        write_text(layout_ + "/blob", content);
        const std::string digest = digest_of(layout_ + "/blob");
        std::filesystem::rename(layout_ + "/blob", layout_ + "/blobs/sha256/" + digest);
        return R"({"mediaType":"application/vnd.oci.image.)" + type + R"(","digest":"sha256:)" + digest +
               R"(","size":)" + std::to_string(content.size()) + "}";
    }
    void write_layout(const Layers &layers) const {
        std::filesystem::remove_all(layout_);
        std::filesystem::create_directories(layout_ + "/blobs/sha256");
        std::string descriptors, ids;
        for (const std::string &layer : layers) {
            const std::string descriptor = blob("layer.v1.tar", layer), comma = ids.empty() ? "" : ",";
            descriptors += comma + descriptor;
            ids += comma + "\"" + descriptor.substr(descriptor.find("sha256:"), 71) + "\"";
        }
        const std::string config = blob(
            "config.v1+json",
            R"({"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[)" + ids + "]}}");
        const std::string manifest = blob("manifest.v1+json", R"({"schemaVersion":2,"config":)" + config +
                                                                  R"(,"layers":[)" + descriptors + "]}");
        write_text(layout_ + "/index.json", R"({"schemaVersion":2,"manifests":[)" + manifest + "]}");
        write_text(layout_ + "/oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
    }
    /// The names on disk of the image's layers, lowest first.
    Layers chain(const std::string &storage) const {
        Layers names;
        for (const Json &image : Json::parse(box.ctr({"image", "ls", "--format", "json"}, {}, storage).out))
            if (image["name"] == "stack:latest")
                for (const std::string layer : image["layers"])
                    names.push_back(layer.substr(7));
        return names;
    }
    Tree overlay_tree() const {
        const std::string data = box.data_root("overlay") + "/overlay/layers/", merged = box.dir() + "/merged";
        std::string lower;
        for (const std::string &name : chain("overlay"))
            lower = data + name + "/diff" + (lower.empty() ? "" : ":") + lower;
        std::filesystem::create_directories(merged);
        EXPECT_EQ(mount("overlay", merged.c_str(), "overlay", MS_RDONLY, ("lowerdir=" + lower).c_str()), 0)
            << strerror(errno);
        const Tree tree = tree_of(merged);
        umount2(merged.c_str(), MNT_DETACH);
        std::filesystem::remove(merged);
        return tree;
    }
    Tree btrfs_tree() const { return tree_of(box.data_root("btrfs") + "/btrfs/layers/" + chain("btrfs").back()); }

    /// The tree that both drivers make of the layers; differences fail the test.
    Tree unpack(const Layers &layers) const {
        write_layout(layers);
        for (const std::string storage : {"overlay", "btrfs"}) {
            const Ran ran = box.ctr({"image", "import", layout_, "stack"}, {}, storage);
            EXPECT_STATUS(ran, 0);
            if (ran.status != 0) return {};
        }
        Tree overlay = overlay_tree();
        const Tree btrfs = btrfs_tree();
        for (const auto &[path, known] : overlay)
            EXPECT_EQ(known, btrfs.contains(path) ? btrfs.at(path) : "gone") << path << ": overlay, btrfs";
        for (const auto &[path, known] : btrfs)
            EXPECT_TRUE(overlay.contains(path)) << path << " is only there with btrfs: " << known;
        // Nothing of the unpacking is left.
        EXPECT_TRUE(std::filesystem::is_empty(box.data_root("overlay") + "/overlay/tmp"));
        for (const std::string &name : chain("overlay"))
            EXPECT_EQ(
                std::distance(std::filesystem::directory_iterator(box.data_root("overlay") + "/overlay/layers/" + name),
                              {}),
                1);
        for (const std::string storage : {"overlay", "btrfs"})
            EXPECT_STATUS(box.ctr({"image", "rm", "stack"}, {}, storage), 0);
        return overlay;
    }
    static Tar base() {
        Tar tar;
        tar.xattr("user.note", "root's").directory("./", 0711).directory("tmp", 01777).directory("home");
        tar.owner(1000, 100).xattr("user.note", "hers").directory("home/alice", 02750).owner(0, 0);
        tar.directory("usr").directory("usr/lib").file("usr/lib/old", "old").file("usr/lib/gone", "gone");
        tar.symlink("lib", "usr/lib")
            .symlink("absolute", "/usr/lib")
            .symlink("up", "home/../usr")
            .symlink("chain", "up");
        tar.directory("etc").file("etc/a", "a").file("etc/b", "b").hardlink("etc/b2", "etc/b").fifo("etc/pipe");
        tar.directory("d").file("d/x", "x").directory("d/y").file("d/y/z", "z").file("file", "f").device("null", 1, 3);
        return tar;
    }
    const std::string layout_ = box.dir() + "/layout";
};

} // namespace

TEST_F(LayerStacks, ADirectoryWithoutAnEntryStaysAsTheLowerLayerHasIt) {
    const Tree before = unpack({base().finish(), Tar().file("etc/unrelated", "1").finish()});
    const Tree after =
        unpack({base().finish(), Tar().file("tmp/x/f", "1").file("home/alice/.rc", "2").file("top", "3").finish(),
                Tar().file("home/alice/.rc", "4").file("home/alice/sub/deep/er", "5").finish()});
    for (const char *path : {"/", "/tmp", "/home", "/home/alice"})
        EXPECT_EQ(after.at(path), before.at(path)) << path;
    EXPECT_EQ(after.at("/tmp/x"), "40755 0:0 1000000000");
    EXPECT_EQ(after.at("/home/alice/sub/deep"), "40755 0:0 1000000000") << "not the group of the directory above";
    EXPECT_HAS(after.at("/home/alice/.rc"), " 4");
}

TEST_F(LayerStacks, WhatIsBelowALinkGoesWhereTheLinkLeads) {
    const Tree tree = unpack({base().finish(), Tar()
                                                   .file("lib/new", "1")
                                                   .file("absolute/two", "2")
                                                   .file("chain/three", "3")
                                                   .file("chain/lib/four", "4")
                                                   .file("lib/.wh.gone", "")
                                                   .hardlink("lib/a", "etc/a")
                                                   .hardlink("etc/from-lib", "lib/old")
                                                   .finish()});
    for (const char *path :
         {"/usr/lib/new", "/usr/lib/two", "/usr/three", "/usr/lib/four", "/usr/lib/old", "/usr/lib/a"})
        EXPECT_TRUE(tree.contains(path)) << path;
    EXPECT_FALSE(tree.contains("/usr/lib/gone"));
    EXPECT_HAS(tree.at("/etc/from-lib"), "links 2 3 old");
    EXPECT_HAS(tree.at("/usr/lib/old"), "links 2 3 old");
    for (const char *link : {"/lib", "/absolute", "/chain", "/up"})
        EXPECT_HAS(tree.at(link), " -> ");
}

TEST_F(LayerStacks, OpaqueDirectoriesAndRootsThroughLinks) {
    Tree tree = unpack({base().finish(), Tar().file("lib/.wh..wh..opq", "").file("lib/own", "1").finish(),
                        Tar().file("etc/.wh..wh..opq", "").directory("etc/new", 0700).finish()});
    EXPECT_FALSE(tree.contains("/usr/lib/old"));
    EXPECT_TRUE(tree.contains("/usr/lib/own"));
    EXPECT_FALSE(tree.contains("/etc/a"));
    EXPECT_TRUE(tree.contains("/etc/new"));
    tree = unpack({base().finish(), Tar().file(".wh..wh..opq", "").file("alone", "1").finish()});
    EXPECT_EQ(tree.size(), 2u);
    EXPECT_HAS(tree.at("/"), "40711 0:0 1000000000 user.note=root's");
    // The mark behind the layer's own content, and content that comes back in a layer above.
    tree = unpack({base().finish(), Tar().file("d/y/own", "1").file(".wh..wh..opq", "").finish(),
                   Tar().file("d/y/z", "again").finish()});
    EXPECT_EQ(tree.size(), 5u);
    EXPECT_HAS(tree.at("/d/y/z"), "again");
}

TEST_F(LayerStacks, WhiteoutsAndWhatTheirOwnLayerPutsInTheSamePlace) {
    const Tree tree = unpack(
        {base().finish(),
         Tar()
             .file(".wh.d", "")
             .file("d/new", "1")
             .file("etc/.wh.a", "")
             .file("etc/a", "new a")
             .file("usr/lib/own", "2")
             .file("usr/.wh.lib", "")
             .file(".wh.never-there", "")
             .file("etc/.wh.pipe", "")
             .finish(),
         Tar().file("etc/pipe", "a file now").file(".wh.file", "").directory("file").file("file/x", "3").finish()});
    EXPECT_FALSE(tree.contains("/d/x"));
    EXPECT_TRUE(tree.contains("/d/new"));
    EXPECT_HAS(tree.at("/etc/a"), "new a");
    EXPECT_FALSE(tree.contains("/usr/lib/old"));
    EXPECT_TRUE(tree.contains("/usr/lib/own"));
    EXPECT_HAS(tree.at("/etc/pipe"), "a file now");
    EXPECT_HAS(tree.at("/file"), "40755");
}

TEST_F(LayerStacks, OneTypeReplacesAnother) {
    const Tree tree =
        unpack({base().finish(),
                Tar()
                    .file("d", "a file")
                    .directory("file", 0700)
                    .file("file/x", "1")
                    .directory("lib", 0701)
                    .file("lib/real", "2")
                    .symlink("etc", "usr")
                    .symlink("null", "file")
                    .finish(),
                Tar().directory("d").file("d/x", "back").file("etc/through", "3").device("file/gone", 0, 0).finish()});
    EXPECT_HAS(tree.at("/d/x"), "back");
    EXPECT_FALSE(tree.contains("/d/y"));
    EXPECT_HAS(tree.at("/lib"), "40701");
    EXPECT_TRUE(tree.contains("/usr/lib/old")) << "the link went, not what it led to";
    EXPECT_TRUE(tree.contains("/usr/through"));
    EXPECT_FALSE(tree.contains("/file/gone"));
}

TEST_F(LayerStacks, ATallImageIsImportedAndRun) {
    Layers layers = {Sandbox::image().finish()};
    for (int i = 0; i < 130; ++i)
        layers.push_back(
            Tar().file("tall/" + std::to_string(i), std::to_string(i)).file("tall/last", std::to_string(i)).finish());
    write_layout(layers);
    ASSERT_STATUS(box.ctr({"image", "import", layout_, "stack"}), 0);
    EXPECT_EQ(
        box.ctr({"run", "--rm", "--network", "none", "stack", "/bin/sh", "-c", "ls /tall | wc -l; cat /tall/last"}).out,
        "131\n129");
    EXPECT_STATUS(box.ctr({"image", "rm", "stack"}), 0);
}
