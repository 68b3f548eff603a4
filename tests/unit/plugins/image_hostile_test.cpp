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
    std::string unpack(Tar &tar) {
        const std::string bytes = tar.bytes();
        return failure_of([&] { unpack_into(root, bytes); });
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

TEST_F(ImageHostile, EntriesAndTheirNamesAreCounted) {
    UnpackOptions two_entries;
    two_entries.limits.max_entries = 2;
    const std::string three = Tar().file("a", "").file("b", "").file("c", "").bytes();
    EXPECT_NE(failure_of([&] { unpack_into(root, three, two_entries); }).find("max_entries"), std::string::npos);
    UnpackOptions few_names;
    few_names.limits.max_name_bytes = 10;
    for (const std::string &tar : {Tar().file("12345678901", "").bytes(), Tar().symlink("12345", "123456").bytes(),
                                   Tar().file("1", "").hardlink("2", "./././././1").bytes()})
        EXPECT_NE(failure_of([&] { unpack_into(root, tar, few_names); }).find("max_name_bytes"), std::string::npos);
}

/// A header of ustar with `body` behind it.
std::string raw_member(char type, const std::string &body) {
    std::string header(512, '\0');
    const auto put = [&header](std::size_t at, const std::string &text) { header.replace(at, text.size(), text); };
    const auto octal = [](std::uint64_t value, int digits) {
        char text[16];
        std::snprintf(text, sizeof text, "%0*llo", digits, static_cast<unsigned long long>(value));
        return std::string(text);
    };
    put(0, "x"), put(100, "0000644"), put(108, "0000000"), put(116, "0000000"), put(124, octal(body.size(), 11));
    put(136, octal(1'000'000'000, 11)), put(148, "        "), put(156, std::string(1, type)), put(257, "ustar");
    put(263, "00");
    std::uint64_t sum = 0;
    for (const char c : header)
        sum += static_cast<unsigned char>(c);
    put(148, octal(sum, 6) + '\0');
    return header + body + std::string((512 - body.size() % 512) % 512, '\0');
}

TEST_F(ImageHostile, HeadersOfAnEntryAreNotKeptInMemoryWithoutEnd) {
    // A pax header of a megabyte, and again, and none of them followed by an entry.
    const std::string pax = "1000000 comment=" + std::string(1'000'000 - 17, 'c') + "\n";
    std::string headers;
    for (int i = 0; i < 12; ++i)
        headers += raw_member('x', pax);
    EXPECT_NE(failure_of([&] { unpack_into(root, headers + raw_member('0', "")); }), "");
    // The map of a sparse file, GNU's format 1.0: numbers in front of its data.
    const std::string sparse =
        "22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n22 GNU.sparse.name=map\n30 GNU.sparse.realsize=1000000\n";
    std::string map = "4000000\n";
    for (int i = 0; i < 4'000'000; ++i)
        map += "0\n0\n";
    EXPECT_NE(failure_of([&] { unpack_into(root, raw_member('x', sparse) + raw_member('0', map)); }).find("4 MiB"),
              std::string::npos);
}

TEST_F(ImageHostile, ANameOfAMegabyteIsNotRepeatedInTheError) {
    const std::string tar = Tar().file(std::string(500'000, 'n'), "").bytes();
    const std::string said = failure_of([&] { unpack_into(root, tar); });
    EXPECT_NE(said, "");
    EXPECT_LT(said.size(), 2000U);
}

TEST_F(ImageHostile, ADeviceThatOverlayfsTakesForAWhiteoutIsNoDevice) {
    Tar tar;
    tar.add("gone", AE_IFCHR, 0600, {}, [](archive_entry *e) { archive_entry_set_rdev(e, 0); });
    EXPECT_EQ(unpack(tar), "");
    EXPECT_FALSE(there(root + "/gone"));
}

// ---- bombs: a few bytes that become many

class ImageBombs : public ::testing::TestWithParam<int> {
protected:
    /// The failure of a layer of this tar, compressed by the test's filter.
    std::string unpack(const std::string &tar, const Limits &limits, std::uint64_t before = 0) const {
        const std::string blob = compressed(tar, GetParam());
        put_file(tmp / "blob", blob);
        std::filesystem::create_directories(tmp / "root");
        UnpackOptions options;
        options.unprivileged = true;
        options.limits = limits;
        options.bytes_before = before;
        return failure_of([&] {
            unpack_layer({{tmp / "blob", {}, blob.size()}, {}, sha256_of(tar), {}}, tmp / "root", options);
        });
    }
    TemporaryDirectory tmp;
};

TEST_P(ImageBombs, RatioAndSizeAreWatchedWhileItUnpacks) {
    const std::string tar = Tar().file("zeros", std::string(64 << 20, '\0')).bytes();
    EXPECT_NE(unpack(tar, {}).find("max_ratio"), std::string::npos);
    EXPECT_LT(std::filesystem::file_size(tmp / "root/zeros"), 20U << 20) << "it stopped where the ratio counts";
    Limits wide;
    wide.max_ratio = 1'000'000;
    EXPECT_EQ(unpack(tar, wide), "");
    wide.max_unpacked_bytes = 65 << 20;
    EXPECT_EQ(unpack(tar, wide), "");
    EXPECT_NE(unpack(tar, wide, 2 << 20).find("max_unpacked_bytes"), std::string::npos)
        << "counted with the layers before";
    // Behind the tar's end, too, where nothing is stored.
    const std::string tail = Tar().file("x", "").bytes() + std::string(64 << 20, '\0');
    EXPECT_NE(unpack(tail, {}).find("max_ratio"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(EachFilter, ImageBombs,
                         ::testing::Values(ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_ZSTD, ARCHIVE_FILTER_XZ,
                                           ARCHIVE_FILTER_BZIP2));

#if defined(__SANITIZE_ADDRESS__)
constexpr bool sanitized = true;
#elif defined(__has_feature)
constexpr bool sanitized = __has_feature(address_sanitizer);
#else
constexpr bool sanitized = false;
#endif

TEST(ImageMemory, IsLimitedWhileTheLimitLives) {
    if (sanitized) GTEST_SKIP() << "AddressSanitizer's allocator ends the program where others throw";
    {
        const MemoryLimit limit(64 << 20);
        EXPECT_THROW(std::string(256 << 20, 'x'), std::bad_alloc);
        EXPECT_NO_THROW(std::string(16 << 20, 'x'));
    }
    EXPECT_NO_THROW(std::string(256 << 20, 'x'));
}

} // namespace
} // namespace image::testing
