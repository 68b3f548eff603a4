// SPDX-License-Identifier: MIT
//
// Making and writing files below a root that an image has filled with links.
#include "steps.hpp"

#include "kinds/child.hpp"

#include <gtest/gtest.h>

namespace {

class Paths : public ::testing::Test {
protected:
    void SetUp() override {
        steps::reset();
        ::mkdir((directory.path() + "/root").c_str(), 0755);
        root = ::open((directory.path() + "/root").c_str(), O_PATH | O_DIRECTORY);
        steps::set_root(root);
    }
    void TearDown() override { ::close(root); }
    std::string at(const std::string &name) const { return directory.path() + "/root/" + name; }
    bool exists(const std::string &path) const { return ::access(path.c_str(), F_OK) == 0; }
    void link(const std::string &to, const std::string &name) const {
        ASSERT_EQ(::symlink(to.c_str(), at(name).c_str()), 0);
    }
    steps::TemporaryDirectory directory;
    int root = -1;
};

TEST_F(Paths, MissingDirectoriesAreMadeWhateverTheUmask) {
    const mode_t old = ::umask(077);
    EXPECT_EQ(steps::apply("root.mkdir", {"target=/a/b/c", "mode=0711"}), "");
    EXPECT_EQ(::umask(old), 077u);
    struct stat st {};
    ASSERT_EQ(::stat(at("a").c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 07777, 0755u);
    ASSERT_EQ(::stat(at("a/b/c").c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 07777, 0711u);
}

TEST_F(Paths, DanglingLinksAreFollowedInside) {
    link(directory.path() + "/outside", "abs");
    link("../../../../../../../../" + directory.path() + "/outside2", "rel");
    link("var/run", "chain");
    EXPECT_EQ(steps::apply("root.write", {"target=/abs/f", "content=x"}), "");
    EXPECT_EQ(steps::apply("root.write", {"target=/rel/f", "content=x"}), "");
    EXPECT_EQ(steps::apply("root.write", {"target=/chain", "content=hello"}), "");
    EXPECT_FALSE(exists(directory.path() + "/outside"));
    EXPECT_FALSE(exists(directory.path() + "/outside2"));
    EXPECT_TRUE(exists(at(directory.path() + "/outside/f")));
    EXPECT_EQ(directory.read("root/var/run"), "hello");
}

TEST_F(Paths, DotDotStopsAtTheRoot) {
    EXPECT_EQ(steps::apply("root.write", {"target=/../../f", "content=x"}), "");
    EXPECT_TRUE(exists(at("f")));
    EXPECT_FALSE(exists(directory.path() + "/f"));
}

TEST_F(Paths, LoopsAreRefused) {
    link("loop", "loop");
    EXPECT_NE(steps::apply("root.write", {"target=/loop", "content=x"}), "");
}

TEST_F(Paths, OnlyRegularFilesAreWritten) {
    ASSERT_EQ(::mkfifo(at("fifo").c_str(), 0644), 0);
    EXPECT_NE(steps::apply("root.write", {"target=/fifo", "content=x"}), "");
    EXPECT_NE(steps::apply("root.symlink", {"target=/fifo", "to=x"}), "");
    EXPECT_NE(steps::apply("root.mkdir", {"target=/fifo"}), "");
}

TEST_F(Paths, LinksReplaceLinks) {
    link("old", "l");
    EXPECT_EQ(steps::apply("root.symlink", {"target=/l", "to=new"}), "");
    EXPECT_EQ(steps::apply("root.symlink", {"target=/l", "to=newer", "keep=1"}), "");
    EXPECT_EQ(steps::apply("root.symlink", {"target=/fifo", "to=x", "keep=1"}), "");
    char text[16] = {};
    EXPECT_EQ(::readlink(at("l").c_str(), text, sizeof text - 1), 3);
    EXPECT_STREQ(text, "new");
}

TEST_F(Paths, SeveralTargetsEachHaveTheirOwn) {
    EXPECT_EQ(steps::apply("root.symlink", {"target=/d/a", "to=one", "target=/d/b/", "to=two", "target=/e/c",
                                            "to=three", "target=/top", "to=four"}),
              "");
    const auto points_to = [&](const char *name) {
        char text[16] = {};
        return ::readlink(at(name).c_str(), text, sizeof text - 1) > 0 ? std::string(text) : std::string();
    };
    EXPECT_EQ(points_to("d/a"), "one");
    EXPECT_EQ(points_to("d/b"), "two");
    EXPECT_EQ(points_to("e/c"), "three");
    EXPECT_EQ(points_to("top"), "four");
    EXPECT_EQ(steps::apply("root.symlink", {"target=/f", "target=/g", "to=both"}), "");
    EXPECT_EQ(points_to("f") + points_to("g"), "bothboth");
    // A directory is that of the name, not what stands in front of the last slash.
    EXPECT_EQ(steps::apply("root.symlink", {"target=/p/q/", "to=r", "target=/p/q/x", "to=y"}), "");
    EXPECT_EQ(points_to("p/q"), "r");
    EXPECT_EQ(points_to("p/r/x"), "y");
    EXPECT_FALSE(exists(at("p/x")));
    // Dots are no names, whatever stood before them.
    EXPECT_NE(steps::apply("root.symlink", {"target=/d/x", "to=x", "target=/d/..", "to=y"}), "");
    EXPECT_NE(steps::apply("root.symlink", {"target=/1", "to=x", "target=/2", "to=y", "target=/3"}), "");
    EXPECT_FALSE(exists(at("1"))) << "refused before anything is made";
}

TEST_F(Paths, WithoutARootNothingIsTouched) {
    steps::set_root(-1);
    EXPECT_NE(steps::apply("root.mkdir", {"target=/tmp/ctr-kinds-never"}), "");
    EXPECT_NE(steps::apply("mount.new", {"type=tmpfs", "target=/tmp"}), "");
}

TEST_F(Paths, SysctlStaysBelowSys) {
    EXPECT_NE(steps::apply("sysctl", {"key=kernel/../../self/oom_score_adj", "value=0"}), "");
    EXPECT_NE(steps::apply("sysctl", {"key=", "value=0"}), "");
}

TEST_F(Paths, WorkingDirectoryIsInside) {
    EXPECT_NE(steps::apply("cwd.set", {"path=relative"}), "");
    EXPECT_NE(steps::apply("cwd.set", {"path=/nothing"}), "");
}

} // namespace
