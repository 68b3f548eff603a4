// SPDX-License-Identifier: MIT
#include "../../../plugins/cgroup-v2/device_program.hpp"
#include "../../../plugins/cgroup-v2/limits.hpp"
#include <ctr/testing/host.hpp>

#include <ctr/ext/cgroup.h>

#include <gtest/gtest.h>

using namespace ctr::cgroup2;
using ctr::cgroup::any_device;
using ctr::cgroup::DeviceRule;

namespace {

using Lines = std::vector<std::string>;

struct CgroupV2 : ::testing::Test {
    CgroupV2() {
        planning.answers = {{"mounts", "30 1 0:26 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"},
                            {"file:/sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n"}};
    }
    int plan(const char *spec) { return planning.plan(ctr_plugin_entry_v1, spec); }
    ctr::testing::Planning planning;
};

/// The settings as text, or where the problem is.
Lines settings(const char *text, const Current *current = nullptr) {
    const auto json = ctr::testing::Json::parse(text);
    const auto resources = ctr::cgroup::read_resources(ctr::testing::node(json), "/linux/resources");
    const auto all = resources.ok() ? limit_settings(resources.value(), current) : resources.error();
    if (!all.ok()) return {"refused: " + all.error().path};
    Lines out;
    for (const auto &s : all.value())
        out.push_back(s.text());
    return out;
}

/// A BPF machine with the instructions that the generator uses; anything else fails the test.
bool run_program(const std::vector<bpf_insn> &code, char type, std::uint32_t major, std::uint32_t minor,
                 std::uint32_t access) {
    const std::uint32_t context[3] = {(access << 16) | (type == 'b' ? 1u : 2u), major, minor};
    std::uint64_t r[11] = {};
    for (std::size_t pc = 0; pc < code.size(); ++pc) {
        const bpf_insn &i = code[pc];
        const auto value = static_cast<std::uint64_t>(static_cast<std::int64_t>(i.imm));
        switch (i.code) {
        case BPF_LDX | BPF_MEM | BPF_W: r[i.dst_reg] = context[i.off / 4]; break;
        case BPF_ALU64 | BPF_K | BPF_MOV: r[i.dst_reg] = value; break;
        case BPF_ALU64 | BPF_X | BPF_MOV: r[i.dst_reg] = r[i.src_reg]; break;
        case BPF_ALU64 | BPF_K | BPF_AND: r[i.dst_reg] &= value; break;
        case BPF_ALU64 | BPF_K | BPF_RSH: r[i.dst_reg] >>= value; break;
        case BPF_JMP | BPF_K | BPF_JNE: pc += r[i.dst_reg] != value ? static_cast<std::size_t>(i.off) : 0; break;
        case BPF_JMP | BPF_K | BPF_JEQ: pc += r[i.dst_reg] == value ? static_cast<std::size_t>(i.off) : 0; break;
        case BPF_JMP | BPF_EXIT: return r[0] != 0;
        default: ADD_FAILURE() << "instruction " << int{i.code}; return false;
        }
    }
    ADD_FAILURE() << "ran off the end";
    return false;
}

enum : std::uint32_t { mknod_access = 1, read_access = 2, write_access = 4 };

/// What the rules mean, said plainly: each access on its own, the last rule that speaks of it.
bool allowed(const std::vector<DeviceRule> &rules, char type, std::int64_t major, std::int64_t minor,
             std::uint32_t access) {
    for (const auto &[bit, right] : {std::pair{mknod_access, 'm'}, {read_access, 'r'}, {write_access, 'w'}}) {
        if ((access & bit) == 0) continue;
        bool allow = false;
        for (const auto &rule : rules)
            if ((rule.type == 'a' || rule.type == type) && (rule.major == any_device || rule.major == major) &&
                (rule.minor == any_device || rule.minor == minor) && rule.has(right))
                allow = rule.allow;
        if (!allow) return false;
    }
    return true;
}

void expect_same(const std::vector<DeviceRule> &rules) {
    const auto code = device_program(rules);
    for (const char type : {'b', 'c'})
        for (std::uint32_t major : {0u, 1u, 5u, 136u, 4095u})
            for (std::uint32_t minor : {0u, 1u, 3u, 1048575u})
                for (std::uint32_t access = 1; access < 8; ++access)
                    ASSERT_EQ(run_program(code, type, major, minor, access), allowed(rules, type, major, minor, access))
                        << type << ' ' << major << ':' << minor << " access " << access;
}

} // namespace

TEST_F(CgroupV2, SharesBecomeWeights) {
    EXPECT_EQ(weight_of_shares(2), 1u);
    EXPECT_EQ(weight_of_shares(1024), 100u) << "the default of both";
    EXPECT_EQ(weight_of_shares(512), 59u);
    EXPECT_EQ(weight_of_shares(2048), 174u);
    EXPECT_EQ(weight_of_shares(100), 17u);
    EXPECT_EQ(weight_of_shares(262143), 10000u);
    std::uint64_t last = 0;
    for (std::uint64_t shares = 0; shares < 262150; ++shares) {
        const std::uint64_t weight = weight_of_shares(shares);
        ASSERT_TRUE(weight >= last && weight >= 1 && weight <= 10000) << shares;
        last = weight;
    }
    EXPECT_EQ(weight_of_shares(262144), 10000u);
    EXPECT_EQ(weight_of_shares(1), 1u);
    EXPECT_EQ(weight_of_shares(UINT64_MAX), 10000u);
    EXPECT_EQ(io_weight(10), 1u);
    EXPECT_EQ(io_weight(1000), 10000u);
    EXPECT_EQ(io_weight(500), 4950u);
}

TEST_F(CgroupV2, SwapIsWithoutMemory) {
    EXPECT_EQ(settings(R"({"memory": {"limit": 100, "swap": 250, "reservation": 50}})"),
              (Lines{"memory.max=100", "memory.swap.max=150", "memory.low=50"}));
    EXPECT_EQ(settings(R"({"memory": {"limit": 100, "swap": 100}})"), (Lines{"memory.max=100", "?memory.swap.max=0"}));
    EXPECT_EQ(settings(R"({"memory": {"limit": -1, "swap": -1, "reservation": -1}})"),
              (Lines{"memory.max=max", "?memory.swap.max=max", "memory.low=max"}));
    EXPECT_EQ(settings(R"({"memory": {"swap": 100}})"), Lines{"refused: /linux/resources/memory/swap"});
    EXPECT_EQ(settings(R"({"memory": {"limit": -1}})"), (Lines{"memory.max=max", "?memory.swap.max=max"}));
    EXPECT_EQ(settings(R"({"memory": {"limit": -1, "swap": 50}})"), (Lines{"memory.max=max", "memory.swap.max=50"}))
        << "no limit of memory to take off";
    const Current current{80, {}};
    EXPECT_EQ(settings(R"({"memory": {"swap": 100}})", &current), Lines{"memory.swap.max=20"})
        << "an update knows the limit";
    const Current unlimited{-1, {}};
    EXPECT_EQ(settings(R"({"memory": {"swap": 100}})", &unlimited), Lines{"refused: /linux/resources/memory/swap"});
}

TEST_F(CgroupV2, CpuIsConverted) {
    EXPECT_EQ(
        settings(
            R"({"cpu": {"shares": 1024, "quota": 50000, "period": 100000, "burst": 1000, "cpus": "0-1", "mems": "0", "idle": 1}})"),
        (Lines{"cpuset.cpus=0-1", "cpuset.mems=0", "cpu.weight=100", "cpu.max=50000 100000", "cpu.max.burst=1000",
               "cpu.idle=1"}));
    EXPECT_EQ(settings(R"({"cpu": {"quota": 50000}})"), Lines{"cpu.max=50000"});
    EXPECT_EQ(settings(R"({"cpu": {"quota": -1, "period": 5000}})"), Lines{"cpu.max=max 5000"});
    EXPECT_EQ(settings(R"({"cpu": {"period": 5000}})"), Lines{"cpu.max=max 5000"});
    const Current current{{}, "7000 100000"};
    EXPECT_EQ(settings(R"({"cpu": {"period": 5000}})", &current), Lines{"cpu.max=7000 5000"})
        << "an update keeps the quota";
    EXPECT_EQ(settings(R"({"cpu": {"idle": 0, "shares": 2}})"), (Lines{"?cpu.idle=0", "cpu.weight=1"}));
}

TEST_F(CgroupV2, IoHasOneLineForEachDevice) {
    EXPECT_EQ(settings(R"({"blockIO": {"weight": 500, "weightDevice": [{"major": 8, "minor": 0, "weight": 10}],
                 "throttleReadBpsDevice": [{"major": 8, "minor": 0, "rate": 1}, {"major": 8, "minor": 16, "rate": 2}],
                 "throttleWriteBpsDevice": [{"major": 8, "minor": 0, "rate": 3}], "throttleReadIOPSDevice": [{"major": 8, "minor": 0, "rate": 4}],
                 "throttleWriteIOPSDevice": [{"major": 8, "minor": 16, "rate": 0}]}})"),
              (Lines{"io.bfq.weight=500", "|io.weight=4950", "io.bfq.weight=8:0 10", "|io.weight=8:0 1",
                     "io.max=8:0 rbps=1 wbps=3 riops=4", "io.max=8:16 rbps=2 wiops=max"}));
    EXPECT_EQ(settings(R"({"blockIO": {"leafWeight": 10}})"), Lines{"refused: /linux/resources/blockIO/leafWeight"});
}

TEST_F(CgroupV2, TheRestOfTheResources) {
    EXPECT_EQ(
        settings(
            R"({"pids": {"limit": 0}, "hugepageLimits": [{"pageSize": "1GB", "limit": 4}], "rdma": {"mlx": {"hcaObjects": 2}}})"),
        (Lines{"pids.max=1", "hugetlb.1GB.max=4", "?hugetlb.1GB.rsvd.max=4", "rdma.max=mlx hca_object=2"}));
    EXPECT_EQ(settings(R"({"pids": {"limit": -1}})"), Lines{"pids.max=max"});
    EXPECT_EQ(
        settings(
            R"({"memory": {"limit": 5}, "unified": {"memory.max": "7", "io.max": "8:0 rbps=1\n8:16 wbps=2", "cpuset.cpus": ""}})"),
        (Lines{"memory.max=5", "cpuset.cpus=\n", "io.max=8:0 rbps=1", "io.max=8:16 wbps=2", "memory.max=7"}));
}

TEST_F(CgroupV2, WhatOnlyV1HasIsRefused) {
    for (const char *text : {R"({"memory": {"swappiness": 0}})", R"({"memory": {"kernelTCP": 1}})",
                             R"({"memory": {"disableOOMKiller": true}})", R"({"memory": {"useHierarchy": false}})",
                             R"({"cpu": {"realtimeRuntime": 1}})", R"({"network": {"classID": 1}})"})
        EXPECT_EQ(settings(text).front().substr(0, 8), "refused:") << text;
    EXPECT_EQ(settings(R"({"memory": {"disableOOMKiller": false, "useHierarchy": true}})"), Lines{});
}

TEST_F(CgroupV2, ProgramMeansWhatTheRulesMean) {
    const DeviceRule deny_all{false, 'a', any_device, any_device, "rwm"};
    expect_same({});
    expect_same({deny_all});
    expect_same({{true, 'a', any_device, any_device, "rwm"}});
    expect_same(ctr::cgroup::effective_rules({deny_all}));
    expect_same(
        {deny_all, {true, 'c', 1, 3, "r"}, {true, 'c', 1, 3, "w"}}); // together they allow reading and writing at once
    expect_same({deny_all, {true, 'c', 5, any_device, "rwm"}, {false, 'c', 5, 1, "w"}});
    expect_same({{false, 'a', any_device, 3, "w"},
                 {true, 'b', any_device, any_device, "rw"},
                 {false, 'b', 1, any_device, "m"}});
    expect_same({deny_all, {true, 'c', 4095, 1048575, "rwm"}, {true, 'a', any_device, any_device, "m"}});
}

TEST_F(CgroupV2, NothingBehindARuleAboutEverything) {
    EXPECT_EQ(device_program({{true, 'c', 1, 3, "rwm"}, {false, 'a', any_device, any_device, "rwm"}}).size(),
              device_program({}).size());
    EXPECT_FALSE(run_program(device_program({}), 'c', 1, 3, read_access)) << "what no rule decides is denied";
}

TEST_F(CgroupV2, DeviceRulesStandInEveryPlanOfTheMachinesRoot) {
    for (const char *spec :
         {"{}", R"({"linux": {"resources": {}}})", R"({"linux": {"resources": {"devices": []}}})",
          R"({"linux": {"resources": {"devices": [{"allow": true, "type": "c", "major": 10, "minor": 229}]}}})"}) {
        ASSERT_EQ(plan(spec), 0) << spec;
        ASSERT_NE(planning.step("cgroup2.devices"), nullptr) << spec;
        EXPECT_EQ(planning.step("cgroup2.devices")->all("device").front(), "deny a *:* rwm") << spec;
    }
    planning.answers["euid"] = "1000";
    ASSERT_EQ(plan("{}"), 0);
    EXPECT_EQ(planning.step("cgroup2.devices"), nullptr) << "a user could not set them";
    ASSERT_EQ(plan(R"({"linux": {"resources": {"devices": [{"allow": false}]}}})"), 0);
    EXPECT_NE(planning.step("cgroup2.devices"), nullptr) << "asked for";
}

TEST_F(CgroupV2, ARuleThatCannotBeReadIsNotLeftOut) {
    ASSERT_EQ(plan("{}"), 0);
    ctr::testing::Step step = *planning.step("cgroup2.devices");
    step.args.push_back({"device", CTR_FORM_STRING, 0, "deny everything"});
    ctr::testing::Running running{ctr_plugin_entry_v1};
    EXPECT_EQ(running.apply(step), -1);
    EXPECT_EQ(running.failure.error_class, CTR_E_INVALID);
}

TEST_F(CgroupV2, ADamagedRecordNamesNoCgroup) {
    ASSERT_EQ(plan("{}"), 0);
    for (const char *name : {"path", "mount"})
        for (const char *wrong : {"", "/", "/..", "ctr"}) {
            ctr::testing::Step step = planning.steps[0];
            for (auto &arg : step.args)
                if (arg.name == name) arg.text = wrong;
            ctr::testing::Running running{ctr_plugin_entry_v1};
            EXPECT_EQ(running.undo(step), -1) << name << wrong;
            const auto *driver = static_cast<const ctr_cgroup_v1 *>(ctr_plugin_entry_v1.extension(CTR_EXT_CGROUP));
            EXPECT_EQ(running.in(CTR_IN_CALL, step, [&](ctr_run *r) { return driver->kill(r, 9); }), -1)
                << name << wrong;
            EXPECT_EQ(running.in(CTR_IN_CALL, step, [&](ctr_run *r) { return driver->freeze(r, 1); }), -1)
                << name << wrong;
        }
}

TEST_F(CgroupV2, PlanMakesTheCgroupAndTheChildIsBornInIt) {
    ASSERT_EQ(plan(R"({"linux": {"resources": {"pids": {"limit": 5}, "devices": [{"allow": false}]}}})"), 0);
    ASSERT_EQ(planning.steps.size(), 3u);
    EXPECT_EQ(planning.steps[0].text(),
              "cgroup2.create path=/ctr/box mount=/sys/fs/cgroup owner=/run/ctr/containers/box "
              "controller=cpuset controller=cpu controller=io "
              "controller=memory controller=pids set=pids.max=5");
    EXPECT_EQ(planning.steps[1].text().substr(0, 61), "cgroup2.devices cgroup=<cgroup> device=deny a *:* rwm device=");
    EXPECT_EQ(planning.steps[2].text(), "clone.cgroup cgroup=<cgroup>");
    EXPECT_EQ(planning.steps[2].gives, Lines{"cgroup.joined"});
}

TEST_F(CgroupV2, MissingControllerIsRefusedByName) {
    ASSERT_EQ(plan(R"({"linux": {"resources": {"hugepageLimits": [{"pageSize": "2MB", "limit": 1}]}}})"), -1);
    EXPECT_NE(planning.failure.message.find("hugetlb"), std::string::npos);
    EXPECT_EQ(planning.failure.path, "/linux/resources/hugepageLimits");
    EXPECT_EQ(plan(R"({"linux": {"resources": {"unified": {"misc.max": "x 1"}}}})"), -1);
    EXPECT_EQ(plan(R"({"linux": {"resources": {"unified": {"cgroup.max.depth": "3"}}}})"), 0) << "no controller needed";
}

TEST_F(CgroupV2, MountOfTypeCgroupDependsOnTheNamespace) {
    const char *const own =
        R"({"linux": {"namespaces": [{"type": "cgroup"}]}, "mounts": [{"destination": "/sys/fs/cgroup", "type": "cgroup", "options": ["nosuid", "ro"]}]})";
    ASSERT_EQ(plan(own), 0);
    EXPECT_EQ(planning.steps.back().text(),
              "mount.new target=/sys/fs/cgroup type=cgroup2 source=cgroup options=nosuid options=ro");
    ASSERT_EQ(plan(R"({"mounts": [{"destination": "/sys/fs/cgroup", "type": "cgroup", "options": ["ro"]}]})"), 0);
    EXPECT_EQ(planning.steps.back().text(),
              "mount.bind target=/sys/fs/cgroup source=/sys/fs/cgroup/ctr/box options=bind options=ro");
    EXPECT_EQ(planning.steps.back().gives, Lines{"cgroup.mounted"});
}

TEST_F(CgroupV2, WritableCgroupBelongsToTheContainersUser) {
    ASSERT_EQ(plan(R"({"process": {"user": {"uid": 5, "gid": 6}}, "linux": {"namespaces": [{"type": "cgroup"}],
        "uidMappings": [{"containerID": 0, "hostID": 100000, "size": 65536}], "gidMappings": [{"containerID": 6, "hostID": 200000, "size": 1}]},
        "mounts": [{"destination": "/sys/fs/cgroup", "type": "cgroup"}]})"),
              0);
    EXPECT_NE(planning.steps[0].text().find(" uid=100005 gid=200000"), std::string::npos) << planning.steps[0].text();
}

TEST_F(CgroupV2, ExecGoesWhereTheContainerIs) {
    planning.operation = CTR_OP_EXEC;
    ASSERT_EQ(plan(R"({"ctr": {"cgroup": "/elsewhere/box"}})"), 0);
    ASSERT_EQ(planning.steps.size(), 2u);
    EXPECT_EQ(planning.steps[0].text(), "cgroup2.open path=/elsewhere/box mount=/sys/fs/cgroup init=<init.pidfd>");
    EXPECT_EQ(planning.steps[1].text(), "clone.cgroup cgroup=<cgroup>");
}
