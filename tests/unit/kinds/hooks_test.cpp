// SPDX-License-Identifier: MIT
//
// Whose environment an OCI hook has, and where it runs.
#include "host_double.hpp"

#include <cstdlib>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

class HookKinds : public ::testing::Test {
protected:
    void SetUp() override {
        host_double::reset();
        ::setenv("WHOSE", "caller", 1);
    }
    /// What a hook of these arguments has written.
    std::string run(const char *kind, std::vector<std::string> words, const std::string &script) {
        const std::string file = directory.path() + "/out";
        ::unlink(file.c_str());
        for (const std::string &word : {std::string("hook=/hooks/x/0"), std::string("path=/bin/sh"),
                                        std::string("arg=sh"), std::string("arg=-c"), "arg=(" + script + ") > " + file})
            words.push_back(word);
        const std::string wrong = host_double::apply(kind, words);
        return wrong.empty() ? directory.read("out") : wrong;
    }
    host_double::TemporaryDirectory directory;
};

constexpr const char *names = "echo \"[$WHOSE] [$HOME]\"";

TEST_F(HookKinds, TheEnvironmentIsWhatItIsGiven) {
    EXPECT_EQ(run("oci_hook.run", {"env=WHOSE=own"}, names), "[own] []\n");
    EXPECT_EQ(run("oci_hook.run", {}, names), "[] []\n") << "an empty one is empty";
}

TEST_F(HookKinds, OrSomebodyElses) {
    EXPECT_EQ(run("oci_hook.run", {"env_of=caller"}, "echo $WHOSE"), "caller\n");
    EXPECT_EQ(run("oci_hook.run_inside", {"env_of=program"}, names), "[program] [/home/me]\n");
}

TEST_F(HookKinds, InsideItRunsInTheContainersRoot) {
    ::mkdir((directory.path() + "/root").c_str(), 0755);
    const int root = ::open((directory.path() + "/root").c_str(), O_PATH | O_DIRECTORY);
    host_double::set_root(root);
    EXPECT_EQ(run("oci_hook.run_inside", {"target=/"}, "pwd -P"), directory.path() + "/root\n");
    EXPECT_NE(run("oci_hook.run_inside", {"target=/missing"}, "pwd -P").find("openat2"), std::string::npos);
    ::close(root);
}

TEST_F(HookKinds, ElseWhereItIsSaidOrWhereItsRunnerIs) {
    EXPECT_EQ(run("oci_hook.run", {"cwd=" + directory.path()}, "pwd -P"), directory.path() + "\n");
    EXPECT_EQ(run("oci_hook.run", {"cwd=/no/such"}, "pwd -P"), "/\n");
    char here[4096];
    ASSERT_NE(::getcwd(here, sizeof here), nullptr);
    EXPECT_EQ(run("oci_hook.run_inside", {}, "pwd -P"), std::string(here) + "\n");
}

} // namespace
