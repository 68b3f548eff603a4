// SPDX-License-Identifier: MIT
#include "steps.hpp"

#include <ctr/testing/descriptors.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using steps::Running;

class Machine : public ::testing::Test {
protected:
    void SetUp() override { before = ctr::testing::open_descriptors(); }
    void TearDown() override { EXPECT_EQ(ctr::testing::open_descriptors(), before); }
    steps::TemporaryDirectory directory;
    std::map<int, std::string> before;
};

TEST_F(Machine, DirectoryIsTakenBackOnlyByItsMaker) {
    const auto step = steps::step("machine.mkdir", {"path=" + directory.path() + "/d"});
    Running first(ctr_plugin_entry_v1), second(ctr_plugin_entry_v1);
    ASSERT_EQ(first.apply(step), 0) << first.text();
    ASSERT_EQ(second.apply(step), 0) << second.text();
    EXPECT_EQ(second.undo(step), 0);
    EXPECT_TRUE(directory.has("d"));
    EXPECT_EQ(first.undo(step), 0);
    EXPECT_FALSE(directory.has("d"));
    EXPECT_EQ(first.undo(step), 0);
}

TEST_F(Machine, DirectoryThatIsInUseStays) {
    const auto step = steps::step("machine.mkdir", {"path=" + directory.path() + "/d"});
    Running run(ctr_plugin_entry_v1);
    ASSERT_EQ(run.apply(step), 0);
    directory.write("d/f", "x");
    EXPECT_EQ(run.undo(step), 0);
    EXPECT_TRUE(directory.has("d/f"));
}

TEST_F(Machine, FileIsTakenBackOnlyAsItWasWritten) {
    const auto step = steps::step("machine.write", {"path=" + directory.path() + "/f", "content=mine"});
    Running run(ctr_plugin_entry_v1);
    ASSERT_EQ(run.apply(step), 0) << run.text();
    EXPECT_EQ(directory.read("f"), "mine");
    directory.write("f", "another's");
    EXPECT_EQ(run.undo(step), 0);
    EXPECT_TRUE(directory.has("f"));
    directory.write("f", "mine");
    EXPECT_EQ(run.undo(step), 0);
    EXPECT_FALSE(directory.has("f"));
    EXPECT_EQ(run.undo(step), 0);
}

TEST_F(Machine, OpenTakesKnownFlags) {
    directory.write("f", "x");
    Running run(ctr_plugin_entry_v1);
    const auto step = steps::step("machine.open", {"path=" + directory.path() + "/f", "flags=rdwr"});
    ASSERT_EQ(run.apply(step), 0) << run.text();
    const int fd = std::get<ctr::Fd>(run.values.at("test.fd")).get();
    EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_EQ(::fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
    EXPECT_EQ(run.apply(steps::step("machine.open", {"path=/", "flags=rdonly,creat"})), -1);
    EXPECT_NE(run.text(), "");
    EXPECT_EQ(run.apply(steps::step("machine.open", {"path=/", "flags=path,directory"})), 0);
}

} // namespace
