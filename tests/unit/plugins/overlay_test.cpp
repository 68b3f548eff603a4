// SPDX-License-Identifier: MIT
#include "names.hpp"
#include "remove_tree.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <set>

namespace overlay {
namespace {

const std::string hex64 = std::string(60, '0') + "beef";

TEST(OverlayNames, ALayersFilesAreBelowItsName) { EXPECT_EQ(layer_diff(hex64), "layers/" + hex64 + "/diff"); }

TEST(OverlayNames, PartialNamesTellOperationsAndLayersApart) {
    EXPECT_NE(partial_name("a", hex64), partial_name("b", hex64));
    EXPECT_NE(partial_name("a", hex64), partial_name("a", std::string(64, '1')));
    EXPECT_TRUE(is_component(partial_name("a", hex64)));
}

TEST(OverlayNames, LinkNamesAreShortAndDistinct) {
    std::set<std::string> seen;
    for (std::size_t i = 0; i < 62 + 62 * 62; ++i) {
        const std::string name = link_name(i);
        EXPECT_EQ(name.size(), i < 62 ? 1u : 2u);
        EXPECT_TRUE(seen.insert(name).second) << name;
    }
    EXPECT_EQ(link_name(0), "A");
    EXPECT_EQ(link_name(61), "9");
    EXPECT_EQ(link_name(62), "AA");
    EXPECT_EQ(link_name(63), "AB");
}

TEST(OverlayNames, AFewLinksAreOneOption) {
    EXPECT_EQ(link_stack(1).pieces, std::vector<std::string>{"A"});
    EXPECT_EQ(link_stack(3).pieces, std::vector<std::string>{"A:B:C"});
    EXPECT_EQ(link_stack(3).names, (std::vector<std::string>{"A", "B", "C"}));
    ASSERT_EQ(link_stack(106).pieces.size(), 1u);
    EXPECT_EQ(link_stack(106).pieces[0].size(), fsconfig_string_max);
    EXPECT_GT(link_stack(107).pieces.size(), 1u);
}

/// What Linux before 6.5 makes of the pieces: fsconfig joins options by commas, overlayfs splits them at those that
/// have no backslash, takes the value of `lowerdir` apart at colons, and drops the backslashes.
std::vector<std::string> as_the_kernel_reads(const std::vector<std::string> &pieces) {
    std::string options = ",lowerdir=" + pieces.front();
    for (std::size_t i = 1; i < pieces.size(); ++i)
        options += "," + pieces[i];
    options += ",upperdir=../upper";
    EXPECT_LT(options.size(), 4096u - 200);
    std::vector<std::string> layers = {""};
    for (std::size_t i = std::string(",lowerdir=").size(); options[i] != ','; ++i) {
        if (options[i] == ':') {
            layers.emplace_back();
            continue;
        }
        if (options[i] == '\\') ++i;
        layers.back() += options[i];
    }
    return layers;
}

TEST(OverlayNames, ATallStackOfLinksIsReadBackByOldKernels) {
    for (std::size_t count = 1; count <= most_layers; ++count) {
        const LinkedStack stack = link_stack(count);
        ASSERT_EQ(stack.names.size(), count);
        EXPECT_EQ(as_the_kernel_reads(stack.pieces), stack.names) << count;
        EXPECT_EQ(std::set<std::string>(stack.names.begin(), stack.names.end()).size(), count);
        for (const std::string &piece : stack.pieces) {
            EXPECT_LE(piece.size(), fsconfig_string_max) << count;
            EXPECT_EQ(piece.find(','), std::string::npos) << "fsconfig refuses commas";
            EXPECT_NE(piece, "");
        }
    }
}

TEST(OverlayNames, MountOptionsAreWordsThatTheDriverDoesNotSet) {
    for (const char *good : {"metacopy=on", "index=off", "userxattr", "redirect_dir=nofollow"})
        EXPECT_TRUE(is_mount_option(good)) << good;
    for (const char *bad : {"", "=", "a=", "=b", "lowerdir=/etc", "upperdir=x", "workdir=x", "volatile", "volatile=on",
                            "lowerdir+=x", "datadir+=x", "a=b,c=d", "a=b=c", "A=b", "a=/x", "a=b\nc"})
        EXPECT_FALSE(is_mount_option(bad)) << bad;
}

class RemoveTree : public ::testing::Test {
protected:
    void SetUp() override {
        char pattern[] = "/tmp/ctr-remove-tree-XXXXXX";
        ASSERT_NE(mkdtemp(pattern), nullptr);
        base_ = pattern;
        ASSERT_EQ(mkdir(tree().c_str(), 0755), 0);
        ASSERT_EQ(mkdir((base_ + "/outside").c_str(), 0755), 0);
        write(base_ + "/outside/kept");
    }
    void TearDown() override {
        EXPECT_EQ(access((base_ + "/outside/kept").c_str(), F_OK), 0);
        EXPECT_EQ(remove_tree(AT_FDCWD, base_), 0);
        EXPECT_NE(access(base_.c_str(), F_OK), 0);
    }
    std::string tree() const { return base_ + "/tree"; }
    static void write(const std::string &path) {
        const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        ASSERT_GE(fd, 0) << path;
        close(fd);
    }
    void expect_removed() {
        std::string culprit;
        EXPECT_EQ(remove_tree(AT_FDCWD, tree(), &culprit), 0) << culprit << ": " << strerror(errno);
        EXPECT_NE(access(tree().c_str(), F_OK), 0);
    }

    std::string base_;
};

TEST_F(RemoveTree, NothingIsSuccess) {
    EXPECT_EQ(remove_tree(AT_FDCWD, base_ + "/no-such"), 0);
    EXPECT_EQ(remove_tree(AT_FDCWD, base_ + "/no/such"), 0);
    expect_removed();
    expect_removed();
}

TEST_F(RemoveTree, LinksAreNotFollowed) {
    ASSERT_EQ(symlink("../outside", (tree() + "/directory").c_str()), 0);
    ASSERT_EQ(symlink("../outside/kept", (tree() + "/file").c_str()), 0);
    ASSERT_EQ(symlink("nowhere", (tree() + "/dangling").c_str()), 0);
    ASSERT_EQ(link((base_ + "/outside/kept").c_str(), (tree() + "/hard").c_str()), 0);
    expect_removed();
}

TEST_F(RemoveTree, ATreeThatIsALinkIsLeftAlone) {
    const std::string link = base_ + "/link";
    ASSERT_EQ(symlink("outside", link.c_str()), 0);
    EXPECT_EQ(remove_tree(AT_FDCWD, link), -1);
    EXPECT_EQ(errno, ENOTDIR);
}

TEST_F(RemoveTree, FilesOfEveryTypeThatNeedsNoPrivilege) {
    ASSERT_EQ(mkfifo((tree() + "/fifo").c_str(), 0600), 0);
    write(tree() + "/file");
    write(tree() + "/ leading space\n and newline");
    ASSERT_EQ(mkdir((tree() + "/empty").c_str(), 0755), 0);
    expect_removed();
}

/// Deeper than PATH_MAX, and than the removal goes without renaming.
TEST_F(RemoveTree, AnyDepth) {
    ASSERT_EQ(mkdir((tree() + "/.ctr-hoisted-0").c_str(), 0755), 0); // a name that the removal would like for itself
    write(tree() + "/.ctr-hoisted-0/x");
    const int before = open(".", O_PATH | O_CLOEXEC);
    ASSERT_EQ(chdir(tree().c_str()), 0);
    const std::string name(40, 'd');
    for (int depth = 0; depth < 200; ++depth) {
        ASSERT_EQ(mkdir(name.c_str(), 0755), 0);
        ASSERT_EQ(chdir(name.c_str()), 0);
        if (depth % 50 == 0) write("file");
    }
    ASSERT_EQ(fchdir(before), 0);
    close(before);
    expect_removed();
}

} // namespace
} // namespace overlay
