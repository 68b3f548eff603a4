// SPDX-License-Identifier: MIT
//
// The driver cgroup-v2 where it can be had beside v1: on a hybrid machine, by config. (On machines with v2 alone:
// tests/vm.)
#include "fixture/oci.hpp"

#include <csignal>
#include <sys/stat.h>
#include <unistd.h>

using namespace fixture;

namespace {

const std::string mount = "/sys/fs/cgroup/unified";

bool exists(const std::string &path) { return ::access(path.c_str(), F_OK) == 0; }

class OciCgroup2 : public OciTest {
protected:
    void SetUp() override {
        if (!exists(mount + "/cgroup.procs")) GTEST_SKIP() << "no cgroup v2 beside v1 on this machine";
        OciTest::SetUp();
        const Json wanted = {{"cgroup", {{"driver", "cgroup-v2"}}}, {"cgroup-v2", {{"parent", box.cgroup_parent()}}}};
        write_text(config, wanted.dump());
    }
    void TearDown() override {
        if (!IsSkipped()) OciTest::TearDown();
    }
    Ran v2(const Words &words) const { return oci(words, {"--config-file", config}); }
    /// Its program is made by a shell; it is in the background.
    void start_v2(const Bundle &b) const {
        b.write();
        ASSERT_STATUS(v2({"create", "--bundle", b.dir, "one"}), 0);
        ASSERT_STATUS(v2({"start", "one"}), 0);
    }
    std::string config = box.dir() + "/v2.json";
    std::string own = mount + box.cgroup_parent() + "/one";
};

} // namespace

TEST_F(OciCgroup2, DevicesAreDeniedWithoutARule) {
    Bundle b = bundle("one", "sleep 1000");
    b.config["linux"].erase("resources");
    for (const char *set : {"bounding", "effective", "permitted"})
        b.config["process"]["capabilities"][set].push_back("CAP_MKNOD");
    b.config["mounts"].push_back({{"destination", "/tmp"}, {"type", "tmpfs"}, {"source", "tmpfs"}});
    start_v2(b);
    const Ran ran = v2({"exec", "one", "/bin/sh", "-c",
                        "mknod /tmp/log c 1 11 && (: < /tmp/log) 2>/dev/null && echo log; : < /dev/null && echo null"});
    EXPECT_EQ(ran.out, "null\n") << describe(ran);
    EXPECT_TRUE(exists(own));
    EXPECT_STATUS(v2({"delete", "--force", "one"}), 0);
    EXPECT_FALSE(exists(own));
}

TEST_F(OciCgroup2, ExecGoesWhereInitHasMovedTo) {
    const std::string controllers = read_text(mount + "/cgroup.controllers");
    if (controllers.size() < 2) GTEST_SKIP() << "no controller of cgroup v2 that v1 does not hold";
    start_v2(bundle("one", "sleep 1000"));
    ASSERT_EQ(::mkdir((own + "/init").c_str(), 0755), 0);
    write_text(own + "/init/cgroup.procs", std::to_string(state("one")["pid"].get<int>()));
    write_text(own + "/cgroup.subtree_control", "+" + controllers.substr(0, controllers.find_first_of(" \n")));
    ASSERT_GT(read_text(own + "/cgroup.subtree_control").size(), 1U);
    const std::string file = box.dir() + "/pid";
    ASSERT_STATUS(v2({"exec", "-d", "--pid-file", file, "one", "sleep", "1001"}), 0);
    EXPECT_HAS(read_text("/proc/" + read_text(file) + "/cgroup"), "0::" + box.cgroup_parent() + "/one/init\n");
    EXPECT_STATUS(v2({"delete", "--force", "one"}), 0);
    EXPECT_FALSE(exists(own));
}

TEST_F(OciCgroup2, WhatWasThereBeforeStaysAndWhatIsTakenOverIsLeftAlone) {
    ASSERT_EQ(::mkdir((mount + box.cgroup_parent()).c_str(), 0755), 0);
    ASSERT_EQ(::mkdir(own.c_str(), 0755), 0);
    const pid_t stranger = ::fork();
    if (stranger == 0)
        for (;;)
            ::pause();
    start_v2(bundle("one", "sleep 1000"));
    write_text(own + "/cgroup.procs", std::to_string(stranger));
    EXPECT_STATUS(v2({"kill", "--all", "one", "KILL"}), 0);
    EXPECT_TRUE(becomes("one", "stopped"));
    EXPECT_STATUS(v2({"delete", "--force", "one"}), 0);
    EXPECT_EQ(::waitpid(stranger, nullptr, WNOHANG), 0) << "it was never the container's";
    ::kill(stranger, SIGKILL);
    ::waitpid(stranger, nullptr, 0);
    EXPECT_TRUE(exists(own)) << "it was there before";
    write_text(own + "/cgroup.freeze", "1");
    const Bundle b = bundle("one", "true");
    b.write();
    EXPECT_REFUSED(v2({"run", "--bundle", b.dir, "one"}), "container's cgroup unexpectedly frozen");
    EXPECT_EQ(::rmdir(own.c_str()), 0);
    EXPECT_EQ(::rmdir((mount + box.cgroup_parent()).c_str()), 0);
}
