// SPDX-License-Identifier: MIT
#include "kinds/users.hpp"

#include "host_double.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using namespace core::kinds;

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
    host_double::TemporaryDirectory directory;
    int root = -1;
    UserIds ids{};
};

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
    directory.write("etc/passwd", std::string(20000, 'a') + ":x:1:1::/:\n" + "root:x:0:0::/:\n");
    EXPECT_NE(find("root"), "");
}

} // namespace
