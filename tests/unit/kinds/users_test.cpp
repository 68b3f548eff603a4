// SPDX-License-Identifier: MIT
#include "kinds/users.hpp"

#include "steps.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using namespace kinds;

class Users : public ::testing::Test {
protected:
    void SetUp() override {
        ::mkdir((directory.path() + "/etc").c_str(), 0755);
        directory.write(
            "etc/passwd",
            "root:x:0:0:root:/root:/bin/sh\n1000:x:0:0::/:/bin/sh\nbroken\nalice:x:1001:1002::/home/alice:/bin/sh");
        directory.write("etc/group",
                        "root:x:0:\nwheel:x:10:root,alice\naudio:x:29:alicea,bob\nalice:x:1002:\ndisk:x:6:bob,alice\n");
        root = ::open(directory.path().c_str(), O_PATH | O_DIRECTORY);
    }
    void TearDown() override { ::close(root); }
    std::string find(const char *user) {
        const char *wrong = find_user(root, user, ids);
        return wrong == nullptr ? "" : wrong;
    }
    steps::TemporaryDirectory directory;
    int root = -1;
    static UserIds ids; // too large for a stack
};
UserIds Users::ids;

TEST_F(Users, NameGivesIdsHomeAndTheGroupsThatListIt) {
    ASSERT_EQ(find("alice"), ""); // the last line has no newline
    EXPECT_EQ(ids.uid, 1001u);
    EXPECT_EQ(ids.gid, 1002u);
    EXPECT_STREQ(ids.home, "/home/alice");
    ASSERT_EQ(ids.n_groups, 2u);
    EXPECT_EQ(ids.groups[0], 10u);
    EXPECT_EQ(ids.groups[1], 6u);
}

TEST_F(Users, DigitsAreNeverLookedUpAsAName) {
    ASSERT_EQ(find("1000"), ""); // CVE-2016-3697
    EXPECT_EQ(ids.uid, 1000u);
    EXPECT_EQ(ids.gid, 0u);
    EXPECT_EQ(ids.n_groups, 0u);
}

TEST_F(Users, NumberWithAnEntryHasItsGroups) {
    ASSERT_EQ(find("1001"), "");
    EXPECT_EQ(ids.gid, 1002u);
    EXPECT_EQ(ids.n_groups, 2u);
}

TEST_F(Users, AnExplicitGroupStandsAlone) {
    ASSERT_EQ(find("alice:audio"), "");
    EXPECT_EQ(ids.gid, 29u);
    EXPECT_EQ(ids.n_groups, 0u);
    ASSERT_EQ(find("7:8"), "");
    EXPECT_EQ(ids.uid, 7u);
    EXPECT_EQ(ids.gid, 8u);
    ASSERT_EQ(add_group(root, "wheel", ids), nullptr);
    ASSERT_EQ(add_group(root, "wheel", ids), nullptr);
    EXPECT_EQ(ids.n_groups, 1u);
}

TEST_F(Users, WhatIsNoUserIsRefused) {
    for (const char *user :
         {"", ":", ":0", "alice:", "nobody", "1:2x", "-1", " 1", "4294967296", "2147483648", "0:4294967295"})
        EXPECT_NE(find(user), "") << user;
}

TEST_F(Users, WithoutFilesNumbersStillWork) {
    ::unlink((directory.path() + "/etc/passwd").c_str());
    ::unlink((directory.path() + "/etc/group").c_str());
    EXPECT_EQ(find("5:6"), "");
    EXPECT_EQ(find("5"), "");
    EXPECT_NE(find("root"), "");
}

TEST_F(Users, FifoOrLinkOutOfTheRootIsNotRead) {
    const std::string passwd = directory.path() + "/etc/passwd";
    ::unlink(passwd.c_str());
    ASSERT_EQ(::symlink("/etc/passwd", passwd.c_str()), 0); // resolved inside: points to itself
    EXPECT_NE(find("root"), "");
    ::unlink(passwd.c_str());
    ASSERT_EQ(::mkfifo(passwd.c_str(), 0644), 0);
    EXPECT_NE(find("root"), "");
}

TEST_F(Users, LinesAcrossBuffersAreWhole) {
    std::string text;
    for (int i = 0; i < 3000; ++i)
        text += "user" + std::to_string(i) + ":x:" + std::to_string(5000 + i) + ":7::/:/bin/sh\n";
    directory.write("etc/passwd", text);
    ASSERT_EQ(find("user2999"), "");
    EXPECT_EQ(ids.uid, 7999u);
}

TEST_F(Users, LinesOfAnyLengthAreRead) {
    std::string members;
    for (int i = 0; i < 20000; ++i)
        members += "member" + std::to_string(i) + ",";
    directory.write("etc/passwd", std::string(20000, 'a') + ":x:1:1::/:\nalice:x:1001:1002:" + std::string(30000, 'g') +
                                      ":/home/alice:/bin/sh\n");
    directory.write("etc/group",
                    "big:x:777:" + members + "alice\nother:x:778:" + members + "alicea,xalice\nsmall:x:779:alice\n");
    for (const char *user : {"alice", "1001"}) {
        ASSERT_EQ(find(user), "");
        EXPECT_STREQ(ids.home, "/home/alice");
        ASSERT_EQ(ids.n_groups, 2u) << user;
        EXPECT_EQ(ids.groups[0], 777u);
        EXPECT_EQ(ids.groups[1], 779u);
    }
    ASSERT_EQ(find("alice:small"), "");
    EXPECT_EQ(ids.gid, 779u);
    ids.uid = 1001;
    ids.home[0] = '\0';
    ASSERT_EQ(find_home(root, ids), nullptr);
    EXPECT_STREQ(ids.home, "/home/alice");
}

TEST_F(Users, SomeHundredGroupsAreNotTooMany) {
    std::string text;
    for (int i = 0; i < 2000; ++i)
        text += "g" + std::to_string(i) + ":x:" + std::to_string(3000 + i) + ":alice\n";
    directory.write("etc/group", text);
    ASSERT_EQ(find("alice"), "");
    ASSERT_EQ(ids.n_groups, 2000u);
    EXPECT_EQ(ids.groups[1999], 4999u);
}

TEST_F(Users, MoreGroupsThanTheKernelTakesAreRefused) {
    std::string text;
    for (std::uint32_t i = 0; i <= max_groups; ++i)
        text += "g:x:" + std::to_string(i) + ":alice\n";
    directory.write("etc/group", text);
    EXPECT_NE(find("alice").find("65536"), std::string::npos);
}

TEST_F(Users, OddLinesArePassedOver) {
    const std::string nul("root\0x:x:5:5::/evil:\n", 21);
    directory.write("etc/passwd", "\n:::\nroot\nroot:x\nroot:x:0\nroot:x:0x:0::/evil:\nroot:x:12345678901:0::/evil:\n"
                                  "root:x: 0:0::/evil:\n" +
                                      nul + "root:x:7:8\n");
    ASSERT_EQ(find("root"), "");
    EXPECT_EQ(ids.uid, 7u);
    EXPECT_EQ(ids.gid, 8u);
    EXPECT_STREQ(ids.home, "");
    directory.write("etc/passwd", "home:x:1:1::/" + std::string(5000, 'h') + ":\nafter:x:2:2::/after:/bin/sh:more\n");
    ASSERT_EQ(find("home"), "");
    EXPECT_STREQ(ids.home, "") << "half a path is none";
    ASSERT_EQ(find("after"), "");
    EXPECT_STREQ(ids.home, "/after");
}

} // namespace
