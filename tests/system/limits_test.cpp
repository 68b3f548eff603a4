// SPDX-License-Identifier: MIT
//
// The cgroup's limits, felt by what runs inside.
#include "fixture/sandbox.hpp"

#include <csignal>

using namespace fixture;

namespace {

class Limits : public DriversTest {};
INSTANTIATE_TEST_SUITE_P(Drivers, Limits, testing::Values(Drivers{"overlay", "bridge"}, Drivers{"btrfs", "bridge"}),
                         name_of_parameter);

} // namespace

TEST_P(Limits, AMemoryHogIsKilled) {
    const Ran ran = run({"--memory", "32m"}, {"/bin/probe", "hog", "200"});
    EXPECT_STATUS(ran, 137);
    EXPECT_STATUS(run({"--memory", "64m"}, {"/bin/probe", "hog", "16"}), 0);
}

TEST_P(Limits, AForkBombStopsAtThePidsLimit) {
    const Ran ran = run({"--pids-limit", "20"}, {"/bin/probe", "forks", "100"});
    EXPECT_STATUS(ran, 0);
    EXPECT_EQ(ran.out, "forks 19 errno 11\n") << describe(ran);
}

TEST_P(Limits, TheCgroupFilesSayWhatWasAsked) {
    std::vector<std::string> words = box.ctr_words(GetParam().storage);
    for (const std::string &word :
         box.run_words(GetParam(), {"--name", "limited", "--memory", "48m", "--cpus", "0.5", "--pids-limit", "33"},
                       {"/bin/sleep", "1000"}))
        words.push_back(word);
    Running running(words);
    const std::string own = box.cgroup_parent() + "/limited";
    EXPECT_TRUE(eventually([&] { return box.ctr({"ps"}).out.find("running") != std::string::npos; }));
    EXPECT_EQ(read_text("/sys/fs/cgroup/memory" + own + "/memory.limit_in_bytes"), std::to_string(48 << 20) + "\n");
    EXPECT_EQ(read_text("/sys/fs/cgroup/cpu" + own + "/cpu.cfs_quota_us"), "50000\n");
    EXPECT_EQ(read_text("/sys/fs/cgroup/cpu" + own + "/cpu.cfs_period_us"), "100000\n");
    EXPECT_EQ(read_text("/sys/fs/cgroup/pids" + own + "/pids.max"), "33\n");
    EXPECT_NE(read_text("/sys/fs/cgroup/devices" + own + "/devices.list").substr(0, 1), "a");
    EXPECT_STATUS(box.ctr({"rm", "-f", "limited"}, {}, GetParam().storage), 0);
    EXPECT_STATUS(running.wait(), 137);
}

TEST_P(Limits, TheContainerSeesItsOwnCgroupReadOnly) {
    const Ran ran = sh("cat /proc/self/cgroup; cat /sys/fs/cgroup/memory/memory.limit_in_bytes; echo 1 > "
                       "/sys/fs/cgroup/memory/memory.limit_in_bytes",
                       {"--memory", "48m"});
    EXPECT_HAS(ran.out, ":memory:/\n");
    EXPECT_HAS(ran.out, std::to_string(48 << 20) + "\n");
    EXPECT_HAS(ran.err, "Read-only file system");
}
