// SPDX-License-Identifier: MIT
//
// What a layer's entries become.
#include "image_testing.hpp"

#include <sys/xattr.h>

namespace image::testing {
namespace {

std::string xattr_of(const std::string &path, const char *name) {
    char value[256];
    const ssize_t size = lgetxattr(path.c_str(), name, value, sizeof value);
    return size < 0 ? "" : std::string(value, static_cast<std::size_t>(size));
}

bool takes_user_xattrs(const std::string &directory) {
    const bool takes = setxattr(directory.c_str(), "user.ctr-test", "1", 1, 0) == 0;
    removexattr(directory.c_str(), "user.ctr-test");
    return takes;
}

TEST(ImageUnpack, KeepsContentModesTimesAndLinks) {
    const TemporaryDirectory tmp;
    const std::string root = tmp / "root";
    Tar tar;
    tar.directory("./", 0751)
        .directory("etc", 0700)
        .file("etc/passwd", "root:x:0:0\n")
        .file("bin/su", "x", [](archive_entry *e) {
            archive_entry_set_perm(e, 04755);
            archive_entry_set_mtime(e, 1'234'567'890, 123);
        });
    tar.symlink("etc/link", "/absolute/../target")
        .hardlink("bin/copy", "bin/su")
        .fifo("run/pipe")
        .directory("tmp", 01777);
    const auto result = unpack_into(root, tar.bytes());
    EXPECT_EQ(result.entries, 8U);

    EXPECT_EQ(content_of(root + "/etc/passwd"), "root:x:0:0\n");
    EXPECT_EQ(look_at(root).st_mode & 07777, 0751U);
    EXPECT_EQ(look_at(root + "/etc").st_mode & 07777, 0700U);
    EXPECT_EQ(look_at(root + "/etc").st_mtim.tv_sec, 1'000'000'000);
    EXPECT_EQ(look_at(root + "/tmp").st_mode & 07777, 01777U);
    EXPECT_EQ(look_at(root + "/bin").st_mode & 07777, 0755U);
    EXPECT_EQ(look_at(root + "/bin/su").st_mode & 07777, 04755U);
    EXPECT_EQ(look_at(root + "/bin/su").st_mtim.tv_sec, 1'234'567'890);
    EXPECT_EQ(look_at(root + "/bin/su").st_mtim.tv_nsec, 123);
    EXPECT_EQ(look_at(root + "/bin/su").st_ino, look_at(root + "/bin/copy").st_ino);
    EXPECT_EQ(std::filesystem::read_symlink(root + "/etc/link"), "/absolute/../target");
    EXPECT_EQ(look_at(root + "/etc/link").st_mtim.tv_sec, 1'000'000'000);
    EXPECT_TRUE(S_ISFIFO(look_at(root + "/run/pipe").st_mode));
}

TEST(ImageUnpack, ADirectoryMayForbidWritingIntoItself) {
    const TemporaryDirectory tmp;
    Tar tar;
    tar.directory("ro", 0555).file("ro/x", "1").directory("ro/sub", 0500).file("ro/sub/y", "2");
    unpack_into(tmp / "root", tar.bytes());
    EXPECT_EQ(content_of(tmp / "root/ro/sub/y"), "2");
    EXPECT_EQ(look_at(tmp / "root/ro").st_mode & 07777, 0555U);
    chmod((tmp / "root/ro").c_str(), 0755);
    chmod((tmp / "root/ro/sub").c_str(), 0755);
}

TEST(ImageUnpack, NamesAreLongAndOfAnyLanguage) {
    const TemporaryDirectory tmp;
    const std::string part(200, 'p');
    const std::string name = part + "/" + part + "/" + std::string(255, 'f');
    Tar tar;
    tar.file("caf\xc3\xa9/\xe6\xbc\xa2", "u");
    tar.file(name, "long").file("latin1-\xe9", "no UTF-8");
    unpack_into(tmp / "root", tar.bytes());
    EXPECT_EQ(content_of(tmp / ("root/" + name)), "long");
    EXPECT_EQ(content_of(tmp / "root/latin1-\xe9"), "no UTF-8");
    EXPECT_EQ(content_of(tmp / "root/caf\xc3\xa9/\xe6\xbc\xa2"), "u");
}

TEST(ImageUnpack, SparseFilesStaySparse) {
    const TemporaryDirectory tmp;
    std::string text(8 * 1024 * 1024, '\0');
    text[1'000'000] = 'm';
    Tar tar;
    tar.file("hole", text, [&](archive_entry *e) {
        archive_entry_sparse_add_entry(e, 999'424, 4096);
        archive_entry_sparse_add_entry(e, static_cast<std::int64_t>(text.size()), 0);
    });
    const std::string bytes = tar.bytes();
    EXPECT_LT(bytes.size(), 100'000U);
    unpack_into(tmp / "root", bytes);
    const struct stat about = look_at(tmp / "root/hole");
    EXPECT_EQ(about.st_size, static_cast<off_t>(text.size()));
    EXPECT_LT(about.st_blocks * 512, 1024 * 1024);
    EXPECT_TRUE(content_of(tmp / "root/hole") == text);
}

TEST(ImageUnpack, ExtendedAttributesButNotTheMachinesOwn) {
    const TemporaryDirectory tmp;
    if (!takes_user_xattrs(tmp.path())) GTEST_SKIP() << "no user.* attributes on " << tmp.path();
    Tar tar;
    tar.file("f", "x", [](archive_entry *e) {
        archive_entry_xattr_add_entry(e, "user.note", "hello", 5);
        archive_entry_xattr_add_entry(e, "user.overlay.redirect", "/etc", 4);
        archive_entry_xattr_add_entry(e, "trusted.overlay.redirect", "/etc", 4);
    });
    const auto result = unpack_into(tmp / "root", tar.bytes());
    EXPECT_EQ(xattr_of(tmp / "root/f", "user.note"), "hello");
    EXPECT_EQ(xattr_of(tmp / "root/f", "user.overlay.redirect"), "");
    EXPECT_EQ(xattr_of(tmp / "root/f", "trusted.overlay.redirect"), "");
    EXPECT_EQ(result.warnings.size(), 2U);
}

TEST(ImageUnpack, TheLaterOfTwoEntriesWins) {
    const TemporaryDirectory tmp;
    const std::string root = tmp / "root";
    Tar tar;
    tar.file("a", "first").file("a", "second");
    tar.directory("d").file("d/x", "gone").file("d", "now a file");
    tar.file("e", "was a file").directory("e").file("e/x", "inside");
    tar.directory("merged", 0700).file("merged/x", "1").directory("merged", 0711);
    tar.symlink("s", "a").file("s", "no link");
    unpack_into(root, tar.bytes());
    EXPECT_EQ(content_of(root + "/a"), "second");
    EXPECT_EQ(content_of(root + "/d"), "now a file");
    EXPECT_EQ(content_of(root + "/e/x"), "inside");
    EXPECT_EQ(content_of(root + "/merged/x"), "1");
    EXPECT_EQ(look_at(root + "/merged").st_mode & 07777, 0711U);
    EXPECT_EQ(content_of(root + "/s"), "no link");
    EXPECT_EQ(content_of(root + "/a"), "second");
}

TEST(ImageUnpack, ARootWithoutAnEntryCanBeEntered) {
    const TemporaryDirectory tmp;
    mkdir((tmp / "root").c_str(), 0700);
    unpack_into(tmp / "root", Tar().file("x", "").bytes());
    EXPECT_EQ(look_at(tmp / "root").st_mode & 07777, 0755U);
}

TEST(ImageWhiteouts, AppliedTheyDeleteWhatLowerLayersHave) {
    const TemporaryDirectory tmp;
    const std::string root = tmp / "root";
    unpack_into(root, Tar()
                          .file("a", "1")
                          .file("keep", "1")
                          .directory("d")
                          .file("d/x", "1")
                          .directory("o")
                          .file("o/low", "1")
                          .directory("o/sub")
                          .file("o/sub/low", "1")
                          .bytes());
    Tar upper;
    upper.whiteout(".wh.a").whiteout(".wh.d").whiteout(".wh.never-there");
    upper.directory("o").file("o/new", "2").file("o/sub/new", "2").whiteout("o/.wh..wh..opq");
    unpack_into(root, upper.bytes());
    EXPECT_FALSE(there(root + "/a"));
    EXPECT_FALSE(there(root + "/d"));
    EXPECT_TRUE(there(root + "/keep"));
    EXPECT_FALSE(there(root + "/o/low"));
    EXPECT_FALSE(there(root + "/o/sub/low"));
    EXPECT_EQ(content_of(root + "/o/new"), "2");
    EXPECT_EQ(content_of(root + "/o/sub/new"), "2");
    EXPECT_FALSE(there(root + "/o/.wh..wh..opq"));
}

TEST(ImageWhiteouts, AppliedTheyLeaveWhatTheirOwnLayerHas) {
    const TemporaryDirectory tmp;
    const std::string root = tmp / "root";
    unpack_into(root, Tar().file("a", "1").directory("d").file("d/low", "1").bytes());
    unpack_into(root,
                Tar().file("a", "2").whiteout(".wh.a").directory("d").file("d/new", "2").whiteout(".wh.d").bytes());
    EXPECT_EQ(content_of(root + "/a"), "2");
    EXPECT_EQ(content_of(root + "/d/new"), "2");
    EXPECT_FALSE(there(root + "/d/low"));
    // Hidden first, made anew afterwards: nothing of the old directory comes back.
    unpack_into(root, Tar().whiteout(".wh.d").file("d/third", "3").bytes());
    EXPECT_FALSE(there(root + "/d/new"));
    EXPECT_EQ(content_of(root + "/d/third"), "3");
}

TEST(ImageWhiteouts, TheLowestLayerHidesNothing) {
    const TemporaryDirectory tmp;
    UnpackOptions lowest;
    lowest.lowest = true;
    const std::string tar = Tar().file("a", "1").whiteout(".wh.b").whiteout(".wh..wh..opq").bytes();
    unpack_into(tmp / "root", tar, lowest);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(tmp / "root"), {}), 1);
}

TEST(ImageWhiteouts, AnOpaqueRootHidesAllThatIsBelow) {
    const TemporaryDirectory tmp;
    put_file(tmp / "applied/low", "x");
    unpack_into(tmp / "applied", Tar().directory("d").symlink("d/up", "..").whiteout("d/up/.wh..wh..opq").bytes());
    EXPECT_FALSE(there(tmp / "applied/low"));
    EXPECT_TRUE(there(tmp / "applied/d/up"));
}

TEST(ImageUnpack, ADirectoryOfALowerLayerStaysAsItIs) {
    const TemporaryDirectory tmp;
    const std::string root = tmp / "root";
    Tar lower;
    lower.directory("./", 0711).directory("tmp", 01777).directory("home", 0700).directory("home/deep", 0750);
    lower.directory("usr/lib", 0755).symlink("lib", "usr/lib").file("home/deep/gone", "1");
    unpack_into(root, lower.bytes());
    Tar upper;
    upper.file("tmp/x", "2").file("home/deep/new", "2").whiteout("home/deep/.wh.gone").file("lib/new", "2");
    upper.file("top", "2").file("made/here/x", "2");
    unpack_into(root, upper.bytes());
    EXPECT_EQ(content_of(root + "/usr/lib/new"), "2");
    EXPECT_TRUE(S_ISLNK(look_at(root + "/lib").st_mode));
    for (const auto &[path, mode] : std::vector<std::pair<std::string, unsigned>>{{"", 0711},
                                                                                  {"/tmp", 01777},
                                                                                  {"/home", 0700},
                                                                                  {"/home/deep", 0750},
                                                                                  {"/made", 0755},
                                                                                  {"/made/here", 0755}}) {
        EXPECT_EQ(look_at(root + path).st_mode & 07777, mode) << path;
        EXPECT_EQ(look_at(root + path).st_mtim.tv_sec, 1'000'000'000) << path;
    }
    // What is said about it later counts, and what was said before content came.
    unpack_into(root,
                Tar().directory("tmp", 0700).file("tmp/y", "3").file("home/z", "3").directory("home", 0701).bytes());
    EXPECT_EQ(look_at(root + "/tmp").st_mode & 07777, 0700U);
    EXPECT_EQ(look_at(root + "/home").st_mode & 07777, 0701U);
}

TEST(ImageWhiteouts, TheOldBookkeepingOfAufsIsNoContent) {
    const TemporaryDirectory tmp;
    unpack_into(
        tmp / "root",
        Tar().directory(".wh..wh.plnk").file(".wh..wh.plnk/1.2", "x").file(".wh..wh.aufs", "").file("x", "").bytes());
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(tmp / "root"), {}), 1);
}

struct LayerFile {
    explicit LayerFile(const std::string &tar, int filter = ARCHIVE_FILTER_GZIP) {
        const std::string blob = compressed(tar, filter);
        put_file(tmp / "blob", blob);
        layer.blob = {tmp / "blob", {}, blob.size()};
        layer.digest = sha256_of(blob);
        layer.diff_id = sha256_of(tar);
        mkdir((tmp / "root").c_str(), 0700);
        options.unprivileged = true;
    }
    std::string unpack() {
        return failure_of([&] { unpack_layer(layer, tmp / "root", options); });
    }
    TemporaryDirectory tmp;
    Layer layer;
    UnpackOptions options;
};

TEST(ImageLayer, IsReadThroughAnyCompression) {
    for (const int filter : {ARCHIVE_FILTER_NONE, ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_ZSTD, ARCHIVE_FILTER_XZ,
                             ARCHIVE_FILTER_BZIP2, ARCHIVE_FILTER_LZ4}) {
        LayerFile file(Tar().file("x", std::string(300'000, 'x')).bytes(), filter);
        EXPECT_EQ(file.unpack(), "") << filter;
        EXPECT_EQ(content_of(file.tmp / "root/x").size(), 300'000U);
    }
}

TEST(ImageLayer, EveryByteIsCheckedAlsoThoseBehindTheTarsEnd) {
    const std::string tar = Tar().file("x", "1").bytes();
    LayerFile padded(tar + std::string(20'000, '\0'));
    EXPECT_EQ(padded.unpack(), "");

    LayerFile other_digest(tar);
    other_digest.layer.digest = sha256_of("something else");
    EXPECT_NE(other_digest.unpack().find("expected " + other_digest.layer.digest + ", got sha256:"), std::string::npos);
    LayerFile other_diff_id(tar);
    other_diff_id.layer.diff_id = sha256_of("something else");
    EXPECT_NE(other_diff_id.unpack().find("(uncompressed): expected " + other_diff_id.layer.diff_id),
              std::string::npos);
    LayerFile longer(tar);
    longer.layer.blob.size -= 1;
    EXPECT_NE(longer.unpack().find("longer than"), std::string::npos);
    LayerFile shorter(tar);
    shorter.layer.blob.size += 1;
    EXPECT_NE(shorter.unpack(), "");
}

TEST(ImageLayer, DamageIsSeen) {
    std::string tar = Tar().file("x", std::string(100'000, 'x')).bytes();
    LayerFile truncated(tar.substr(0, 50'000));
    EXPECT_NE(truncated.unpack(), "");
    LayerFile no_tar("this is no tar archive at all, but text that goes on for a while " + std::string(2000, 't'));
    EXPECT_NE(no_tar.unpack(), "");
}

TEST(ImageLayer, MayBeEmpty) {
    LayerFile zeros(std::string(1024, '\0'));
    EXPECT_EQ(zeros.unpack(), "");
    LayerFile nothing("", ARCHIVE_FILTER_NONE);
    EXPECT_EQ(nothing.unpack(), "");
}

} // namespace
} // namespace image::testing
