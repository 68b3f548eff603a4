// SPDX-License-Identifier: MIT
#include "../../../plugins/mounts/paths.hpp"

#include <gtest/gtest.h>

namespace {

TEST(MountPaths, CleanIsAbsoluteAndStopsAtTheRoot) {
    EXPECT_EQ(mounts::clean("/dev//pts/"), "/dev/pts");
    EXPECT_EQ(mounts::clean("data"), "/data"); // runtime-spec 1.2
    EXPECT_EQ(mounts::clean("/a/./b/../c"), "/a/c");
    EXPECT_EQ(mounts::clean("/../../etc"), "/etc");
    EXPECT_EQ(mounts::clean("/.."), "/");
    EXPECT_EQ(mounts::clean(""), "/");
}

TEST(MountPaths, BelowGoesByComponents) {
    EXPECT_TRUE(mounts::is_below("/proc", "/proc"));
    EXPECT_TRUE(mounts::is_below("/proc/sys", "/proc"));
    EXPECT_FALSE(mounts::is_below("/process", "/proc"));
    EXPECT_TRUE(mounts::is_below("/x", "/"));
}

TEST(MountPaths, OnlyHarmlessFilesOfProcMayBeCovered) {
    EXPECT_TRUE(mounts::may_cover("/proc/meminfo"));
    EXPECT_FALSE(mounts::may_cover("/proc/self/attr/exec"));
    EXPECT_FALSE(mounts::may_cover("/proc/sys"));
}

} // namespace
