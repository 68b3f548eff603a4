// SPDX-License-Identifier: MIT
#include "plugin/manifest_cache.hpp"

#include "plugin/catalog.hpp"
#include "sys/files.hpp"
#include "sys/sha256.hpp"

#include "elf_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using namespace core;
using plugin::Catalog, plugin::FileIdentity, plugin::Manifest, plugin::ManifestCache;

/// A manifest with every key, so that a forgotten field shows.
constexpr const char *whole = R"({"id": "all", "version": "1.2", "abi": 1, "summary": "s", "slot": "cgroup",
  "default": {"rank": -7, "when": [{"ask": "a", "is": "b"}, {"ask": "c", "is": ""}]}, "operations": ["create", "exec"],
  "always": true, "extensions": ["x/1", "y/2"], "needs": ["n"],
  "kinds": {"k.one": {"process": "parent", "arguments": {"path": "str", "mode": "int?"}}, "k.two": "child"},
  "gives": ["g", "h"], "claims": ["/linux/x"], "privileges": ["root"], "config": {"type": "object"}, "features": {"f": [1]}})";

FileIdentity some_identity() { return {1, 2, 3, 0100644, 0, 1'000'000'000, 2'000'000'000}; }

class ManifestCacheTest : public testing::Test {
protected:
    ManifestCacheTest() {
        char path[] = "/tmp/ctr-manifests.XXXXXX";
        root = ::mkdtemp(path);
        file = root + "/manifests";
    }
    ~ManifestCacheTest() override { static_cast<void>(sys::remove_tree(root)); }

    static Manifest parsed(const std::string &text) { return plugin::parse_manifest(text, "manifest").value(); }
    void keep_one() const {
        ManifestCache cache(file);
        cache.keep("/p/all.so", some_identity(), parsed(whole));
        cache.keep("/p/least.so", some_identity(), parsed(R"({"id": "least", "version": "1", "abi": 1})"));
        cache.save();
    }
    std::string bytes() const { return sys::read_file(file).value(); }
    void write(const std::string &text) const { EXPECT_TRUE(sys::replace_file(file, text, 0600).ok()); }

    std::string root, file;
};

TEST_F(ManifestCacheTest, GivesBackEveryFieldOfAManifest) {
    keep_one();
    ManifestCache cache(file);
    const auto all = cache.find("/p/all.so", some_identity()), least = cache.find("/p/least.so", some_identity());
    ASSERT_TRUE(all.size() == 1 && least.size() == 1);
    EXPECT_EQ(all[0], parsed(whole));
    EXPECT_EQ(least[0].id, "least");
    EXPECT_EQ(all[0].kinds.at("k.two").process, CTR_PROCESS_CHILD);
    EXPECT_TRUE(cache.find("/p/other.so", some_identity()).empty());
}

TEST_F(ManifestCacheTest, RemembersTheSumOfAFileOnceSomebodyAskedForIt) {
    keep_one();
    {
        ManifestCache cache(file);
        EXPECT_EQ(cache.digest(), "");
        cache.find("/p/least.so", some_identity());
        EXPECT_EQ(cache.digest(), "");
        cache.keep_digest("abc");
        EXPECT_EQ(cache.digest(), "abc");
        cache.find("/p/all.so", some_identity());
        EXPECT_EQ(cache.digest(), "");
        cache.save();
    }
    ManifestCache again(file);
    again.find("/p/least.so", some_identity());
    EXPECT_EQ(again.digest(), "abc");
    FileIdentity other = some_identity();
    ++other.changed_ns;
    again.find("/p/least.so", other);
    EXPECT_EQ(again.digest(), "");
}

TEST_F(ManifestCacheTest, APinnedFileIsReadForItsSumOnceAndAgainWhenItChanged) {
    const std::string directory = root + "/plugins", path = directory + "/one.so";
    ASSERT_EQ(::mkdir(directory.c_str(), 0755), 0);
    const auto install = [&](const std::string &version) {
        const std::string bytes =
            elf_file::Elf(elf_file::note(elf_file::ours, CTR_NOTE_TYPE,
                                         R"({"id": "one", "version": ")" + version + R"(", "abi": 1})"))
                .bytes();
        EXPECT_TRUE(sys::replace_file(path, bytes, 0644).ok());
        const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        return sys::sha256_of_file(fd.get(), path).value();
    };
    const auto refused = [&](const std::string &pin) {
        const Catalog catalog = Catalog::scan({{directory, true}}, {{"one", pin}}, ManifestCache(file, 0));
        return !catalog.refused().empty();
    };
    const std::string first = install("1");
    EXPECT_FALSE(refused(first));
    EXPECT_NE(bytes().find(first), std::string::npos) << "the sum is not remembered";
    EXPECT_FALSE(refused(first));
    EXPECT_TRUE(refused(std::string(64, '0'))) << "the remembered sum is not compared";
    const std::string second = install("2");
    ASSERT_NE(first, second);
    EXPECT_TRUE(refused(first)) << "the sum of the file that was there before is believed";
    EXPECT_FALSE(refused(second));
}

TEST_F(ManifestCacheTest, AFileMayHaveSeveral) {
    ManifestCache cache(file);
    const auto id = [](const char *each) {
        return parsed(std::string(R"({"id": ")") + each + R"(", "version": "1", "abi": 1})");
    };
    cache.keep("/p/set.so", some_identity(), id("a"));
    cache.keep("/p/set.so", some_identity(), id("b"));
    cache.keep("/p/one.so", some_identity(), id("c"));
    cache.save();
    ManifestCache again(file);
    for (int round = 0; round < 2; ++round) { // in their order, and out of it
        ASSERT_EQ(again.find("/p/set.so", some_identity()).size(), 2U);
        EXPECT_EQ(again.find("/p/set.so", some_identity()).at(1).id, "b");
        EXPECT_EQ(again.find("/p/one.so", some_identity()).size(), 1U);
    }
    FileIdentity other = some_identity();
    ++other.inode;
    EXPECT_TRUE(again.find("/p/set.so", other).empty());
}

TEST_F(ManifestCacheTest, KnowsAFileByAllOfItsIdentity) {
    keep_one();
    for (int member = 0; member < 7; ++member) {
        FileIdentity other = some_identity();
        switch (member) {
        case 0: ++other.device; break;
        case 1: ++other.inode; break;
        case 2: ++other.size; break;
        case 3: other.mode |= 0022; break;
        case 4: ++other.owner; break;
        case 5: ++other.modified_ns; break;
        case 6: ++other.changed_ns; break;
        }
        EXPECT_TRUE(ManifestCache(file).find("/p/all.so", other).empty()) << "member " << member;
    }
}

TEST_F(ManifestCacheTest, WhatChangedJustNowIsNotRemembered) {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    FileIdentity young = some_identity();
    young.changed_ns = std::int64_t{now.tv_sec} * 1'000'000'000;
    ManifestCache cache(file);
    cache.keep("/p/all.so", young, parsed(whole));
    cache.save();
    EXPECT_NE(::access(file.c_str(), F_OK), 0);
}

TEST_F(ManifestCacheTest, ADamagedFileIsAnEmptyOne) {
    keep_one();
    const std::string good = bytes();
    for (std::size_t length = 0; length < good.size(); ++length) {
        write(good.substr(0, length));
        EXPECT_TRUE(ManifestCache(file).find("/p/all.so", some_identity()).empty()) << "cut to " << length;
    }
    for (std::size_t at = 0; at < good.size(); ++at) {
        std::string bad = good;
        bad[at] = static_cast<char>(bad[at] ^ 0x41);
        write(bad);
        EXPECT_TRUE(ManifestCache(file).find("/p/all.so", some_identity()).empty()) << "byte " << at;
    }
    write(good + "x");
    EXPECT_TRUE(ManifestCache(file).find("/p/all.so", some_identity()).empty());
    keep_one(); // and is written anew
    EXPECT_FALSE(ManifestCache(file).find("/p/all.so", some_identity()).empty());
}

TEST_F(ManifestCacheTest, AFileThatOthersMayWriteIsNotRead) {
    keep_one();
    ASSERT_EQ(::chmod(file.c_str(), 0666), 0);
    EXPECT_TRUE(ManifestCache(file).find("/p/all.so", some_identity()).empty());
    ASSERT_EQ(::chmod(file.c_str(), 0600), 0);
    const std::string link = root + "/link";
    ASSERT_EQ(::symlink(file.c_str(), link.c_str()), 0);
    EXPECT_TRUE(ManifestCache(link).find("/p/all.so", some_identity()).empty());
}

TEST_F(ManifestCacheTest, MakesNoDirectory) {
    ManifestCache cache(root + "/none/manifests");
    cache.keep("/p/all.so", some_identity(), parsed(whole));
    cache.save();
    EXPECT_NE(::access((root + "/none").c_str(), F_OK), 0);
}

std::string plugin_of(const std::string &version) {
    return elf_file::Elf(elf_file::note(elf_file::ours, CTR_NOTE_TYPE,
                                        R"({"id": "p", "version": ")" + version + R"(", "abi": 1})"))
        .bytes();
}

/// A scan believes the cache as long as the file is the same: here it was told something else, to see that.
TEST_F(ManifestCacheTest, AScanReadsOnlyWhatIsNewOrChanged) {
    const std::string at = root + "/plugins", so = at + "/p.so";
    ASSERT_TRUE(sys::make_directories(at, 0755).ok());
    ASSERT_TRUE(sys::replace_file(so, plugin_of("1"), 0644).ok());
    const auto version = [&] {
        return Catalog::scan({{at, true}}, {}, ManifestCache(file, 0)).plugins().at(0)->manifest.version;
    };
    EXPECT_EQ(version(), "1");
    struct stat st {};
    ASSERT_EQ(::stat(so.c_str(), &st), 0);
    EXPECT_FALSE(ManifestCache(file).find(so, FileIdentity::of(st)).empty()) << "remembered";

    ManifestCache told(root + "/told", 0);
    told.keep(so, FileIdentity::of(st), parsed(whole));
    told.save();
    ASSERT_EQ(::rename((root + "/told").c_str(), file.c_str()), 0);
    EXPECT_EQ(version(), "1.2") << "not read again";

    ASSERT_TRUE(sys::replace_file(so, plugin_of("2"), 0644).ok());
    EXPECT_EQ(version(), "2") << "it is another file now";
}

TEST_F(ManifestCacheTest, APluginThatChangesBeforeItIsLoadedIsRefused) {
    const std::string at = root + "/plugins", so = at + "/p.so";
    ASSERT_TRUE(sys::make_directories(at, 0755).ok());
    ASSERT_TRUE(sys::replace_file(so, plugin_of("1"), 0644).ok());
    const Catalog catalog = Catalog::scan({{at, true}}, {});
    ASSERT_TRUE(sys::replace_file(so, plugin_of("2"), 0644).ok());
    const auto loaded = catalog.find("p")->load(nullptr);
    ASSERT_FALSE(loaded.ok());
    EXPECT_NE(loaded.error().text().find("changed while ctr was at work"), std::string::npos) << loaded.error().text();
}

} // namespace
