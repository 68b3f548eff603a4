// SPDX-License-Identifier: MIT
#include "kinds/mount_options.hpp"

#include <fstream>
#include <gtest/gtest.h>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <set>
#include <sys/mount.h>

namespace {

using namespace kinds;

MountOptions parse(std::initializer_list<const char *> words) {
    MountOptions options = {};
    for (const char *word : words)
        add_option(options, word);
    return options;
}

TEST(MountOptions, TheLastWordAboutAFlagCounts) {
    EXPECT_EQ(parse({"nosuid", "suid"}).set, 0u);
    EXPECT_EQ(parse({"nosuid", "suid"}).clear, std::uint64_t{MOUNT_ATTR_NOSUID});
    EXPECT_EQ(parse({"rw", "ro", "noexec"}).set, std::uint64_t{MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC});
    EXPECT_EQ(parse({"rw", "ro"}).clear, 0u);
}

TEST(MountOptions, AccessTimesAreOneField) {
    const MountOptions options = parse({"noatime", "strictatime", "nodiratime"});
    EXPECT_EQ(options.set, std::uint64_t{MOUNT_ATTR_STRICTATIME | MOUNT_ATTR_NODIRATIME});
    EXPECT_EQ(options.clear & MOUNT_ATTR__ATIME, std::uint64_t{MOUNT_ATTR__ATIME});
    EXPECT_EQ(parse({"noatime", "relatime"}).set, 0u);
}

TEST(MountOptions, RecursiveFormsAreKeptApart) {
    const MountOptions options = parse({"rro", "rnosuid", "noexec", "rbind"});
    EXPECT_EQ(options.set_below, std::uint64_t{MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID});
    EXPECT_EQ(options.set, std::uint64_t{MOUNT_ATTR_NOEXEC});
    EXPECT_TRUE(options.bind && options.recursive);
}

TEST(MountOptions, PropagationKeepsItsOrder) {
    const MountOptions options = parse({"rslave", "shared"});
    ASSERT_EQ(options.n_propagation, 2u);
    EXPECT_EQ(options.propagation[0], std::uint64_t{MS_SLAVE | MS_REC});
    EXPECT_EQ(options.propagation[1], std::uint64_t{MS_SHARED});
    EXPECT_EQ(propagation_flags("runbindable"), std::uint64_t{MS_UNBINDABLE | MS_REC});
    EXPECT_EQ(propagation_flags("ro"), 0u);
}

TEST(MountOptions, WhatABindSaysNothingAboutIsCleared) {
    const auto unsaid = [](std::initializer_list<const char *> words) {
        MountOptions options = parse(words);
        only_said(options);
        return options.unsaid;
    };
    constexpr std::uint64_t plain =
        MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSYMFOLLOW;
    EXPECT_EQ(unsaid({"rbind", "rprivate", "defaults", "rro", "idmap"}), 0u);
    EXPECT_EQ(unsaid({"bind", "nosuid"}), plain & ~std::uint64_t{MOUNT_ATTR_NOSUID});
    EXPECT_EQ(unsaid({"bind", "rw"}), plain & ~std::uint64_t{MOUNT_ATTR_RDONLY});
    EXPECT_EQ(unsaid({"bind", "noatime"}), plain | MOUNT_ATTR_NODIRATIME);
    EXPECT_EQ(unsaid({"bind", "diratime"}), plain | MOUNT_ATTR__ATIME);
}

TEST(MountOptions, EveryWordIsOfOneSort) {
    EXPECT_EQ(option_word("size=1m"), OptionWord::data);
    EXPECT_EQ(option_word("newinstance"), OptionWord::data);
    EXPECT_EQ(option_word("sync"), OptionWord::superblock);
    EXPECT_EQ(option_word("async"), OptionWord::unset);
    EXPECT_EQ(option_word("ro"), OptionWord::both);
    EXPECT_EQ(option_word("idmap"), OptionWord::flag);
    EXPECT_EQ(option_word("tmpcopyup"), OptionWord::flag);
    EXPECT_EQ(option_word("defaults"), OptionWord::flag);
    EXPECT_EQ(option_word(""), OptionWord::data);
}

/// What `ctr-oci features` promises; copy-symlink is carried out by the plugin mounts, before there is a step.
TEST(MountOptions, AreThoseOfTheManifest) {
    std::ifstream file(CTR_SOURCE_DIR "/plugins/kinds/manifest.json");
    const auto said = nlohmann::json::parse(file).at("features").at("mountOptions").get<std::set<std::string>>();
    std::set<std::string> known = {"copy-symlink"};
    for (const char *const *word = all_option_words(); *word != nullptr; ++word)
        known.insert(*word);
    EXPECT_EQ(said, known);
}

} // namespace
