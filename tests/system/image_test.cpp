// SPDX-License-Identifier: MIT
//
// Images and containers by name: import, list, use, remove.
#include "fixture/sandbox.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>

using namespace fixture;

namespace {

class Images : public SystemTest {
protected:
    std::vector<std::string> kept(const std::string &name, const std::vector<std::string> &program) const {
        std::vector<std::string> words = box.run_words({"overlay", "none"}, {"--name", name}, program);
        words.erase(std::find(words.begin(), words.end(), "--rm"));
        return words;
    }
    std::string digest_of(const std::string &file) const { return command({"sha256sum", file}).out.substr(0, 64); }
    /// Puts a file into a layout's blobs under its digest; gives the descriptor.
    std::string blob(const std::string &layout, const std::string &type, const std::string &content) const {
        write_text(box.dir() + "/blob", content);
        const std::string digest = digest_of(box.dir() + "/blob");
        std::filesystem::rename(box.dir() + "/blob", layout + "/blobs/sha256/" + digest);
        return R"({"mediaType":"application/vnd.oci.image.)" + type + R"(","digest":"sha256:)" + digest +
               R"(","size":)" + std::to_string(content.size()) + "}";
    }
    /// An OCI layout of two layers: the second removes a file of the first.
    std::string layout() const {
        const std::string directory = box.dir() + "/layout";
        std::filesystem::create_directories(directory + "/blobs/sha256");
        const std::string lower = Sandbox::image().file("etc/removed", "x").file("etc/replaced", "lower\n").finish();
        const std::string upper = Tar().file("etc/.wh.removed", "").file("etc/replaced", "upper\n").finish();
        const std::string one = blob(directory, "layer.v1.tar", lower), two = blob(directory, "layer.v1.tar", upper);
        const auto id = [](const std::string &descriptor) { return descriptor.substr(descriptor.find("sha256:"), 71); };
        const std::string config = blob(
            directory, "config.v1+json",
            R"({"architecture":"amd64","os":"linux","config":{"Env":["PATH=/bin","MOOD=good"],"Cmd":["/bin/cat","/etc/replaced"],"WorkingDir":"/home","User":"worker"},)"
            R"("rootfs":{"type":"layers","diff_ids":[")" +
                id(one) + "\",\"" + id(two) + "\"]}}");
        const std::string manifest =
            blob(directory, "manifest.v1+json",
                 R"({"schemaVersion":2,"config":)" + config + ",\"layers\":[" + one + "," + two + "]}");
        write_text(directory + "/index.json", R"({"schemaVersion":2,"manifests":[)" + manifest + "]}");
        write_text(directory + "/oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
        return directory;
    }
};

} // namespace

TEST_F(Images, AnOciLayoutIsImportedAndItsConfigUsed) {
    for (const std::string storage : {"overlay", "btrfs"}) {
        ASSERT_STATUS(box.ctr({"image", "import", layout(), "layered"}, {}, storage), 0);
        const auto run = [&](const std::vector<std::string> &program) {
            std::vector<std::string> words = {"run", "--rm", "--network", "none", "--storage", storage, "layered"};
            words.insert(words.end(), program.begin(), program.end());
            return box.ctr(words, {}, storage);
        };
        EXPECT_EQ(run({}).out, "upper\n") << describe(run({}));
        EXPECT_EQ(run({"/bin/sh", "-c", "pwd; id -u; echo $MOOD; ls /etc/removed"}).out, "/home\n1234\ngood\n");
        EXPECT_STATUS(box.ctr({"image", "rm", "layered"}, {}, storage), 0);
    }
    std::filesystem::remove_all(box.dir() + "/layout");
}

TEST_F(Images, ATarFromStandardInputIsImported) {
    ASSERT_STATUS(box.ctr({"image", "import", "-", "piped"}, Sandbox::image().file("etc/piped", "yes\n").finish()), 0);
    EXPECT_EQ(box.ctr({"run", "--rm", "--network", "none", "piped", "/bin/cat", "/etc/piped"}).out, "yes\n");
    EXPECT_STATUS(box.ctr({"image", "rm", "piped"}), 0);
}

TEST_F(Images, ADamagedArchiveIsRefusedAndLeavesNothing) {
    std::string half = Sandbox::image().finish();
    half.resize(half.size() / 2);
    for (const std::string storage : {"overlay", "btrfs"}) {
        const Ran ran = box.ctr({"image", "import", "-", "half"}, half, storage);
        EXPECT_STATUS(ran, 125);
        EXPECT_HAS(ran.err, "half");
    }
}

TEST_F(Images, AnImageInUseIsNotRemoved) {
    ASSERT_STATUS(box.ctr(kept("user", {"/bin/true"})), 0);
    const Ran ran = box.ctr({"image", "rm", "box"});
    EXPECT_STATUS(ran, 125);
    EXPECT_HAS(ran.err, "user");
    EXPECT_STATUS(box.ctr({"rm", "user"}), 0);
}

TEST_F(Images, AMissingImageIsNamedWithThoseThatAreThere) {
    const Ran ran = box.ctr({"run", "--rm", "nowhere", "/bin/true"});
    EXPECT_STATUS(ran, 125);
    EXPECT_HAS(ran.err, "nowhere");
    EXPECT_HAS(ran.err, "box:latest");
}

TEST_F(Images, ADamagedRecordHarmsNoOtherImage) {
    ASSERT_STATUS(box.ctr({"image", "import", "-", "second"}, Sandbox::image().file("etc/second", "yes\n").finish()),
                  0);
    const std::string record = box.data_root("overlay") + "/images/broken%3Alatest.json";
    for (const std::string text : {"", "{", "[1]", "\xff\x1b[31m"}) {
        write_text(record, text);
        EXPECT_EQ(box.ctr({"run", "--rm", "--network", "none", "second", "/bin/cat", "/etc/second"}).out, "yes\n");
        const Ran listed = box.ctr({"image", "ls"});
        EXPECT_STATUS(listed, 0);
        EXPECT_HAS(listed.out, "second:latest");
        EXPECT_HAS(listed.err, "broken%3Alatest.json");
        EXPECT_EQ(listed.err.find('\x1b'), std::string::npos);
        EXPECT_STATUS(box.ctr({"image", "import", "-", "third"}, Sandbox::image().file("etc/third", "").finish()), 0);
        EXPECT_STATUS(box.ctr({"image", "rm", "third"}), 0);
        EXPECT_STATUS(box.ctr({"run", "--rm", "broken", "/bin/true"}), 125);
        EXPECT_STATUS(box.ctr({"image", "rm", "broken"}), 0);
        EXPECT_STATUS(box.ctr({"image", "rm", "broken"}), 125);
    }
    write_text(record, "\xff");
    EXPECT_STATUS(box.ctr({"image", "import", "-", "broken"}, Sandbox::image().finish()), 0) << "over a damaged record";
    for (const std::string name : {"broken", "second"})
        EXPECT_STATUS(box.ctr({"image", "rm", name}), 0);
}

TEST_F(Images, NamesOfAHostileImageReachTheTerminalAsText) {
    const std::string evil = "bin/\x1b]0;owned\x07\x1b[2K\nctr: faked\u009b31m\x7f";
    const auto harmless = [](const Ran &ran) {
        const std::string said = ran.out + ran.err;
        EXPECT_NE(ran.status, 0);
        for (const std::string raw : {"\x1b", "\x07", "\x7f", "\xff", "\u009b", "\nctr: faked"})
            EXPECT_EQ(said.find(raw), std::string::npos) << testing::PrintToString(raw);
        EXPECT_HAS(said, "\\x1b");
        EXPECT_HAS(said, "\\nctr: faked");
    };
    for (const std::string &tar :
         {Tar().file("bin/../" + evil + "\xff", "").finish(), Tar().hardlink(evil, "bin/nowhere" + evil).finish(),
          Tar().directory("bin").symlink("bin/x", "nowhere").file("bin/x/" + evil, "").finish()})
        harmless(box.ctr({"image", "import", "-", "evil"}, tar));
    harmless(box.ctr({"run", "--rm", "--network", "none", "box", "/" + evil}));
}

TEST_F(Images, ANameIsUsedOnce) {
    ASSERT_STATUS(box.ctr(kept("once", {"/bin/sh", "-c", "exit 3"})), 3);
    EXPECT_EQ(box.ctr({"ps", "-q"}).out, "");
    EXPECT_HAS(box.ctr({"ps", "-a"}).out, "once  stopped (3)");
    const Ran again = box.ctr(kept("once", {"/bin/true"}));
    EXPECT_STATUS(again, 125);
    EXPECT_HAS(again.err, "already exists");
    EXPECT_HAS(again.err, "ctr rm once");
    EXPECT_STATUS(box.ctr({"rm", "once"}), 0);
    EXPECT_STATUS(box.ctr({"rm", "once"}), 125);
}

TEST_F(Images, ARunningContainerIsRemovedOnlyByForce) {
    std::vector<std::string> words = box.ctr_words();
    for (const std::string &word : kept("busy", {"/bin/sleep", "1000"}))
        words.push_back(word);
    Running running(words);
    EXPECT_TRUE(eventually([&] { return box.ctr({"ps"}).out.find("busy  running") != std::string::npos; }));
    EXPECT_STATUS(box.ctr({"rm", "busy"}), 125);
    EXPECT_STATUS(box.ctr({"rm", "-f", "busy"}), 0);
    EXPECT_STATUS(running.wait(), 137);
    EXPECT_EQ(box.ctr({"ps", "-a", "-q"}).out, "");
}
