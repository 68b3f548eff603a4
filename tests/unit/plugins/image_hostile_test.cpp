// SPDX-License-Identifier: MIT
//
// Tars made to write outside. Beside each `root` stands `outside`, with a file that must stay as it is.
#include "image_testing.hpp"

namespace image::testing {
namespace {

class ImageHostile : public ::testing::Test {
protected:
    void SetUp() override {
        put_file(tmp / "outside/secret", "untouched");
        chmod((tmp / "outside").c_str(), 0755);
        before_ = look_at(tmp / "outside");
    }
    void TearDown() override {
        EXPECT_EQ(content_of(tmp / "outside/secret"), "untouched");
        EXPECT_EQ(std::distance(std::filesystem::directory_iterator(tmp / "outside"), {}), 1);
        EXPECT_EQ(look_at(tmp / "outside").st_mode, before_.st_mode);
        EXPECT_EQ(look_at(tmp / "outside").st_mtim.tv_sec, before_.st_mtim.tv_sec);
        EXPECT_EQ(look_at(tmp / "outside/secret").st_nlink, 1U);
        EXPECT_EQ(std::distance(std::filesystem::directory_iterator(tmp.path()), {}), there(tmp / "root") ? 2 : 1);
    }
    std::string unpack(Tar &tar, Whiteouts whiteouts = Whiteouts::apply) {
        const std::string bytes = tar.bytes();
        return failure_of([&] { unpack_into(root, bytes, whiteouts); });
    }

    TemporaryDirectory tmp;
    const std::string root = tmp / "root";

private:
    struct stat before_ {};
};

TEST_F(ImageHostile, AbsolutePathsAreInside) {
    Tar tar;
    tar.file(tmp / "outside/new", "x");
    EXPECT_EQ(unpack(tar), "");
    EXPECT_EQ(content_of(root + tmp.path() + "/outside/new"), "x");
}

TEST_F(ImageHostile, DotDotIsRefused) {
    for (const char *name : {"../outside/secret", "a/../../outside/secret", "..", "x/.."}) {
        Tar tar;
        tar.file(name, "x");
        EXPECT_NE(unpack(tar).find("'..'"), std::string::npos) << name;
    }
}

TEST_F(ImageHostile, AFileThroughASymbolicLinkStaysInside) {
    Tar relative;
    relative.symlink("a", "../outside").file("a/secret", "x");
    EXPECT_NE(unpack(relative).find("leads to no directory"), std::string::npos);
    Tar absolute;
    absolute.symlink("b", tmp / "outside").directory(tmp / "outside").file("b/secret", "inside");
    EXPECT_EQ(unpack(absolute), "");
    EXPECT_EQ(content_of(root + tmp.path() + "/outside/secret"), "inside");
}

TEST_F(ImageHostile, AFileOverASymbolicLinkReplacesTheLink) {
    Tar tar;
    tar.symlink("s", tmp / "outside/secret").file("s", "new");
    EXPECT_EQ(unpack(tar), "");
    EXPECT_EQ(content_of(root + "/s"), "new");
}

TEST_F(ImageHostile, ADirectoryOverASymbolicLinkReplacesTheLink) {
    Tar tar;
    tar.symlink("d", tmp / "outside").directory("d", 0777).file("d/new", "x");
    EXPECT_EQ(unpack(tar), "");
    EXPECT_TRUE(S_ISDIR(look_at(root + "/d").st_mode));
}

TEST_F(ImageHostile, ADirectorySwappedForALinkIsNotFollowedFromMemory) {
    Tar tar;
    tar.directory("d").file("d/a", "1").add("d", AE_IFLNK, 0777, {}, [&](archive_entry *e) {
        archive_entry_set_symlink(e, (tmp / "outside").c_str());
    });
    tar.file("d/secret", "x");
    EXPECT_NE(unpack(tar), "");
}

TEST_F(ImageHostile, AttributesOfADirectoryThatBecameALinkAreNotSetElsewhere) {
    Tar tar;
    tar.directory("d", 0777).symlink("d", "../outside");
    EXPECT_EQ(unpack(tar), "");
}

TEST_F(ImageHostile, ChainsOfLinksStayInside) {
    Tar tar;
    tar.directory("x")
        .symlink("x/up", "..")
        .symlink("x/upup", "up/../..")
        .directory("outside")
        .file("x/upup/outside/secret", "inside");
    EXPECT_EQ(unpack(tar), "");
    EXPECT_EQ(content_of(root + "/outside/secret"), "inside");
    Tar loop;
    loop.symlink("l1", "l2").symlink("l2", "l1").file("l1/x", "x");
    EXPECT_NE(unpack(loop), "");
    Tar magic;
    magic.symlink("m", "/proc/self/cwd").file("m/x", "x");
    EXPECT_NE(unpack(magic), "");
}

TEST_F(ImageHostile, HardLinksLeadNowhereElse) {
    Tar absolute;
    absolute.hardlink("h", tmp / "outside/secret");
    EXPECT_NE(unpack(absolute).find("not there"), std::string::npos);
    Tar dots;
    dots.hardlink("h", "../outside/secret");
    EXPECT_NE(unpack(dots).find("'..'"), std::string::npos);
    Tar through_link;
    through_link.symlink("s", tmp / "outside").hardlink("h", "s/secret");
    EXPECT_NE(unpack(through_link), "");
    // A link to a link is a second name of the link, and writing to it replaces it.
    Tar link_to_link;
    link_to_link.symlink("t", tmp / "outside/secret").hardlink("h2", "t").file("h2", "x");
    EXPECT_EQ(unpack(link_to_link), "");
    Tar to_directory;
    to_directory.directory("dir").hardlink("h3", "dir");
    EXPECT_NE(unpack(to_directory), "");
    Tar to_itself;
    to_itself.file("self", "1").hardlink("self", "self");
    EXPECT_EQ(unpack(to_itself), "");
    EXPECT_EQ(content_of(root + "/self"), "1");
}

TEST_F(ImageHostile, AFileBehindAHardLinkIsNotWrittenThrough) {
    Tar tar;
    tar.file("a", "first").hardlink("b", "a").file("b", "second");
    EXPECT_EQ(unpack(tar), "");
    EXPECT_EQ(content_of(root + "/a"), "first");
    EXPECT_EQ(content_of(root + "/b"), "second");
}

TEST_F(ImageHostile, WhiteoutsDeleteNothingOutside) {
    Tar through_link;
    through_link.symlink("s", tmp / "outside").whiteout("s/.wh.secret");
    EXPECT_NE(unpack(through_link), "");
    Tar opaque;
    opaque.symlink("o", "../outside").whiteout("o/.wh..wh..opq");
    EXPECT_NE(unpack(opaque), "");
    Tar of_link;
    of_link.symlink("lower", tmp / "outside");
    EXPECT_EQ(unpack(of_link), "");
    Tar hides_link;
    hides_link.whiteout(".wh.lower");
    EXPECT_EQ(unpack(hides_link), "");
    EXPECT_FALSE(there(root + "/lower"));
    for (const char *name : {".wh.", ".wh..", ".wh...", "a/.wh...", ".wh.x/y"}) {
        Tar tar;
        tar.file(name, "x");
        EXPECT_NE(unpack(tar), "") << name;
        Tar stored;
        stored.file(name, "x");
        EXPECT_NE(unpack(stored, Whiteouts::overlay), "") << name;
    }
}

TEST_F(ImageHostile, TheRootStaysADirectory) {
    for (const char *name : {"/", ".", "./."}) {
        Tar tar;
        tar.add(name, AE_IFLNK, 0777, {}, [&](archive_entry *e) { archive_entry_set_symlink(e, "../outside"); });
        EXPECT_NE(unpack(tar), "") << name;
    }
}

TEST_F(ImageHostile, IdsThatWrapAroundAreRefused) {
    for (const std::int64_t id : {std::int64_t{0xffffffff}, std::int64_t{0x100000000}}) {
        Tar tar;
        tar.file("x", "1", [&](archive_entry *e) { archive_entry_set_uid(e, id); });
        EXPECT_NE(unpack(tar).find("no user and group ids"), std::string::npos) << id;
    }
}

TEST_F(ImageHostile, AFileAsADirectoryIsAClearError) {
    Tar tar;
    tar.file("f", "1").file("f/x", "2");
    EXPECT_NE(unpack(tar).find("'f' is no directory"), std::string::npos);
}

TEST_F(ImageHostile, LimitsHold) {
    UnpackOptions two_entries;
    two_entries.max_entries = 2;
    const std::string three = Tar().file("a", "").file("b", "").file("c", "").bytes();
    EXPECT_NE(failure_of([&] { unpack_into(root, three, Whiteouts::apply, two_entries); }).find("max_entries"),
              std::string::npos);
    UnpackOptions ten_bytes;
    ten_bytes.max_bytes = 10;
    const std::string eleven = Tar().file("d", "12345678901").bytes();
    EXPECT_NE(failure_of([&] { unpack_into(root, eleven, Whiteouts::apply, ten_bytes); }).find("max_unpacked_bytes"),
              std::string::npos);
}

} // namespace
} // namespace image::testing
