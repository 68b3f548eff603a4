// SPDX-License-Identifier: MIT
#include "host_double.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

class Machine : public ::testing::Test {
protected:
    void SetUp() override { host_double::reset(); }
    bool exists(const std::string &name) const { return ::access((directory.path() + "/" + name).c_str(), F_OK) == 0; }
    host_double::TemporaryDirectory directory;
};

TEST_F(Machine, DirectoryIsTakenBackOnlyByItsMaker) {
    const auto *kind = host_double::kind("machine.mkdir");
    ctr_run first = host_double::step({"path=" + directory.path() + "/d"}), second = first;
    ASSERT_EQ(kind->apply(&first), 0) << first.error;
    ASSERT_EQ(kind->apply(&second), 0) << second.error;
    EXPECT_EQ(kind->undo(&second), 0);
    EXPECT_TRUE(exists("d"));
    EXPECT_EQ(kind->undo(&first), 0);
    EXPECT_FALSE(exists("d"));
    EXPECT_EQ(kind->undo(&first), 0);
}

TEST_F(Machine, DirectoryThatIsInUseStays) {
    const auto *kind = host_double::kind("machine.mkdir");
    ctr_run run = host_double::step({"path=" + directory.path() + "/d"});
    ASSERT_EQ(kind->apply(&run), 0);
    directory.write("d/f", "x");
    EXPECT_EQ(kind->undo(&run), 0);
    EXPECT_TRUE(exists("d/f"));
}

TEST_F(Machine, FileIsTakenBackOnlyAsItWasWritten) {
    const auto *kind = host_double::kind("machine.write");
    ctr_run run = host_double::step({"path=" + directory.path() + "/f", "content=mine"});
    ASSERT_EQ(kind->apply(&run), 0) << run.error;
    EXPECT_EQ(directory.read("f"), "mine");
    directory.write("f", "another's");
    EXPECT_EQ(kind->undo(&run), 0);
    EXPECT_TRUE(exists("f"));
    directory.write("f", "mine");
    EXPECT_EQ(kind->undo(&run), 0);
    EXPECT_FALSE(exists("f"));
    EXPECT_EQ(kind->undo(&run), 0);
}

TEST_F(Machine, OpenTakesKnownFlags) {
    directory.write("f", "x");
    const auto *kind = host_double::kind("machine.open");
    ctr_run run = host_double::step({"path=" + directory.path() + "/f", "flags=rdwr"});
    ASSERT_EQ(kind->apply(&run), 0) << run.error;
    const int fd = static_cast<int>(run.outputs.at("fd"));
    EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_EQ(::fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
    ::close(fd);
    EXPECT_NE(host_double::apply("machine.open", {"path=/", "flags=rdonly,creat"}), "");
    EXPECT_EQ(host_double::apply("machine.open", {"path=/", "flags=path,directory"}), "");
}

} // namespace
