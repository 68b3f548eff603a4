// SPDX-License-Identifier: MIT
//
// Whose environment an OCI hook has, and where it runs.
#include "steps.hpp"

#include <cstdlib>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

class HookKinds : public ::testing::Test {
protected:
    void SetUp() override {
        steps::reset();
        ::setenv("WHOSE", "caller", 1);
    }
    /// What a hook of these arguments has written.
    std::string run(const char *kind, std::vector<std::string> words, const std::string &script) {
        const std::string file = directory.path() + "/out";
        ::unlink(file.c_str());
        for (const std::string &word : {std::string("hook=/hooks/x/0"), std::string("path=/bin/sh"),
                                        std::string("arg=sh"), std::string("arg=-c"), "arg=(" + script + ") > " + file})
            words.push_back(word);
        const std::string wrong = steps::apply(kind, words);
        return wrong.empty() ? directory.read("out") : wrong;
    }
    steps::TemporaryDirectory directory;
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

TEST_F(HookKinds, WhatItWritesGoesWhereItIsSaid) {
    const std::string out = directory.path() + "/o", err = directory.path() + "/e";
    const std::vector<std::string> words = {"hook=h", "path=/bin/sh", "arg=sh", "arg=-c", "arg=echo out; echo err >&2"};
    auto by_path = words;
    by_path.push_back("stdout_path=" + out);
    by_path.push_back("stderr_path=" + err);
    EXPECT_EQ(steps::apply("oci_hook.run", by_path), "");
    EXPECT_EQ(steps::apply("oci_hook.run", by_path), "") << "it is appended";
    EXPECT_EQ(directory.read("o"), "out\nout\n");
    EXPECT_EQ(directory.read("e"), "err\nerr\n");
    auto by_descriptor = words;
    const int fd = ::open(out.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
    by_descriptor.push_back("stdout=" + std::to_string(fd));
    EXPECT_EQ(steps::apply("oci_hook.run_inside", by_descriptor), "");
    EXPECT_EQ(directory.read("o"), "out\nout\nout\n");
    ::close(fd);
    auto nowhere = words;
    nowhere.push_back("stdout_path=/no/such/file");
    EXPECT_NE(steps::apply("oci_hook.run", nowhere).find("open"), std::string::npos);
}

TEST_F(HookKinds, InsideItRunsInTheContainersRoot) {
    ::mkdir((directory.path() + "/root").c_str(), 0755);
    const int root = ::open((directory.path() + "/root").c_str(), O_PATH | O_DIRECTORY);
    steps::set_root(root);
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
