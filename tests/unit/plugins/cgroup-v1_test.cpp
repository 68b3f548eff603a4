// SPDX-License-Identifier: MIT
#include "../../../plugins/cgroup-v1/hierarchies.hpp"
#include "../../../plugins/cgroup-v1/limits.hpp"
#include <ctr/testing/host.hpp>

#include <ctr/ext/cgroup.h>

#include <gtest/gtest.h>

using namespace ctr::cgroup1;
using ctr::cgroup::any_device;
using ctr::cgroup::DeviceRule;

namespace {

using Lines = std::vector<std::string>;

const char *const proc_cgroups =
    "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpuset\t3\t1\t1\ncpu\t1\t1\t1\ncpuacct\t1\t1\t1\nmemory\t4\t13\t1\n"
    "devices\t5\t1\t1\nfreezer\t6\t1\t1\npids\t8\t1\t1\n";
const char *const machine = "33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
                            "36 31 0:33 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
                            "37 31 0:34 / /sys/fs/cgroup/devices rw - cgroup cgroup rw,devices\n"
                            "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"
                            "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

struct CgroupV1 : ::testing::Test {
    CgroupV1() { planning.answers = {{"mounts", machine}, {"file:/proc/cgroups", proc_cgroups}}; }
    int plan(const char *spec) { return planning.plan(ctr_plugin_entry_v1, spec); }
    ctr::testing::Planning planning;
};

Lines settings(const char *text) {
    const auto json = ctr::testing::Json::parse(text);
    const auto resources = ctr::cgroup::read_resources(ctr::testing::node(json), "");
    EXPECT_TRUE(resources.ok()) << resources.error().path;
    if (!resources.ok()) return {};
    auto all = limit_settings(resources.value());
    Lines out;
    for (const auto &s : all)
        out.push_back(s.text());
    return out;
}

/// Without the lines that are only defaults.
Lines asked(const Lines &lines) {
    Lines out;
    for (const auto &line : lines)
        if (line.substr(0, 15) != "~devices.allow=" || line == "~devices.allow=a") out.push_back(line);
    return out;
}

Lines devices(const std::vector<DeviceRule> &rules) {
    const auto all = device_settings(rules);
    if (!all.ok()) return {all.error().message};
    Lines out;
    for (const auto &s : all.value())
        out.push_back(s.text());
    return out;
}

} // namespace

TEST_F(CgroupV1, HierarchiesAreFoundByTheirControllers) {
    const auto all = find_hierarchies(machine, proc_cgroups);
    ASSERT_EQ(all.size(), 3u) << "named hierarchies and v2 do not count";
    EXPECT_EQ(all[0].text(), "cpu,cpuacct /sys/fs/cgroup/cpu,cpuacct");
    EXPECT_EQ(Hierarchy::from(all[0].text()), all[0]);
    EXPECT_EQ(find_controller(all, "cpuacct"), &all[0]);
    EXPECT_EQ(find_controller(all, "pids"), nullptr);
}

TEST_F(CgroupV1, OfTwoMountsOfAHierarchyTheOneWithTheRootIsTaken) {
    const auto all = find_hierarchies("1 0 0:1 /box /a rw - cgroup c rw,memory\n2 0 0:1 / /b rw - cgroup c "
                                      "rw,memory\n3 0 0:1 / /c rw - cgroup c rw,memory\n",
                                      proc_cgroups);
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].mount, "/b");
}

TEST_F(CgroupV1, MemoryIsLimitedBeforeMemoryAndSwap) {
    EXPECT_EQ(
        settings(
            R"({"memory": {"swap": 134217728, "limit": 67108864, "reservation": 1024, "swappiness": 0, "disableOOMKiller": true, "kernelTCP": -1}})"),
        (Lines{"memory.limit_in_bytes=67108864", "memory.memsw.limit_in_bytes=134217728",
               "memory.soft_limit_in_bytes=1024", "memory.kmem.tcp.limit_in_bytes=-1", "memory.swappiness=0",
               "memory.oom_control=1"}));
    EXPECT_EQ(settings(R"({"memory": {"limit": -1}})"),
              (Lines{"memory.limit_in_bytes=-1", "?memory.memsw.limit_in_bytes=-1"}))
        << "no limit of memory is none of swap either";
    EXPECT_EQ(settings(R"({"memory": {"limit": -1, "swap": -1}})"),
              (Lines{"memory.limit_in_bytes=-1", "memory.memsw.limit_in_bytes=-1"}));
}

TEST_F(CgroupV1, CpuIsInTheKernelsOrder) {
    EXPECT_EQ(
        settings(
            R"({"cpu": {"shares": 512, "quota": 50000, "period": 100000, "burst": 1000, "cpus": "0", "mems": "0", "idle": 1,
                                   "realtimePeriod": 1000000, "realtimeRuntime": 950000}})"),
        (Lines{"cpuset.cpus=0", "cpuset.mems=0", "cpu.shares=512", "cpu.cfs_period_us=100000", "cpu.cfs_quota_us=50000",
               "cpu.cfs_burst_us=1000", "cpu.rt_period_us=1000000", "cpu.rt_runtime_us=950000", "cpu.idle=1"}));
    EXPECT_EQ(settings(R"({"cpu": {"idle": 0, "shares": 2, "burst": 0}})"),
              (Lines{"?cpu.idle=0", "cpu.shares=2", "?cpu.cfs_burst_us=0"}));
}

TEST_F(CgroupV1, PidsKnowZeroAndUnlimited) {
    EXPECT_EQ(settings(R"({"pids": {"limit": 0}})"), Lines{"pids.max=1"});
    EXPECT_EQ(settings(R"({"pids": {"limit": -1}})"), Lines{"pids.max=max"});
    EXPECT_EQ(settings(R"({"pids": {"limit": 64}})"), Lines{"pids.max=64"});
}

TEST_F(CgroupV1, TheRestOfTheResources) {
    EXPECT_EQ(
        settings(
            R"({"blockIO": {"weight": 500, "leafWeight": 10, "weightDevice": [{"major": 8, "minor": 0, "weight": 100, "leafWeight": 20}],
                             "throttleReadBpsDevice": [{"major": 8, "minor": 0, "rate": 600}], "throttleWriteIOPSDevice": [{"major": 8, "minor": 16, "rate": 3}]},
                           "hugepageLimits": [{"pageSize": "2MB", "limit": 4}], "network": {"classID": 1048577, "priorities": [{"name": "eth0", "priority": 5}]},
                           "rdma": {"mlx": {"hcaHandles": 1, "hcaObjects": 2}}})"),
        (Lines{"blkio.weight=500", "|blkio.bfq.weight=500", "blkio.leaf_weight=10", "blkio.weight_device=8:0 100",
               "|blkio.bfq.weight_device=8:0 100", "blkio.leaf_weight_device=8:0 20",
               "blkio.throttle.read_bps_device=8:0 600", "blkio.throttle.write_iops_device=8:16 3",
               "hugetlb.2MB.limit_in_bytes=4", "?hugetlb.2MB.rsvd.limit_in_bytes=4", "net_cls.classid=1048577",
               "net_prio.ifpriomap=eth0 5", "rdma.max=mlx hca_handle=1 hca_object=2"}));
}

TEST_F(CgroupV1, DevicesAreDeniedButForTheDefaults) {
    const DeviceRule deny_all{false, 'a', any_device, any_device, "rwm"}, fuse{true, 'c', 10, 229, "rw"};
    for (const auto &rules : {std::vector<DeviceRule>{}, {deny_all}, {fuse}, {deny_all, fuse}}) {
        const auto all = devices(rules);
        EXPECT_EQ(all.front(), "devices.deny=a");
        for (const char *each : {"~devices.allow=c 1:3 rwm", "~devices.allow=c 5:2 rwm", "~devices.allow=c 136:* rwm",
                                 "~devices.allow=c *:* m", "~devices.allow=b *:* m", "~devices.allow=c 10:200 rwm"})
            EXPECT_EQ(std::count(all.begin(), all.end(), each), 1) << each;
        const auto hard = asked(all);
        EXPECT_EQ(hard.size(), rules.empty() || rules.back() == deny_all ? 1u : 2u);
    }
    EXPECT_EQ(asked(devices({fuse})).back(), "devices.allow=c 10:229 rw");
    EXPECT_EQ(devices({{true, 'a', any_device, any_device, "rwm"}}), Lines{"~devices.allow=a"})
        << "as much as the parent has; also in a cgroup that had less before";
}

TEST_F(CgroupV1, WhatIsAskedForMustBeHadTheRestNeedNot) {
    const auto lines =
        devices({{true, 'c', 1, 3, "r"}, {true, 'c', any_device, any_device, "m"}, {true, 'c', 1, 5, "rwm"}});
    const auto has = [&](const char *line) { return std::count(lines.begin(), lines.end(), line) == 1; };
    EXPECT_TRUE(has("devices.allow=c 1:3 r") && has("~devices.allow=c 1:3 rwm"));
    EXPECT_TRUE(has("devices.allow=c 1:5 rwm") && !has("~devices.allow=c 1:5 rwm"));
    EXPECT_TRUE(has("~devices.allow=c *:* m") && !has("devices.allow=c *:* m"))
        << "a parent that denies one refuses it";
}

TEST_F(CgroupV1, DeviceRulesAreRunBeforeTheyAreWritten) {
    const DeviceRule all{true, 'a', any_device, any_device, "rwm"}, fuse{true, 'c', 10, 229, "rwm"},
        no_fuse_write{false, 'c', 10, 229, "w"};
    EXPECT_EQ(devices({all, no_fuse_write}), (Lines{"~devices.allow=a", "devices.deny=c 10:229 w"}));
    EXPECT_EQ(devices({all, no_fuse_write, fuse}), Lines{"~devices.allow=a"}) << "taken back";
    EXPECT_EQ(asked(devices({fuse, no_fuse_write})).back(), "devices.allow=c 10:229 rm");
    EXPECT_EQ(devices({all, no_fuse_write, {false, 'c', 10, 229, "r"}}),
              (Lines{"~devices.allow=a", "devices.deny=c 10:229 rw"}))
        << "one exception, both rights";
    EXPECT_EQ(devices({all, {false, 'a', 10, 229, "w"}}),
              (Lines{"~devices.allow=a", "devices.deny=b 10:229 w", "devices.deny=c 10:229 w"}))
        << "a line that begins with a means everything";
    EXPECT_EQ(devices({all, {false, 'c', 10, 229, "rwm"}, {true, 'c', 10, any_device, "rwm"}}),
              Lines{"~devices.allow=a"})
        << "a wider rule takes narrower ones back";
    EXPECT_NE(devices({{true, 'c', 10, any_device, "rwm"}, {false, 'c', 10, 229, "r"}}).front().find("makes a hole"),
              std::string::npos);
    EXPECT_EQ(devices({{false, 'c', any_device, any_device, "rwm"}, {false, 'b', any_device, any_device, "rwm"}}),
              devices({}))
        << "the defaults come last";
}

TEST_F(CgroupV1, TheRightToMakeANodeMayStayWhereARuleDeniesOne) {
    const DeviceRule none{false, 'a', any_device, any_device, "rwm"}, all_nodes{true, 'c', any_device, any_device, "m"},
        no_fuse{false, 'c', 10, 229, "rwm"};
    const auto lines = devices({none, all_nodes, no_fuse});
    EXPECT_EQ(std::count(lines.begin(), lines.end(), "~devices.allow=c *:* m"), 1) << "docker's default rules";
    for (const auto &line : lines)
        EXPECT_EQ(line.find("10:229"), std::string::npos) << line;
}

TEST_F(CgroupV1, PlanMakesAndJoins) {
    ASSERT_EQ(plan(R"({"linux": {"namespaces": [{"type": "pid"}], "resources": {"memory": {"limit": 1048576}}}})"), 0);
    ASSERT_EQ(planning.steps.size(), 3u);
    const std::string first =
        "cgroup1.create path=/ctr/box owner=/run/ctr/containers/box pid_namespace=own hierarchy=cpu,cpuacct "
        "/sys/fs/cgroup/cpu,cpuacct hierarchy=memory /sys/fs/cgroup/memory "
        "hierarchy=devices /sys/fs/cgroup/devices hierarchy=unified /sys/fs/cgroup/unified "
        "set=memory.limit_in_bytes=1048576 set=devices.deny=a set=~devices.allow=c *:* m";
    EXPECT_EQ(planning.steps[0].text().substr(0, first.size()), first);
    EXPECT_EQ(planning.steps[1].text(), "clone.cgroup cgroup=<cgroup>") << "hybrid: in the cgroup of v2 too";
    EXPECT_EQ(planning.steps[2].text(),
              "cgroup1.join tasks=<cgroup.tasks.cpu> tasks=<cgroup.tasks.memory> tasks=<cgroup.tasks.devices>");
    EXPECT_EQ(planning.steps[2].gives, Lines{"cgroup.joined"});
    EXPECT_EQ(planning.steps[2].phase, CTR_ISOLATE);
    ASSERT_EQ(plan(R"({"linux": {"namespaces": [{"type": "pid", "path": "/proc/7/ns/pid"}]}})"), 0);
    EXPECT_FALSE(planning.steps[0].text().find("pid_namespace") != std::string::npos) << "not its own";
}

TEST_F(CgroupV1, DeviceRulesStandInEveryPlanOfTheMachinesRoot) {
    for (const char *spec :
         {"{}", R"({"linux": {}})", R"({"linux": {"resources": {}}})", R"({"linux": {"resources": {"devices": []}}})",
          R"({"linux": {"namespaces": [{"type": "user"}]}})"}) {
        ASSERT_EQ(plan(spec), 0) << spec;
        EXPECT_EQ(planning.steps[0].all("set").front(), "devices.deny=a") << spec;
    }
    planning.answers["euid"] = "1000";
    ASSERT_EQ(plan("{}"), 0);
    EXPECT_EQ(planning.steps[0].all("set"), Lines{}) << "a user could not set them";
    planning.answers["euid"] = "0";
    planning.answers["file:/proc/self/uid_map"] = "         0       1000          1\n";
    ASSERT_EQ(plan("{}"), 0);
    EXPECT_EQ(planning.steps[0].all("set"), Lines{});
    planning.answers["file:/proc/self/uid_map"] = "         0          0 4294967295\n";
    ASSERT_EQ(plan("{}"), 0);
    EXPECT_EQ(planning.steps[0].all("set").front(), "devices.deny=a");
}

TEST_F(CgroupV1, WithoutTheControllerDevicesNothingStartsThatCouldReachThem) {
    planning.answers["mounts"] = "36 31 0:33 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
    ASSERT_EQ(plan("{}"), -1);
    EXPECT_EQ(planning.failure.path, "/linux/resources/devices");
    EXPECT_EQ(plan(R"({"linux": {"namespaces": [{"type": "user"}]}})"), 0) << "no node can be made there";
    EXPECT_EQ(plan(R"({"linux": {"namespaces": [{"type": "user"}], "resources": {"devices": [{"allow": false}]}}})"),
              -1);
}

TEST_F(CgroupV1, ADamagedRecordNamesNoCgroup) {
    ASSERT_EQ(plan("{}"), 0);
    const ctr::testing::Step whole = planning.steps[0];
    for (const char *wrong : {"", "/", "/..", "ctr", "//"}) {
        ctr::testing::Step step = whole;
        for (auto &arg : step.args)
            if (arg.name == "path") arg.text = wrong;
        ctr::testing::Running running{ctr_plugin_entry_v1};
        EXPECT_EQ(running.undo(step), -1) << wrong;
        EXPECT_EQ(running.failure.error_class, CTR_E_INVALID) << wrong;
        const auto *driver = static_cast<const ctr_cgroup_v1 *>(ctr_plugin_entry_v1.extension(CTR_EXT_CGROUP));
        EXPECT_EQ(running.in(CTR_IN_CALL, step, [&](ctr_run *r) { return driver->kill(r, 9); }), -1) << wrong;
        EXPECT_EQ(running.in(CTR_IN_CALL, step, [&](ctr_run *r) { return driver->freeze(r, 1); }), -1) << wrong;
    }
    for (const char *wrong : {"", "memory", " /sys/fs/cgroup/memory", "memory ", "memory /"}) {
        ctr::testing::Step step = whole;
        for (auto &arg : step.args)
            if (arg.name == "hierarchy") arg.text = wrong;
        ctr::testing::Running running{ctr_plugin_entry_v1};
        EXPECT_EQ(running.undo(step), -1) << '"' << wrong << '"';
    }
}

TEST_F(CgroupV1, MissingControllerIsRefusedByName) {
    ASSERT_EQ(plan(R"({"linux": {"resources": {"pids": {"limit": 5}}}})"), -1);
    EXPECT_NE(planning.failure.message.find("pids"), std::string::npos);
    EXPECT_EQ(planning.failure.path, "/linux/resources/pids/limit");
    EXPECT_EQ(planning.failure.error_class, CTR_E_UNSUPPORTED);
    planning.answers["mounts"] = "";
    ASSERT_EQ(plan("{}"), -1);
    EXPECT_NE(planning.failure.hint.find("cgroup-v2"), std::string::npos);
}

TEST_F(CgroupV1, MountOfTypeCgroupShowsTheContainersOwn) {
    ASSERT_EQ(
        plan(
            R"({"mounts": [{"destination": "/sys", "type": "sysfs"}, {"destination": "/sys/fs/cgroup/", "type": "cgroup", "options": ["nosuid", "ro"]}]})"),
        0);
    Lines mounts;
    for (std::size_t i = 3; i < planning.steps.size(); ++i)
        mounts.push_back(planning.steps[i].text());
    EXPECT_EQ(mounts, (Lines{"mount.new type=tmpfs source=cgroup target=/sys/fs/cgroup options=nosuid options=mode=755",
                             "mount.bind source=/sys/fs/cgroup/cpu,cpuacct/ctr/box target=/sys/fs/cgroup/cpu,cpuacct "
                             "source=/sys/fs/cgroup/memory/ctr/box target=/sys/fs/cgroup/memory "
                             "source=/sys/fs/cgroup/devices/ctr/box target=/sys/fs/cgroup/devices "
                             "options=bind options=nosuid options=ro",
                             "root.symlink target=/sys/fs/cgroup/cpu to=cpu,cpuacct "
                             "target=/sys/fs/cgroup/cpuacct to=cpu,cpuacct",
                             "mount.setattr target=/sys/fs/cgroup options=ro"}));
    EXPECT_EQ(planning.steps[3].after, Lines{"mount:/sys"});
}

TEST_F(CgroupV1, ExecGoesWhereTheContainerIs) {
    planning.operation = CTR_OP_EXEC;
    planning.config = {{"parent", "/other"}};
    planning.answers["exists:/sys/fs/cgroup/memory/ctr/box/tasks"] = "yes";
    ASSERT_EQ(plan(R"({"ctr": {"cgroup": "/ctr/box"}})"), 0);
    ASSERT_EQ(planning.steps.size(), 2u);
    EXPECT_EQ(planning.steps[0].text(), "cgroup1.open path=/ctr/box hierarchy=memory /sys/fs/cgroup/memory");
    EXPECT_EQ(planning.steps[1].text(), "cgroup1.join tasks=<cgroup.tasks.memory>");
    EXPECT_EQ(plan(R"({"ctr": {"cgroup": "/ctr/gone"}})"), -1);
}

TEST_F(CgroupV1, ExecOnAHybridMachineIsBornInV2) {
    planning.operation = CTR_OP_EXEC;
    for (const char *file : {"memory/ctr/box/tasks", "unified/ctr/box/cgroup.procs"})
        planning.answers[std::string("exists:/sys/fs/cgroup/") + file] = "yes";
    ASSERT_EQ(plan(R"({"ctr": {"cgroup": "/ctr/box"}})"), 0);
    ASSERT_EQ(planning.steps.size(), 3u);
    EXPECT_EQ(planning.steps[0].text(), "cgroup1.open path=/ctr/box hierarchy=memory /sys/fs/cgroup/memory "
                                        "hierarchy=unified /sys/fs/cgroup/unified init=<init.pidfd>");
    EXPECT_EQ(planning.steps[1].text(), "clone.cgroup cgroup=<cgroup>");
    EXPECT_EQ(planning.steps[2].text(), "cgroup1.join tasks=<cgroup.tasks.memory>");
}

TEST_F(CgroupV1, ExecBelowTheContainersCgroupIsInAllOfThemOrInNone) {
    planning.operation = CTR_OP_EXEC;
    for (const char *file :
         {"memory/ctr/box/tasks", "devices/ctr/box/tasks", "unified/ctr/box/cgroup.procs", "memory/ctr/box/sub/tasks"})
        planning.answers[std::string("exists:/sys/fs/cgroup/") + file] = "yes";
    ASSERT_EQ(plan(R"({"ctr": {"cgroup": "/ctr/box/sub", "container": {"cgroup": "/ctr/box"}}})"), 0);
    EXPECT_EQ(planning.steps[0].all("hierarchy").size(), 3u) << "the rules for devices hold, or the step fails";
    EXPECT_EQ(planning.steps[0].all("below"), (Lines{"/sub", "/sub", ""})) << "v2 limits nothing here";
}

TEST_F(CgroupV1, ScriptSaysTheSame) {
    planning.answers["euid"] = "1000"; // no device rules
    ASSERT_EQ(plan(R"({"linux": {"cgroupsPath": "/x", "resources": {"memory": {"limit": 1048576}, "blockIO": {}}}})"),
              0);
    ctr::testing::Running running{ctr_plugin_entry_v1};
    EXPECT_EQ(running.shell(planning.steps[0]),
              "mkdir -p /sys/fs/cgroup/cpu,cpuacct/x /sys/fs/cgroup/memory/x /sys/fs/cgroup/devices/x "
              "/sys/fs/cgroup/unified/x\n"
              "echo 1048576 > /sys/fs/cgroup/memory/x/memory.limit_in_bytes\n"
              "cgroup_tasks_cpu=$(echo /sys/fs/cgroup/cpu,cpuacct/x/tasks)\n"
              "cgroup_tasks_memory=$(echo /sys/fs/cgroup/memory/x/tasks)\n"
              "cgroup_tasks_devices=$(echo /sys/fs/cgroup/devices/x/tasks)\n"
              "cgroup=$(echo /sys/fs/cgroup/unified/x)\n");
    EXPECT_EQ(running.shell(planning.steps[2]),
              "echo 0 > ${cgroup_tasks_cpu}\necho 0 > ${cgroup_tasks_memory}\necho 0 > ${cgroup_tasks_devices}\n");
}
