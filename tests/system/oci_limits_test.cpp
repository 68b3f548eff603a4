// SPDX-License-Identifier: MIT
//
// ctr-oci pause, resume, update and events: the cgroup of a living container. Values are read from the cgroup's own
// files (v1, as on the machines that run these tests).
#include "fixture/oci.hpp"

#include <csignal>
#include <filesystem>
#include <unistd.h>

using namespace fixture;

namespace {

class OciLimits : public OciTest {
protected:
    void SetUp() override {
        if (!std::filesystem::exists("/sys/fs/cgroup/memory"))
            GTEST_SKIP() << "the files looked at are those of cgroup v1 (on v2: tests/vm)";
        OciTest::SetUp();
    }
    void TearDown() override {
        if (!IsSkipped()) OciTest::TearDown();
    }
    std::string value(const std::string &controller, const std::string &file) const {
        const std::string text = read_text(cgroup("one", controller) + "/" + controller + "." + file);
        return text.substr(0, text.find('\n'));
    }
    Ran update(Words options, const std::string &input = {}) const {
        options.insert(options.begin(), "update");
        options.push_back("one");
        return oci(options, {}, input);
    }
};

} // namespace

TEST_F(OciLimits, PauseStopsAndResumeGoesOn) {
    start("one", "while :; do echo x >> /out/text; sleep 0.01; done");
    ASSERT_TRUE(eventually([&] { return !out().empty(); }));
    ASSERT_STATUS(oci({"pause", "one"}), 0);
    EXPECT_EQ(status("one"), "paused");
    EXPECT_HAS(oci({"list"}).out, "paused");
    const std::string then = out();
    ::usleep(200000);
    EXPECT_EQ(out(), then);
    EXPECT_REFUSED(oci({"pause", "one"}), "not running");
    EXPECT_REFUSED(oci({"delete", "one"}), "not stopped: paused");
    ASSERT_STATUS(oci({"resume", "one"}), 0);
    EXPECT_EQ(status("one"), "running");
    EXPECT_TRUE(eventually([&] { return out() != then; }));
    EXPECT_REFUSED(oci({"resume", "one"}), "not paused");
    remove("one");
}

TEST_F(OciLimits, ACreatedContainerCanBePausedToo) {
    create("one", "echo started > /out/text; sleep 1000");
    ASSERT_STATUS(oci({"pause", "one"}), 0);
    EXPECT_EQ(status("one"), "paused");
    EXPECT_REFUSED(oci({"start", "one"}), "paused");
    ASSERT_STATUS(oci({"resume", "one"}), 0);
    EXPECT_EQ(status("one"), "created");
    ASSERT_STATUS(oci({"start", "one"}), 0);
    EXPECT_TRUE(wrote("started\n"));
    remove("one");
}

TEST_F(OciLimits, APausedContainerCanBeKilledAndDeleted) {
    start("one", "sleep 1000");
    ASSERT_STATUS(oci({"pause", "one"}), 0);
    ASSERT_STATUS(oci({"kill", "one", "KILL"}), 0);
    EXPECT_TRUE(becomes("one", "stopped"));
    EXPECT_STATUS(oci({"delete", "one"}), 0);
    start("one", "sleep 1001 & sleep 1002");
    ASSERT_STATUS(oci({"pause", "one"}), 0);
    const Ran removed = oci({"delete", "--force", "one"});
    EXPECT_STATUS(removed, 0);
    EXPECT_LT(removed.seconds, 30);
    EXPECT_EQ(status("one"), "gone");
}

TEST_F(OciLimits, UpdateByOptions) {
    start("one", "sleep 1000");
    EXPECT_STATUS(update({"--memory", "64m", "--memory-reservation", "32M"}), 0);
    EXPECT_EQ(value("memory", "limit_in_bytes"), "67108864");
    EXPECT_EQ(value("memory", "soft_limit_in_bytes"), "33554432");
    EXPECT_STATUS(update({"--memory", "134217728"}), 0);
    EXPECT_EQ(value("memory", "limit_in_bytes"), "134217728");
    EXPECT_EQ(value("memory", "soft_limit_in_bytes"), "33554432") << "what is not named stays";
    if (std::filesystem::exists(cgroup("one", "memory") + "/memory.memsw.limit_in_bytes")) {
        EXPECT_STATUS(update({"--memory-swap", "256m"}), 0);
        EXPECT_EQ(value("memory", "memsw.limit_in_bytes"), "268435456");
    }
    EXPECT_STATUS(update({"--cpu-period", "50000", "--cpu-quota", "20000", "--cpu-share", "512"}), 0);
    EXPECT_EQ(value("cpu", "cfs_period_us") + " " + value("cpu", "cfs_quota_us") + " " + value("cpu", "shares"),
              "50000 20000 512");
    EXPECT_STATUS(update({"--cpu-quota", "-1"}), 0);
    EXPECT_EQ(value("cpu", "cfs_quota_us"), "-1");
    EXPECT_STATUS(update({"--cpuset-cpus", "0", "--cpuset-mems", "0"}), 0);
    EXPECT_EQ(value("cpuset", "cpus") + " " + value("cpuset", "mems"), "0 0");
    EXPECT_STATUS(update({"--pids-limit", "77"}), 0);
    EXPECT_EQ(value("pids", "max"), "77");
    EXPECT_STATUS(update({"--pids-limit", "-1"}), 0);
    EXPECT_EQ(value("pids", "max"), "max");
    if (std::filesystem::exists(cgroup("one", "cpu") + "/cpu.idle")) {
        EXPECT_STATUS(update({"--cpu-idle", "1"}), 0);
        EXPECT_EQ(value("cpu", "idle"), "1");
    }
    if (std::filesystem::exists(cgroup("one", "blkio") + "/blkio.bfq.weight")) {
        EXPECT_STATUS(update({"--blkio-weight", "200"}), 0);
    }
    remove("one");
}

TEST_F(OciLimits, UpdateByAFileOrStandardInput) {
    start("one", "sleep 1000");
    const std::string file = box.dir() + "/resources.json";
    write_text(file, R"({"memory": {"limit": 67108864}, "cpu": {"shares": 300}, "pids": {"limit": 55}})");
    EXPECT_STATUS(update({"-r", file}), 0);
    EXPECT_EQ(value("memory", "limit_in_bytes") + " " + value("cpu", "shares") + " " + value("pids", "max"),
              "67108864 300 55");
    // As Go programs write it: every member, zero where nothing is meant.
    const std::string zeros =
        R"({"memory": {"limit": 33554432, "reservation": 0, "swap": 0, "kernel": 0, "kernelTCP": 0},
        "cpu": {"shares": 0, "quota": 0, "period": 0, "realtimeRuntime": 0, "realtimePeriod": 0, "cpus": "", "mems": ""},
        "blockIO": {"weight": 0}})";
    EXPECT_STATUS(update({"-r", "-"}, zeros), 0);
    EXPECT_EQ(value("memory", "limit_in_bytes") + " " + value("cpu", "shares") + " " + value("pids", "max"),
              "33554432 300 55");
    remove("one");
}

TEST_F(OciLimits, WrongUpdatesChangeNothing) {
    start("one", "sleep 1000");
    const std::string before = value("memory", "limit_in_bytes");
    for (const Words &wrong : std::vector<Words>{{"--memory", "x"},
                                                 {"--memory", "64q"},
                                                 {"--memory", "9999999999999g"},
                                                 {"--cpu-share", "-x"},
                                                 {"--cpu-period", "18446744073709551616"},
                                                 {"--cpuset-cpus", "a-b"},
                                                 {"--pids-limit", "many"},
                                                 {"--cpu-idle", "7"},
                                                 {"--blkio-weight", "70000"},
                                                 {"--kernel-memory", "64m"}})
        EXPECT_STATUS(update(wrong), 1) << wrong[0] << " " << wrong[1];
    for (const char *wrong : {"", "[]", "{\"memory\": 7}", "{\"memory\": {\"limit\": \"64m\"}}",
                              "{\"cpu\": {\"shares\": -1}}", "{\"pids\": {\"limit\": true}}", "{"})
        EXPECT_STATUS(update({"-r", "-"}, wrong), 1) << wrong;
    EXPECT_STATUS(update({"-r", "/not/there"}), 1);
    EXPECT_STATUS(update({"--memory", ""}), 0) << "as with runc, an empty value says nothing";
    EXPECT_EQ(value("memory", "limit_in_bytes"), before);
    EXPECT_EQ(status("one"), "running");
    remove("one");
}

TEST_F(OciLimits, EventsPrintStatisticsOnce) {
    start("one", "sleep 1000");
    const Ran ran = oci({"events", "--stats", "one"});
    EXPECT_STATUS(ran, 0);
    ASSERT_EQ(lines_of(ran.out).size(), 1U);
    const Json event = Json::parse(ran.out);
    EXPECT_EQ(event["type"], "stats");
    EXPECT_EQ(event["id"], "one");
    EXPECT_GT(event.at("/data/memory/usage/usage"_json_pointer), 0);
    EXPECT_GE(event.at("/data/cpu/usage/total"_json_pointer), 1);
    EXPECT_EQ(event.at("/data/pids/current"_json_pointer), 1);
    remove("one");
}

TEST_F(OciLimits, EventsGoOnUntilTheEnd) {
    start("one", "sleep 1000");
    Running events(oci_words({"events", "--interval", "100ms", "one"}));
    ASSERT_TRUE(eventually([&] { return lines_of(events.printed()).size() >= 3; }));
    ASSERT_STATUS(oci({"kill", "one", "KILL"}), 0);
    const Ran ran = events.wait();
    EXPECT_STATUS(ran, 0);
    EXPECT_LE(static_cast<double>(lines_of(ran.out).size()), ran.seconds / 0.1 + 2) << "oftener than asked";
    for (const std::string &line : lines_of(ran.out))
        EXPECT_EQ(Json::parse(line)["type"], "stats");
    for (const char *wrong : {"0s", "-1s", "5", "x", "", "1y"})
        EXPECT_STATUS(oci({"events", "--interval", wrong, "one"}), 1) << wrong;
    remove("one");
}

TEST_F(OciLimits, EventsTellOfOutOfMemory) {
    Bundle hog = bundle("one", "while [ ! -e /out/go ]; do sleep 0.02; done; probe hog 64; sleep 1000");
    hog.config["linux"]["resources"]["memory"] = {{"limit", 32 << 20}, {"swap", 32 << 20}};
    start("one", hog);
    Running events(oci_words({"events", "--interval", "50ms", "one"}));
    ASSERT_TRUE(eventually([&] { return !events.printed().empty(); }));
    write_text(out_dir + "/go", "");
    EXPECT_TRUE(eventually([&] { return events.printed().find("\"type\":\"oom\"") != std::string::npos; }));
    ASSERT_STATUS(oci({"kill", "one", "KILL"}), 0);
    EXPECT_STATUS(events.wait(), 0);
    remove("one");
}

TEST_F(OciLimits, EventsTellOfOutOfMemoryThatEndsTheContainer) {
    Bundle hog = bundle("one", "while [ ! -e /out/go ]; do sleep 0.02; done; exec probe hog 64");
    hog.config["linux"]["resources"]["memory"] = {{"limit", 32 << 20}, {"swap", 32 << 20}};
    start("one", hog);
    Running events(oci_words({"events", "--interval", "1h", "one"}));
    ASSERT_TRUE(eventually([&] { return !events.printed().empty(); }));
    write_text(out_dir + "/go", "");
    const Ran ran = events.wait();
    EXPECT_STATUS(ran, 0);
    EXPECT_HAS(last_line(ran.out), "\"type\":\"oom\"");
    EXPECT_EQ(lines_of(ran.out).size(), 2U) << ran.out;
    remove("one");
}
