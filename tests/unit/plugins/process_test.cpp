// SPDX-License-Identifier: MIT
#include "../../../plugins/process/limits.hpp"
#include "../../../plugins/process/placing.hpp"
#include "../../../plugins/process/user.hpp"

#include <gtest/gtest.h>

namespace process {
namespace {

using Numbers = std::vector<std::int64_t>;

TEST(NumberList, HasRangesAndSingleNumbers) {
    EXPECT_EQ(parse_list("0-3,7", 1024), (Numbers{0, 1, 2, 3, 7}));
    EXPECT_EQ(parse_list(" 5, 1-2,2", 1024), (Numbers{1, 2, 5}));
    EXPECT_EQ(parse_list("", 1024), Numbers{});
    EXPECT_EQ(parse_list("1023", 1024), Numbers{1023});
}

TEST(NumberList, RefusesWhatIsNone) {
    for (const char *text : {"1024", "3-1", "1,", ",1", "-1", "1-", "a", "1 2", "99999999999999999999", "0-99999999"})
        EXPECT_FALSE(parse_list(text, 1024)) << text;
}

TEST(UserString, NumbersNeedNoLookUp) {
    const auto user = parse_user("1000:2000");
    ASSERT_TRUE(user);
    EXPECT_TRUE(user->numeric);
    EXPECT_EQ(user->uid, 1000);
    EXPECT_EQ(user->gid, 2000);
    EXPECT_EQ(parse_user("2147483647:0")->uid, 2147483647);
    EXPECT_TRUE(parse_user("0:0")->numeric);
}

TEST(UserString, NamesAndLoneUidsAreLookedUpLater) {
    for (const char *text :
         {"root", "nobody:nogroup", "www-data", "_apt", "host$", "1000", "0", "1000:users", "alice:100", "a.b"}) {
        const auto user = parse_user(text);
        ASSERT_TRUE(user) << text;
        EXPECT_FALSE(user->numeric) << text;
        EXPECT_EQ(user->text, text);
    }
}

TEST(UserString, WhateverIsNotClearIsRefused) {
    for (const char *text : {"",           " ",          " 1",         "1 ",          "1:2x",
                             "1x",         "-1",         "+1",         "1:",          ":1",
                             ":",          "1:2:3",      "0x10",       "00",          "007",
                             "4294967295", "2147483648", "4294967296", "99999999999", "1:-1",
                             "-root",      "ro ot",      "a/b",        "a:b:c",       "1:2147483648",
                             ".",          "$",          "root\n",     "r\xc3\xb6t"})
        EXPECT_FALSE(parse_user(text)) << "\"" << text << "\"";
    EXPECT_FALSE(parse_user(std::string_view("root\0", 5)));
    EXPECT_FALSE(parse_user(std::string(300, 'a')));
}

TEST(Limits, InfinityIsMinusOne) {
    EXPECT_EQ(limit_argument(UINT64_MAX), -1);
    EXPECT_EQ(limit_argument(0), 0);
    EXPECT_EQ(limit_argument(INT64_MAX), INT64_MAX);
    EXPECT_FALSE(limit_argument(std::uint64_t{1} << 63));
    EXPECT_FALSE(limit_argument(UINT64_MAX - 1));
}

TEST(Limits, ResourcesAreTheKernels) {
    EXPECT_TRUE(is_resource("RLIMIT_NOFILE"));
    EXPECT_TRUE(is_resource("RLIMIT_RTTIME"));
    for (const char *name : {"", "RLIMIT_", "NOFILE", "RLIMIT_nofile", "RLIMIT_NOFILES"})
        EXPECT_FALSE(is_resource(name)) << name;
}

} // namespace
} // namespace process
