// SPDX-License-Identifier: MIT
//
// The sample plugin, built out of tree against the installed SDK alone; and the binary of it that the first release
// built, which every later release must load as it is.
#include "installation.hpp"

#include <elf.h>
#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace {

namespace fs = std::filesystem;
using sdk_test::Installation;

std::string read(const fs::path &path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// Both hooks stand in the plan, the parent's before the child's, each in its phase.
void expect_planned(Installation &ctr, const std::string &directory) {
    const auto planned =
        ctr.ctr({"--plugin-dir", directory, "plan", "--format", "json", "--rootfs", ctr.rootfs(), "true"});
    ASSERT_EQ(planned.status, 0) << planned.err;
    const auto steps = sdk_test::steps_of(planned.out);
    const int ticket = sdk_test::position(steps, "sample.ticket of sample"),
              slack = sdk_test::position(steps, "sample.slack of sample");
    ASSERT_GE(ticket, 0) << planned.out;
    ASSERT_GE(slack, 0) << planned.out;
    EXPECT_LT(ticket, sdk_test::position(steps, "clone3 of core"));
    EXPECT_LT(sdk_test::position(steps, "clone3 of core"), slack);
    EXPECT_LT(slack, sdk_test::position(steps, "pivot_root of mounts"));
    EXPECT_EQ(
        sdk_test::steps_of(
            ctr.ctr({"--plugin-dir", directory, "plan", "--format", "json", "--rootfs", ctr.rootfs(), "true"}).out),
        steps);
}

/// The program sees what the child hook did; while it runs, what the parent hook did is there, and gone afterwards.
void expect_carried_out(Installation &ctr, const std::string &directory) {
    const std::string tickets = ctr.state() + "/plugins/sample", seen = ctr.rootfs() + "/tickets";
    fs::create_directory(seen);
    // The machine's directory of tickets is shown to the container, so that it can look while it runs.
    fs::create_directories(tickets);
    const auto ran = ctr.ctr({"--plugin-dir", directory, "run", "--rm", "--name", "sample-test", "-v",
                              tickets + ":/tickets:ro", "--rootfs", ctr.rootfs(), "sh", "-c",
                              "read slack </proc/self/timerslack_ns; echo slack $slack; echo /tickets/*"},
                             ctr.config("\"sample\": {\"slack_ns\": 12345}, "));
    ASSERT_EQ(ran.status, 0) << ran.err;
    EXPECT_EQ(ran.out, "slack 12345\n/tickets/sample-test\n");
    EXPECT_TRUE(fs::is_empty(tickets)) << "the undo of sample.ticket did not run";
    // A container that fails after the ticket was written leaves none either.
    const auto failed = ctr.ctr({"--plugin-dir", directory, "run", "--rm", "--name", "sample-fails", "--rootfs",
                                 ctr.rootfs(), "no-such-program"});
    EXPECT_EQ(failed.status, 127) << failed.err;
    EXPECT_TRUE(fs::is_empty(tickets)) << "the undo of sample.ticket did not run after a failure";
}

#define NEEDS_INSTALLATION() ASSERT_TRUE(Installation::get().ok()) << Installation::get().problem()

TEST(SampleTest, IsAPluginOfUnder40Lines) {
    const std::string source = read(fs::path(SAMPLE_DIRECTORY) / "sample.cpp");
    EXPECT_LT(std::count(source.begin(), source.end(), '\n'), 40);
}

TEST(SampleTest, BuildsAgainstTheInstalledSdkAloneWithNothingOfThisTree) {
    NEEDS_INSTALLATION();
    Installation &ctr = Installation::get();
    const std::string build = ctr.sample();
    NEEDS_INSTALLATION();
    EXPECT_TRUE(fs::exists(build + "/sample.so"));
    for (const char *file : {"CMakeCache.txt", "build.ninja", "Makefile", "CMakeFiles/sample.dir/build.make",
                             "CMakeFiles/sample.dir/flags.make"})
        EXPECT_EQ(read(build + "/" + file).find(std::string(SOURCE_DIRECTORY) + "/"), std::string::npos)
            << file << " mentions the source tree";
}

/// As an author has it: find_package(ctr COMPONENTS testing), ctr::testing, and nothing of this tree.
TEST(SampleTest, ItsUnitTestsPassWithTheInstalledFakeHost) {
    NEEDS_INSTALLATION();
    const std::string build = Installation::get().sample();
    NEEDS_INSTALLATION();
    const auto ran = sdk_test::run({build + "/sample_test"});
    EXPECT_EQ(ran.status, 0) << ran.out << ran.err;
    EXPECT_NE(ran.out.find("6 tests from 1 test suite ran"), std::string::npos) << ran.out;
}

/// A component that there is not, is said so.
TEST(SampleTest, AnUnknownComponentOfThePackageIsRefused) {
    NEEDS_INSTALLATION();
    Installation &ctr = Installation::get();
    const std::string source = ctr.directory("component");
    std::ofstream(source + "/CMakeLists.txt") << "cmake_minimum_required(VERSION 3.22)\nproject(x LANGUAGES CXX)\n"
                                                 "find_package(ctr REQUIRED COMPONENTS fishing)\n";
    const auto configured =
        sdk_test::run({CMAKE_PROGRAM, "-S", source, "-B", source + "/build", "-G", CMAKE_GENERATOR_NAME,
                       "-DCMAKE_PREFIX_PATH=" + ctr.prefix(), "-DCMAKE_CXX_COMPILER=" CXX_COMPILER});
    EXPECT_NE(configured.status, 0);
    EXPECT_NE(configured.err.find("fishing"), std::string::npos) << configured.err;
}

TEST(SampleTest, AddsAParentHookAndAChildHookInOrder) {
    NEEDS_INSTALLATION();
    NEEDS_ROOTFS();
    Installation &ctr = Installation::get();
    const std::string build = ctr.sample();
    NEEDS_INSTALLATION();
    expect_planned(ctr, build);
}

TEST(SampleTest, PrintsItsHooksAsAScript) {
    NEEDS_INSTALLATION();
    NEEDS_ROOTFS();
    Installation &ctr = Installation::get();
    const std::string build = ctr.sample();
    NEEDS_INSTALLATION();
    const auto script = ctr.ctr({"--plugin-dir", build, "plan", "--format", "shell", "--rootfs", ctr.rootfs(), "true"});
    ASSERT_EQ(script.status, 0) << script.err;
    EXPECT_NE(script.out.find("touch " + ctr.state() + "/plugins/sample/littlebox"), std::string::npos) << script.out;
    EXPECT_NE(script.out.find("rm -f " + ctr.state() + "/plugins/sample/littlebox"), std::string::npos);
    EXPECT_NE(script.out.find("echo 1000 >/proc/self/timerslack_ns"), std::string::npos);
}

TEST(SampleTest, RunsAndItsUndoLeavesNothing) {
    NEEDS_ROOT();
    NEEDS_INSTALLATION();
    NEEDS_ROOTFS();
    Installation &ctr = Installation::get();
    const std::string build = ctr.sample();
    NEEDS_INSTALLATION();
    expect_carried_out(ctr, build);
}

TEST(SampleTest, ItsConfigIsCheckedAgainstItsSchema) {
    NEEDS_INSTALLATION();
    Installation &ctr = Installation::get();
    const std::string build = ctr.sample();
    NEEDS_INSTALLATION();
    const auto wrong = ctr.ctr({"--plugin-dir", build, "plan", "--rootfs", ctr.rootfs(), "true"},
                               ctr.config("\"sample\": {\"slack\": 1}, "));
    EXPECT_NE(wrong.status, 0);
    EXPECT_NE(wrong.err.find("/sample/slack"), std::string::npos) << wrong.err;
}

TEST(SampleTest, TwoPluginsInOneFileAreTwoPlugins) {
    NEEDS_INSTALLATION();
    NEEDS_ROOTFS();
    Installation &ctr = Installation::get();
    const std::string build = ctr.project("pair", PAIR_DIRECTORY);
    NEEDS_INSTALLATION();
    const std::string file = build + "/pair.so";
    EXPECT_FALSE(fs::exists(build + "/left.so"));
    const auto listed = ctr.ctr({"--plugin-dir", build, "plugin", "ls"});
    EXPECT_NE(listed.out.find("one of two in a file, in C++"), std::string::npos) << listed.out << listed.err;
    EXPECT_NE(listed.out.find("the other, in C"), std::string::npos) << listed.out;
    EXPECT_NE(ctr.ctr({"--plugin-dir", build, "plugin", "show", "right-hand"}).out.find(file), std::string::npos);
    const auto planned = ctr.ctr({"--plugin-dir", build, "plan", "--format", "json", "--rootfs", ctr.rootfs(), "true"});
    ASSERT_EQ(planned.status, 0) << planned.err;
    const auto steps = sdk_test::steps_of(planned.out);
    EXPECT_GE(sdk_test::position(steps, "left.nothing of left"), 0) << planned.out;
    EXPECT_GE(sdk_test::position(steps, "umask of right-hand"), 0) << planned.out;
}

TEST(InstalledTree, FindsItsPluginsUnderAnyPrefixAndAfterAMove) {
    NEEDS_INSTALLATION();
    Installation &ctr = Installation::get();
    EXPECT_NE(ctr.ctr({"plugin", "show", "seccomp"}).out.find(ctr.plugins() + "/seccomp.so"), std::string::npos);
    const std::string moved = ctr.directory("elsewhere") + "/tree";
    fs::rename(ctr.prefix(), moved);
    const auto shown = sdk_test::run({moved + "/bin/ctr", "plugin", "show", "seccomp"});
    fs::rename(moved, ctr.prefix());
    EXPECT_EQ(shown.status, 0) << shown.err;
    EXPECT_NE(shown.out.find(moved + "/lib/ctr/plugins/seccomp.so"), std::string::npos) << shown.out;
}

TEST(InstalledTree, HoldsOnlyTheProgramThePluginsAndTheSdk) {
    NEEDS_INSTALLATION();
    for (const auto &header : fs::recursive_directory_iterator(Installation::get().prefix() + "/include"))
        EXPECT_NE(header.path().string().find("/include/ctr"), std::string::npos);
    for (const auto &file : fs::recursive_directory_iterator(Installation::get().prefix()))
        EXPECT_NE(file.path().extension(), ".a") << file.path();
}

TEST(InstalledTree, IsStrippedAndDebuggersFindTheSymbolsBesideIt) {
    NEEDS_INSTALLATION();
    const std::string prefix = Installation::get().prefix(), debug = prefix + "/lib/debug" + prefix;
    std::vector<std::string> files = {"/bin/ctr", "/lib/ctr/libctr-core.so"};
    for (const auto &plugin : fs::directory_iterator(Installation::get().plugins()))
        files.push_back("/lib/ctr/plugins/" + plugin.path().filename().string());
    EXPECT_GT(files.size(), 10U);
    const auto build_id = [](const std::string &file) {
        const std::string notes = sdk_test::run({"readelf", "-n", file}).out;
        const auto at = notes.find("Build ID: ");
        return at == std::string::npos ? "none in " + file : notes.substr(at, 50);
    };
    for (const std::string &file : files) {
        const std::string sections = sdk_test::run({"readelf", "-SW", prefix + file}).out,
                          symbols = debug + file + ".debug";
        EXPECT_EQ(sections.find(".symtab"), std::string::npos) << file;
        EXPECT_EQ(sections.find(".debug_"), std::string::npos) << file;
        EXPECT_NE(sdk_test::run({"readelf", "--string-dump=.gnu_debuglink", prefix + file})
                      .out.find(fs::path(symbols).filename()),
                  std::string::npos)
            << file;
        EXPECT_NE(sdk_test::run({"readelf", "-SW", symbols}).out.find(".symtab"), std::string::npos) << symbols;
        EXPECT_EQ(build_id(prefix + file), build_id(symbols));
    }
    EXPECT_LT(fs::file_size(prefix + "/lib/ctr/libctr-core.so"), 8U << 20);
}

class FixtureOfTheFirstRelease : public testing::Test {
protected:
    void SetUp() override {
        NEEDS_INSTALLATION();
        NEEDS_ROOTFS();
#ifndef __x86_64__
        GTEST_SKIP() << "sample-v1.so was built for x86_64";
#endif
        directory_ = Installation::get().directory("fixture");
        fs::copy_file(FIXTURE_DIRECTORY "/sample-v1.so", directory_ + "/sample-v1.so");
        fs::permissions(directory_ + "/sample-v1.so", fs::perms(0755));
    }
    std::string directory_;
};

TEST_F(FixtureOfTheFirstRelease, IsListedAndPlannedByThisRelease) {
    EXPECT_NE(Installation::get().ctr({"--plugin-dir", directory_, "plugin", "ls"}).out.find("sample "),
              std::string::npos);
    expect_planned(Installation::get(), directory_);
}

TEST_F(FixtureOfTheFirstRelease, RunsAndItsUndoLeavesNothing) {
    NEEDS_ROOT();
    expect_carried_out(Installation::get(), directory_);
}

} // namespace
