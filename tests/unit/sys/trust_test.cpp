// SPDX-License-Identifier: MIT
#include "sys/trust.hpp"

#include "sys/files.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using namespace core;

class OwnDirectory : public testing::Test {
protected:
    OwnDirectory() {
        char path[] = "/tmp/ctr-trust.XXXXXX";
        root = ::mkdtemp(path);
    }
    ~OwnDirectory() override { static_cast<void>(sys::remove_tree(root)); }
    std::string make(const std::string &name, unsigned mode) const {
        const std::string path = root + "/" + name;
        EXPECT_EQ(::mkdir(path.c_str(), 0700), 0);
        EXPECT_EQ(::chmod(path.c_str(), mode), 0);
        return path;
    }
    std::string root;
};

TEST_F(OwnDirectory, OneOfOurOwnIsFineAndOneThatWillBeMadeInIt) {
    const std::string own = make("own", 0711);
    EXPECT_TRUE(sys::check_own_directory(own).ok());
    EXPECT_TRUE(sys::check_own_directory(own + "/not/yet").ok());
}

TEST_F(OwnDirectory, WhereOthersMayWriteNothingIsBelieved) {
    for (const unsigned mode : {0777U, 0775U})
        EXPECT_FALSE(sys::check_own_directory(make("m" + std::to_string(mode), mode)).ok()) << std::oct << mode;
    const std::string open = make("open", 0777);
    ASSERT_EQ(::mkdir((open + "/own").c_str(), 0700), 0);
    EXPECT_FALSE(sys::check_own_directory(open + "/own").ok()) << "somebody could put another in its place";
    EXPECT_FALSE(sys::check_own_directory(open + "/not/yet").ok());
    const std::string sticky = make("sticky", 01777);
    ASSERT_EQ(::mkdir((sticky + "/own").c_str(), 0700), 0);
    EXPECT_TRUE(sys::check_own_directory(sticky + "/own").ok()) << "as in /tmp";
    EXPECT_TRUE(sys::check_own_directory(sticky).ok()) << "as a fresh tmpfs";
}

TEST_F(OwnDirectory, ALinkIsNoDirectory) {
    const std::string own = make("own", 0711), link = root + "/link";
    ASSERT_EQ(::symlink(own.c_str(), link.c_str()), 0);
    const auto refused = sys::check_own_directory(link);
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().text().find("symbolic link"), std::string::npos);
    ASSERT_EQ(::mkdir((own + "/run").c_str(), 0700), 0);
    EXPECT_TRUE(sys::check_own_directory(link + "/run").ok()) << "our own link on the way, as /var/run is";
}

TEST_F(OwnDirectory, AFileIsNoDirectory) {
    ASSERT_TRUE(sys::replace_file(root + "/file", "x", 0600).ok());
    EXPECT_FALSE(sys::check_own_directory(root + "/file").ok());
}

TEST_F(OwnDirectory, AStrangersIsRefused) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root to give a directory away";
    const std::string theirs = make("theirs", 0700);
    ASSERT_EQ(::chown(theirs.c_str(), 65534, 65534), 0);
    const auto refused = sys::check_own_directory(theirs);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().error_class, CTR_E_PERMISSION);
    EXPECT_FALSE(sys::check_own_directory(theirs + "/not/yet").ok());
    const std::string link = root + "/link", own = make("own", 0700);
    ASSERT_EQ(::symlink(root.c_str(), link.c_str()), 0);
    ASSERT_EQ(::lchown(link.c_str(), 65534, 65534), 0);
    EXPECT_FALSE(sys::check_own_directory(link + "/own").ok()) << "he can make it point elsewhere";
}

} // namespace
