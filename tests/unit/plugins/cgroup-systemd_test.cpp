// SPDX-License-Identifier: MIT
//
// The names of units, the properties for each resource, the plan. What systemd makes of them is looked at in tests/vm.
#include "../../../plugins/cgroup-systemd/names.hpp"
#include "../../../plugins/cgroup-systemd/properties.hpp"
#include "../../../plugins/cgroup-v1/limits.hpp"
#include "../../../plugins/cgroup-v2/limits.hpp"
#include <ctr/testing/host.hpp>

#include <gtest/gtest.h>

using namespace ctr::systemd;
using ctr::cgroup::any_device;
using ctr::cgroup::DeviceRule;

namespace {

using Lines = std::vector<std::string>;

/// "UNIT SLICE PATH", or what is wrong.
std::string scope(std::string_view asked, std::string_view slice = "system.slice", std::string_view id = "box") {
    const auto found = scope_of(asked, slice, id);
    if (!found.ok()) return "refused: " + found.error().text();
    return found.value().unit + ' ' + found.value().slice + ' ' + found.value().path;
}

std::string path_of_slice(std::string_view slice) { return slice_path(slice).value_or("none"); }

Lines properties(const char *text) {
    const auto json = ctr::testing::Json::parse(text);
    const auto resources = ctr::cgroup::read_resources(ctr::testing::node(json), "/linux/resources");
    const auto settings = resources.ok() ? ctr::cgroup2::limit_settings(resources.value(), nullptr) : resources.error();
    EXPECT_TRUE(settings.ok()) << settings.error().text();
    return settings.ok() ? limit_properties(settings.value()) : Lines();
}

Lines properties_v1(const char *text) {
    const auto json = ctr::testing::Json::parse(text);
    const auto resources = ctr::cgroup::read_resources(ctr::testing::node(json), "/linux/resources");
    EXPECT_TRUE(resources.ok()) << resources.error().text();
    return resources.ok() ? limit_properties_v1(ctr::cgroup1::limit_settings(resources.value())) : Lines();
}

/// The property, or where and why not.
std::string annotation(std::string_view name, std::string_view value) {
    const auto property = annotated_property(name, value);
    return property.ok() ? property.value() : "refused: " + property.error().text();
}

bool starts_with(const std::string &text, std::string_view start) { return text.compare(0, start.size(), start) == 0; }

const DeviceRule deny_all{false, 'a', any_device, any_device, "rwm"};

struct CgroupSystemd : ::testing::Test {
    CgroupSystemd() {
        planning.answers = {{"exists:/run/systemd/system", "yes"},
                            {"fstype:/sys/fs/cgroup", "cgroup2"},
                            {"euid", "0"},
                            {"mounts", "30 1 0:26 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"},
                            {"file:/sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n"}};
    }
    int plan(const char *spec) { return planning.plan(ctr_plugin_entry_v1, spec); }
    ctr::testing::Planning planning;
};

/// A user of cgroup v2, whose systemd was given three controllers.
struct CgroupSystemdUser : CgroupSystemd {
    CgroupSystemdUser() {
        planning.answers["euid"] = "1000";
        planning.answers["exists:/sys/fs/cgroup" + top] = "yes";
        planning.answers["file:/sys/fs/cgroup" + top + "/cgroup.controllers"] = "cpu memory pids\n";
    }
    const std::string top = "/user.slice/user-1000.slice/user@1000.service";
};

/// The step, without its arguments about devices.
std::string without_devices(ctr::testing::Step step) {
    const auto about_devices = [](const ctr::testing::Arg &arg) {
        return starts_with(arg.text, "Device") || arg.text.find("devices.") < 2;
    };
    step.args.erase(std::remove_if(step.args.begin(), step.args.end(), about_devices), step.args.end());
    return step.text();
}

/// As systemd mounts cgroup v1.
struct CgroupSystemdV1 : CgroupSystemd {
    CgroupSystemdV1() {
        planning.answers["fstype:/sys/fs/cgroup"] = "tmpfs";
        planning.answers["mounts"] = legacy;
        planning.answers["file:/proc/cgroups"] =
            "#subsys_name\thierarchy\tnum_"
            "cgroups\tenabled\ncpuset\t3\t1\t1\ncpu\t1\t1\t1\ncpuacct\t1\t1\t1\nmemory\t4\t13\t1\n"
            "freezer\t6\t1\t1\npids\t8\t1\t1\ndevices\t9\t1\t1\n";
    }
    const std::string legacy = "30 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"
                               "33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
                               "34 31 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
                               "36 31 0:33 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
                               "37 31 0:34 / /sys/fs/cgroup/freezer rw - cgroup cgroup rw,freezer\n"
                               "38 31 0:35 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
                               "39 31 0:38 / /sys/fs/cgroup/devices rw - cgroup cgroup rw,devices\n";
    const std::string hybrid = "29 31 0:36 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate\n" + legacy;
};

} // namespace

TEST_F(CgroupSystemd, ASliceIsBelowTheSlicesThatItsNameBeginsWith) {
    EXPECT_EQ(path_of_slice("system.slice"), "/system.slice");
    EXPECT_EQ(path_of_slice("a-b.slice"), "/a.slice/a-b.slice");
    EXPECT_EQ(path_of_slice("kubepods-burstable-pod1_2.slice"),
              "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice");
    EXPECT_EQ(path_of_slice("-.slice"), "") << "the root";
    EXPECT_EQ(path_of_slice("_a.slice"), "/__a.slice") << "systemd escapes what could be taken for its own escape";
    EXPECT_EQ(path_of_slice("memory.x.slice"), "/_memory.x.slice") << "and for a file of the kernel";
    for (const char *none : {"", ".slice", "system", "system.scope", "-a.slice", "a-.slice", "a--b.slice", "a/b.slice",
                             "../x.slice", "a b.slice", "--.slice"})
        EXPECT_EQ(path_of_slice(none), "none") << none;
}

TEST_F(CgroupSystemd, AScopeIsNamedByPrefixAndName) {
    EXPECT_EQ(scope(""), "ctr-box.scope system.slice /system.slice/ctr-box.scope");
    EXPECT_EQ(scope("machine.slice:libpod:abc"), "libpod-abc.scope machine.slice /machine.slice/libpod-abc.scope");
    EXPECT_EQ(scope("a-b.slice:ctr:x"), "ctr-x.scope a-b.slice /a.slice/a-b.slice/ctr-x.scope");
    EXPECT_EQ(scope(":docker:abc"), "docker-abc.scope system.slice /system.slice/docker-abc.scope");
    EXPECT_EQ(scope("system.slice::abc"), "abc.scope system.slice /system.slice/abc.scope");
    EXPECT_EQ(scope("::"), "box.scope system.slice /system.slice/box.scope");
    EXPECT_EQ(scope("-.slice:p:n"), "p-n.scope -.slice /p-n.scope");
    EXPECT_EQ(scope("", "user-1.slice"), "ctr-box.scope user-1.slice /user.slice/user-1.slice/ctr-box.scope");
    EXPECT_EQ(scope("system.slice::cpu.x"), "cpu.x.scope system.slice /system.slice/_cpu.x.scope");
}

TEST_F(CgroupSystemd, WhatIsNoNameIsRefused) {
    const auto refused = [](std::string_view asked, std::string_view id = "box") {
        const std::string said = scope(asked, "system.slice", id);
        return starts_with(said, "refused: /linux/cgroupsPath: ") ? said.substr(29) : "taken: " + said;
    };
    EXPECT_EQ(refused("/machine/box"), "\"/machine/box\" is not the form slice:prefix:name that systemd needs");
    EXPECT_EQ(refused("a.slice:b"), "\"a.slice:b\" is not the form slice:prefix:name that systemd needs");
    EXPECT_EQ(refused("a.slice:b:c:d"), "\"a.slice:b:c:d\" is not the form slice:prefix:name that systemd needs");
    EXPECT_EQ(refused("a:b:c"), "\"a\" is not the name of a slice");
    EXPECT_EQ(refused("../x.slice:b:c"), "\"../x.slice\" is not the name of a slice");
    EXPECT_EQ(refused("a.slice:b:c.slice"), "\"c.slice\" is a slice, and systemd puts no process into one");
    EXPECT_EQ(refused("a.slice:b:c/d"), "\"b-c/d.scope\" is no name that systemd takes");
    EXPECT_EQ(refused("a.slice:b:" + std::string(248, 'x')).substr(0, 5), "\"b-xx") << "256 bytes with .scope";
    EXPECT_EQ(refused("a.slice:b:" + std::string(247, 'x')).substr(0, 5), "taken");
    EXPECT_EQ(refused("", "a+b"), "\"ctr-a+b.scope\" is no name that systemd takes");
}

TEST_F(CgroupSystemd, MemoryIsTheSameNumberAsInTheFile) {
    EXPECT_EQ(properties(R"({"memory": {"limit": 67108864, "swap": 100663296, "reservation": 1024}})"),
              (Lines{"MemoryMax=67108864", "MemorySwapMax=33554432", "MemoryLow=1024"}));
    EXPECT_EQ(properties(R"({"memory": {"limit": -1, "swap": -1}})"),
              (Lines{"MemoryMax=18446744073709551615", "MemorySwapMax=18446744073709551615"}));
}

TEST_F(CgroupSystemd, ProcessorTimeIsInWholePercents) {
    EXPECT_EQ(properties(R"({"cpu": {"shares": 1024, "quota": 50000, "period": 100000}})"),
              (Lines{"CPUWeight=100", "CPUQuotaPerSecUSec=500000", "CPUQuotaPeriodUSec=100000"}));
    EXPECT_EQ(properties(R"({"cpu": {"quota": 33333}})"),
              (Lines{"CPUQuotaPerSecUSec=340000", "CPUQuotaPeriodUSec=100000"}))
        << "rounded up, so that systemd never gives less";
    EXPECT_EQ(properties(R"({"cpu": {"quota": 20000, "period": 7000}})"),
              (Lines{"CPUQuotaPerSecUSec=2860000", "CPUQuotaPeriodUSec=7000"}));
    EXPECT_EQ(properties(R"({"cpu": {"quota": -1, "period": 5000}})"),
              (Lines{"CPUQuotaPerSecUSec=18446744073709551615", "CPUQuotaPeriodUSec=5000"}));
    EXPECT_EQ(properties(R"({"cpu": {"quota": 9000000000000000000}})"),
              (Lines{"CPUQuotaPerSecUSec=18446744073709551615", "CPUQuotaPeriodUSec=100000"}))
        << "what would overflow is no limit";
    EXPECT_EQ(properties(R"({"cpu": {"idle": 1}})"), Lines{"CPUWeight=0"});
    EXPECT_EQ(properties(R"({"cpu": {"burst": 5}})"), Lines{}) << "no property";
}

TEST_F(CgroupSystemd, ProcessorsAndNodesAreMasks) {
    EXPECT_EQ(properties(R"({"cpu": {"cpus": "0-2,5", "mems": "0"}})"),
              (Lines{"AllowedCPUs=0-2,5", "AllowedMemoryNodes=0"}));
    EXPECT_EQ(mask_of("0-2,5"), std::vector<std::uint8_t>{0x27});
    EXPECT_EQ(mask_of("0,9"), (std::vector<std::uint8_t>{0x01, 0x02}));
    EXPECT_EQ(mask_of("15-16"), (std::vector<std::uint8_t>{0x00, 0x80, 0x01}));
    EXPECT_EQ(mask_of(""), std::vector<std::uint8_t>{}) << "all that the parent has";
    for (const char *none : {"a", "2-1", "0-", "-1", "65536", "1-2-3", "max"})
        EXPECT_EQ(mask_of(none), std::nullopt) << none;
}

TEST_F(CgroupSystemd, TasksAndIo) {
    EXPECT_EQ(properties(R"({"pids": {"limit": 20}})"), Lines{"TasksMax=20"});
    EXPECT_EQ(properties(R"({"pids": {"limit": -1}})"), Lines{"TasksMax=18446744073709551615"});
    EXPECT_EQ(properties(R"({"pids": {"limit": 0}})"), Lines{"TasksMax=1"}) << "systemd refuses 0";
    EXPECT_EQ(properties(R"({"blockIO": {"weight": 500, "weightDevice": [{"major": 8, "minor": 0, "weight": 10}]}})"),
              Lines{"IOWeight=4950"})
        << "the weight of one device is not the weight of all";
}

TEST_F(CgroupSystemd, WhatIsSaidLiterallyIsToldTooTheLastWordHolds) {
    EXPECT_EQ(properties(R"({"memory": {"limit": 5}, "unified": {"memory.max": "7", "memory.high": "max"}})"),
              (Lines{"MemoryHigh=18446744073709551615", "MemoryMax=7"}));
    EXPECT_EQ(properties(R"({"unified": {"cpu.max": "10000 50000", "cpuset.cpus": ""}})"),
              (Lines{"CPUQuotaPerSecUSec=200000", "CPUQuotaPeriodUSec=50000", "AllowedCPUs="}));
    EXPECT_EQ(properties(R"({"unified": {"memory.max": "64M"}})"), Lines{})
        << "a suffix is the kernel's to read: systemd is told nothing, and leaves a file alone of which it knows "
           "nothing";
}

TEST_F(CgroupSystemd, WhatSystemdDoesNotKnowIsLeftOut) {
    EXPECT_EQ(properties(R"({"hugepageLimits": [{"pageSize": "2MB", "limit": 4}], "rdma": {"mlx": {"hcaObjects": 2}},
                             "blockIO": {"throttleReadBpsDevice": [{"major": 8, "minor": 0, "rate": 1}]}})"),
              Lines{});
}

TEST_F(CgroupSystemd, DevicesAreAllowedByNumber) {
    const auto all = device_properties(ctr::cgroup::effective_rules({deny_all,
                                                                     {true, 'c', 10, 229, "rw"},
                                                                     {true, 'b', 8, any_device, "r"},
                                                                     {true, 'a', any_device, 3, "w"},
                                                                     {false, 'c', 1, 3, "w"}}));
    EXPECT_EQ(all,
              (Lines{"DevicePolicy=strict", "DeviceAllow=/dev/char/10:229 rw", "DeviceAllow=block-8 r",
                     "DeviceAllow=block-* w", "DeviceAllow=char-* w", "DeviceAllow=char-* m", "DeviceAllow=block-* m",
                     "DeviceAllow=/dev/char/1:3 rwm", "DeviceAllow=/dev/char/1:5 rwm", "DeviceAllow=/dev/char/1:7 rwm",
                     "DeviceAllow=/dev/char/1:8 rwm", "DeviceAllow=/dev/char/1:9 rwm", "DeviceAllow=/dev/char/5:0 rwm",
                     "DeviceAllow=/dev/char/5:2 rwm", "DeviceAllow=char-136 rwm", "DeviceAllow=/dev/char/10:200 rwm"}));
    EXPECT_EQ(device_properties({}), Lines{});
    const DeviceRule allow_all{true, 'a', any_device, any_device, "rwm"};
    EXPECT_EQ(device_properties(ctr::cgroup::effective_rules({allow_all, {false, 'c', 1, 3, "w"}})), Lines{})
        << "what allows all first is not strict";
    EXPECT_EQ(device_properties(ctr::cgroup::effective_rules({deny_all, allow_all})), Lines{}) << "privileged";
}

TEST_F(CgroupSystemd, AnnotationsAreReadAsGVariantWritesThem) {
    EXPECT_EQ(annotation("TimeoutStopUSec", "uint64 7000000"), "TimeoutStopUSec=7000000");
    EXPECT_EQ(annotation("TimeoutStopSec", "uint64 7"), "TimeoutStopUSec=7000000");
    EXPECT_EQ(annotation("RuntimeMaxSec", "int32 3"), "RuntimeMaxUSec=3000000");
    EXPECT_EQ(annotation("CollectMode", "'inactive'"), "CollectMode=inactive");
    EXPECT_EQ(annotation("KillMode", "\"mixed\""), "KillMode=mixed");
    EXPECT_EQ(annotation("SendSIGHUP", "true"), "SendSIGHUP=true");
    EXPECT_EQ(annotation("KillSignal", "int32 15"), "KillSignal=15");
}

TEST_F(CgroupSystemd, AnnotationsThatCouldDoHarmAreRefused) {
    for (const char *name : {"ExecStop", "ExecStart", "Slice", "Delegate", "MemoryMax", "DeviceAllow", "User", "Wants",
                             "Sec", "USec", "", "Nonsense", "Description", "IOAccounting"})
        EXPECT_EQ(annotation(name, "true"), "refused: /annotations/org.systemd.property." + std::string(name) +
                                                ": a container may not set this property of its scope")
            << name;
    const auto refused = [](std::string_view name, std::string_view value) {
        return starts_with(annotation(name, value), "refused: ");
    };
    EXPECT_TRUE(refused("SendSIGHUP", "1"));
    EXPECT_TRUE(refused("CollectMode", "inactive")) << "a string without quotes";
    EXPECT_TRUE(refused("CollectMode", "'in\nactive'"));
    EXPECT_TRUE(refused("CollectMode", "''"));
    EXPECT_TRUE(refused("KillSignal", "int32 65"));
    EXPECT_TRUE(refused("TimeoutStopUSec", "-1"));
    EXPECT_TRUE(refused("TimeoutStopUSec", "max"));
    EXPECT_TRUE(refused("TimeoutStopSec", "uint64 9999999999999999999")) << "times a million it does not fit";
}

TEST_F(CgroupSystemd, EveryPropertyThatIsMadeHasAType) {
    ASSERT_EQ(plan(R"({"annotations": {"org.systemd.property.KillMode": "'mixed'"}, "linux": {"resources": {
        "memory": {"limit": 5, "swap": 9, "reservation": 1}, "cpu": {"shares": 2, "quota": 1000, "cpus": "0", "mems": "0"},
        "pids": {"limit": 3}, "blockIO": {"weight": 10}, "unified": {"memory.min": "1", "memory.high": "2"}, "devices": [{"allow": false}]}}})"),
              0)
        << planning.failure.message;
    const auto all = planning.step("systemd.scope")->all("property");
    EXPECT_GT(all.size(), 30u);
    for (const auto &each : all)
        EXPECT_NE(type_of(each.substr(0, each.find('='))), nullptr) << each;
    EXPECT_EQ(type_of("ExecStart"), nullptr);
}

TEST_F(CgroupSystemd, PlanMakesTheScopeWhenTheChildIsThere) {
    ASSERT_EQ(
        plan(
            R"({"linux": {"cgroupsPath": "machine.slice:libpod:abc", "resources": {"pids": {"limit": 5}, "devices": [{"allow": false}]}}})"),
        0);
    ASSERT_EQ(planning.steps.size(), 2u);
    EXPECT_EQ(planning.steps[0].text(),
              "systemd.scope unit=libpod-abc.scope pid=<child.pid> property=Description=ctr container of "
              "/run/ctr/containers/box "
              "property=Slice=machine.slice property=Delegate=true property=DefaultDependencies=false "
              "property=MemoryAccounting=true property=CPUAccounting=true property=IOAccounting=true "
              "property=TasksAccounting=true property=CollectMode=inactive-or-failed property=TasksMax=5 "
              "property=DevicePolicy=strict property=DeviceAllow=char-* m property=DeviceAllow=block-* m "
              "property=DeviceAllow=/dev/char/1:3 rwm property=DeviceAllow=/dev/char/1:5 rwm "
              "property=DeviceAllow=/dev/char/1:7 rwm property=DeviceAllow=/dev/char/1:8 rwm "
              "property=DeviceAllow=/dev/char/1:9 rwm property=DeviceAllow=/dev/char/5:0 rwm "
              "property=DeviceAllow=/dev/char/5:2 rwm "
              "property=DeviceAllow=char-136 rwm property=DeviceAllow=/dev/char/10:200 rwm "
              "path=/machine.slice/libpod-abc.scope mount=/sys/fs/cgroup "
              "owner=/run/ctr/containers/box controller=cpuset controller=cpu controller=io controller=memory "
              "controller=pids "
              "set=pids.max=5");
    EXPECT_EQ(planning.steps[0].phase, CTR_ATTACH);
    EXPECT_EQ(planning.steps[0].gives, Lines{"cgroup.joined"});
    EXPECT_EQ(planning.steps[1].text().substr(0, 61), "systemd.devices cgroup=<cgroup> device=deny a *:* rwm device=");
    EXPECT_EQ(planning.steps[1].phase, CTR_ATTACH);
}

TEST_F(CgroupSystemd, AnnotationsReplaceWhatIsAskedOtherwise) {
    ASSERT_EQ(plan(R"({"annotations": {"org.systemd.property.CollectMode": "'inactive'", "other": "x"}})"), 0);
    const auto all = planning.steps[0].all("property");
    EXPECT_EQ(std::count(all.begin(), all.end(), "CollectMode=inactive"), 1);
    EXPECT_EQ(std::count(all.begin(), all.end(), "CollectMode=inactive-or-failed"), 0);
    ASSERT_EQ(plan(R"({"annotations": {"org.systemd.property.ExecStop": "'x'"}})"), -1);
    EXPECT_EQ(planning.failure.path, "/annotations/org.systemd.property.ExecStop");
}

TEST_F(CgroupSystemd, TheConfigNamesTheSliceForThoseWithoutOne) {
    planning.config = {{"slice", "ctr.slice"}};
    ASSERT_EQ(plan("{}"), 0);
    EXPECT_EQ(planning.steps[0].all("path"), Lines{"/ctr.slice/ctr-box.scope"});
    ASSERT_EQ(plan(R"({"linux": {"cgroupsPath": "machine.slice:a:b"}})"), 0);
    EXPECT_EQ(planning.steps[0].all("path"), Lines{"/machine.slice/a-b.scope"});
}

TEST_F(CgroupSystemd, MachinesWithoutSystemdAreRefused) {
    planning.answers.erase("exists:/run/systemd/system");
    ASSERT_EQ(plan("{}"), -1);
    EXPECT_EQ(planning.failure.error_class, CTR_E_UNSUPPORTED);
    EXPECT_EQ(planning.failure.message, "this machine was not booted with systemd");
}

TEST_F(CgroupSystemd, MissingControllerIsRefusedByName) {
    ASSERT_EQ(plan(R"({"linux": {"resources": {"hugepageLimits": [{"pageSize": "2MB", "limit": 1}]}}})"), -1);
    EXPECT_NE(planning.failure.message.find("hugetlb"), std::string::npos);
    EXPECT_EQ(planning.failure.path, "/linux/resources/hugepageLimits");
}

TEST_F(CgroupSystemd, ExecGoesWhereTheContainerIs) {
    planning.operation = CTR_OP_EXEC;
    ASSERT_EQ(plan(R"({"ctr": {"cgroup": "/machine.slice/libpod-abc.scope"}})"), 0);
    ASSERT_EQ(planning.steps.size(), 2u);
    EXPECT_EQ(planning.steps[0].text(),
              "systemd.open path=/machine.slice/libpod-abc.scope mount=/sys/fs/cgroup init=<init.pidfd>");
    EXPECT_EQ(planning.steps[1].text(), "clone.cgroup cgroup=<cgroup>");
}

TEST_F(CgroupSystemd, ScriptAsksSystemdTheSame) {
    ASSERT_EQ(plan(R"({"linux": {"resources": {"cpu": {"cpus": "0-2"}, "devices": [{"allow": false}]}}})"), 0);
    ctr::testing::Running running{ctr_plugin_entry_v1};
    const std::string script = running.shell(planning.steps[0]) + running.shell_undo(planning.steps[0]);
    EXPECT_TRUE(starts_with(script,
                            "busctl call org.freedesktop.systemd1 /org/freedesktop/systemd1 "
                            "org.freedesktop.systemd1.Manager StartTransientUnit 'ssa(sv)a(sa(sv))' "
                            "ctr-box.scope fail 13 Description s 'ctr container of /run/ctr/containers/box' Slice s "
                            "system.slice Delegate b true "))
        << script;
    for (const char *part :
         {" AllowedCPUs ay 1 7 ", " DevicePolicy s strict DeviceAllow 'a(ss)' 11 'char-*' m 'block-*' m ",
          "\nuntil [ -d /sys/fs/cgroup/system.slice/ctr-box.scope ]; do sleep 0.1; done\n",
          "\necho 0-2 > /sys/fs/cgroup/system.slice/ctr-box.scope/cpuset.cpus\n", "\nsystemctl stop ctr-box.scope "})
        EXPECT_NE(script.find(part), std::string::npos) << part << "\nin\n" << script;
}

TEST_F(CgroupSystemd, WhatOnlyV1HasIsRefused) {
    for (const char *each :
         {R"({"network": {"classID": 1}})", R"({"memory": {"swappiness": 1}})", R"({"memory": {"kernelTCP": 1}})",
          R"({"cpu": {"realtimeRuntime": 1}})", R"({"cpu": {"realtimePeriod": 1}})",
          R"({"blockIO": {"leafWeight": 10}})", R"({"network": {"priorities": [{"name": "eth0", "priority": 1}]}})"}) {
        EXPECT_EQ(plan((R"({"linux": {"resources": )" + std::string(each) + "}}").c_str()), -1) << each;
        EXPECT_EQ(planning.failure.path.substr(0, 17), "/linux/resources/") << each;
    }
}

TEST_F(CgroupSystemdV1, PropertiesAreThoseOfV1) {
    EXPECT_EQ(properties_v1(
                  R"({"memory": {"limit": 67108864, "swap": 100663296, "reservation": 1024}, "pids": {"limit": 20}})"),
              (Lines{"MemoryLimit=67108864", "TasksMax=20"}))
        << "systemd has no word for the others";
    EXPECT_EQ(properties_v1(R"({"memory": {"limit": -1}, "pids": {"limit": -1}})"),
              (Lines{"MemoryLimit=18446744073709551615", "TasksMax=18446744073709551615"}));
    EXPECT_EQ(properties_v1(R"({"pids": {"limit": 0}})"), Lines{"TasksMax=1"});
    EXPECT_EQ(properties_v1(R"({"cpu": {"shares": 512, "quota": 33333, "period": 50000, "cpus": "0", "mems": "0"}})"),
              (Lines{"CPUShares=512", "CPUQuotaPerSecUSec=670000", "CPUQuotaPeriodUSec=50000"}))
        << "systemd knows no cpuset of v1";
    EXPECT_EQ(properties_v1(R"({"cpu": {"shares": 1, "quota": 50000}})"),
              (Lines{"CPUShares=2", "CPUQuotaPerSecUSec=500000", "CPUQuotaPeriodUSec=100000"}));
    EXPECT_EQ(properties_v1(R"({"cpu": {"shares": 1000000, "quota": -1}})"),
              (Lines{"CPUShares=262144", "CPUQuotaPerSecUSec=18446744073709551615", "CPUQuotaPeriodUSec=100000"}));
    EXPECT_EQ(properties_v1(R"({"cpu": {"period": 50000}})"), Lines{}) << "a period of no quota";
    EXPECT_EQ(properties_v1(R"({"blockIO": {"weight": 500, "weightDevice": [{"major": 8, "minor": 0, "weight": 10}]},
                                "network": {"classID": 1}, "hugepageLimits": [{"pageSize": "2MB", "limit": 4}]})"),
              Lines{"BlockIOWeight=500"});
}

TEST_F(CgroupSystemdV1, PlanMakesTheScopeAndTheRestAndTheChildJoins) {
    ASSERT_EQ(
        plan(
            R"({"linux": {"cgroupsPath": "machine.slice:libpod:abc", "resources": {"pids": {"limit": 5}, "cpu": {"cpus": "0"}}}})"),
        0)
        << planning.failure.message;
    ASSERT_EQ(planning.steps.size(), 2u);
    EXPECT_EQ(without_devices(planning.steps[0]),
              "systemd.scope unit=libpod-abc.scope pid=<child.pid> property=Description=ctr container of "
              "/run/ctr/containers/box "
              "property=Slice=machine.slice property=Delegate=true property=DefaultDependencies=false "
              "property=MemoryAccounting=true property=CPUAccounting=true property=BlockIOAccounting=true "
              "property=TasksAccounting=true property=CollectMode=inactive-or-failed property=TasksMax=5 "
              "path=/machine.slice/libpod-abc.scope owner=/run/ctr/containers/box "
              "hierarchy=cpu,cpuacct /sys/fs/cgroup/cpu,cpuacct hierarchy=cpuset /sys/fs/cgroup/cpuset "
              "hierarchy=memory /sys/fs/cgroup/memory hierarchy=freezer /sys/fs/cgroup/freezer "
              "hierarchy=pids /sys/fs/cgroup/pids hierarchy=devices /sys/fs/cgroup/devices "
              "hierarchy=systemd /sys/fs/cgroup/systemd "
              "set=cpuset.cpus=0 set=pids.max=5");
    const auto properties = planning.steps[0].all("property"), set = planning.steps[0].all("set");
    EXPECT_EQ(std::count(properties.begin(), properties.end(), "DevicePolicy=strict"), 1);
    EXPECT_EQ(std::count(set.begin(), set.end(), "devices.deny=a"), 1);
    EXPECT_EQ(planning.steps[0].phase, CTR_ATTACH);
    EXPECT_EQ(planning.steps[0].gives, Lines{}) << "not before it is in the other hierarchies";
    EXPECT_EQ(planning.steps[1].text(), "systemd.join tasks=<cgroup.tasks.cpu> tasks=<cgroup.tasks.cpuset> "
                                        "tasks=<cgroup.tasks.memory> tasks=<cgroup.tasks.freezer> "
                                        "tasks=<cgroup.tasks.pids> tasks=<cgroup.tasks.devices>");
    EXPECT_EQ(planning.steps[1].phase, CTR_ISOLATE);
    EXPECT_EQ(planning.steps[1].gives, Lines{"cgroup.joined"});
}

TEST_F(CgroupSystemdV1, HybridHasSystemdsCgroupV2Too) {
    planning.answers["mounts"] = hybrid;
    ASSERT_EQ(plan("{}"), 0);
    const auto all = planning.steps[0].all("hierarchy");
    ASSERT_EQ(all.size(), 8u);
    EXPECT_EQ(all[6], "unified /sys/fs/cgroup/unified");
    EXPECT_EQ(all[7], "systemd /sys/fs/cgroup/systemd");
    EXPECT_EQ(planning.steps[1].all("tasks").size(), 6u);
}

TEST_F(CgroupSystemdV1, ExecJoinsAllOfThemAndSystemdsToo) {
    planning.answers["mounts"] = hybrid;
    planning.operation = CTR_OP_EXEC;
    for (const char *file :
         {"memory/m.slice/x.scope/tasks", "systemd/m.slice/x.scope/tasks", "unified/m.slice/x.scope/cgroup.procs"})
        planning.answers[std::string("exists:/sys/fs/cgroup/") + file] = "yes";
    ASSERT_EQ(plan(R"({"ctr": {"cgroup": "/m.slice/x.scope"}})"), 0) << planning.failure.message;
    ASSERT_EQ(planning.steps.size(), 3u);
    EXPECT_EQ(planning.steps[0].text(),
              "systemd.open path=/m.slice/x.scope hierarchy=memory /sys/fs/cgroup/memory "
              "hierarchy=unified /sys/fs/cgroup/unified init=<init.pidfd> hierarchy=systemd /sys/fs/cgroup/systemd");
    EXPECT_EQ(planning.steps[1].text(), "clone.cgroup cgroup=<cgroup>");
    EXPECT_EQ(planning.steps[2].text(), "systemd.join tasks=<cgroup.tasks.memory> tasks=<cgroup.tasks.systemd>");
    ctr::testing::Running running{ctr_plugin_entry_v1};
    EXPECT_EQ(running.shell(planning.steps[0]),
              "cgroup_tasks_memory=$(echo /sys/fs/cgroup/memory/m.slice/x.scope/tasks)\n"
              "cgroup=$(echo /sys/fs/cgroup/unified/m.slice/x.scope)\n"
              "cgroup_tasks_systemd=$(echo /sys/fs/cgroup/systemd/m.slice/x.scope/tasks)\n");
    EXPECT_EQ(plan(R"({"ctr": {"cgroup": "/m.slice/gone.scope"}})"), -1);
}

TEST_F(CgroupSystemdV1, MountOfTypeCgroupShowsTheContainersOwn) {
    ASSERT_EQ(plan(R"({"mounts": [{"destination": "/sys/fs/cgroup", "type": "cgroup", "options": ["ro"]}]})"), 0);
    Lines sources;
    for (const auto &step : planning.steps)
        if (step.kind == "mount.bind") sources = step.all("source");
    const std::string scope = "/system.slice/ctr-box.scope";
    EXPECT_EQ(sources,
              (Lines{"/sys/fs/cgroup/cpu,cpuacct" + scope, "/sys/fs/cgroup/cpuset" + scope,
                     "/sys/fs/cgroup/memory" + scope, "/sys/fs/cgroup/freezer" + scope, "/sys/fs/cgroup/pids" + scope,
                     "/sys/fs/cgroup/devices" + scope, "/sys/fs/cgroup/systemd" + scope}));
}

TEST_F(CgroupSystemdV1, WhatIsMissingIsRefusedByName) {
    ASSERT_EQ(plan(R"({"linux": {"resources": {"hugepageLimits": [{"pageSize": "2MB", "limit": 1}]}}})"), -1);
    EXPECT_EQ(planning.failure.path, "/linux/resources/hugepageLimits");
    ASSERT_EQ(plan(R"({"linux": {"resources": {"unified": {"memory.high": "1"}}}})"), -1);
    EXPECT_EQ(planning.failure.path, "/linux/resources/unified");
    planning.answers["mounts"] = "36 31 0:33 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
    ASSERT_EQ(plan("{}"), -1) << "without name=systemd";
    EXPECT_EQ(planning.failure.error_class, CTR_E_UNSUPPORTED);
    EXPECT_EQ(planning.failure.path, "/sys/fs/cgroup");
}

TEST_F(CgroupSystemdUser, TheUsersSystemdMakesTheScopeBelowItsService) {
    ASSERT_EQ(
        plan(
            R"({"linux": {"cgroupsPath": "user.slice:libpod:abc", "resources": {"pids": {"limit": 5}, "devices": [{"allow": false}]}}})"),
        0)
        << planning.failure.message;
    ASSERT_EQ(planning.steps.size(), 1u) << "no device program: it takes privilege";
    EXPECT_EQ(
        planning.steps[0].text(),
        "systemd.scope unit=libpod-abc.scope pid=<child.pid> property=Description=ctr container of "
        "/run/ctr/containers/box "
        "property=Slice=user.slice property=Delegate=true property=DefaultDependencies=false "
        "property=MemoryAccounting=true property=CPUAccounting=true property=IOAccounting=true "
        "property=TasksAccounting=true property=CollectMode=inactive-or-failed user=1000 property=TasksMax=5 path=" +
            top + "/user.slice/libpod-abc.scope mount=/sys/fs/cgroup owner=/run/ctr/containers/box set=pids.max=5");
    EXPECT_EQ(planning.steps[0].gives, Lines{"cgroup.joined"});
}

TEST_F(CgroupSystemdUser, WithoutAPathItIsInTheUsersSlice) {
    ASSERT_EQ(plan("{}"), 0);
    EXPECT_EQ(planning.steps[0].all("path"), Lines{top + "/user.slice/ctr-box.scope"});
}

TEST_F(CgroupSystemdUser, RootInAUserNamespaceIsWhoMadeIt) {
    planning.answers["euid"] = "0";
    planning.answers["file:/proc/self/uid_map"] =
        "         0       1000          1\n         1     100000      65536\n";
    ASSERT_EQ(plan("{}"), 0);
    EXPECT_EQ(planning.steps[0].text().find(" user=1000 ") != std::string::npos, true) << planning.steps[0].text();
    planning.answers["file:/proc/self/uid_map"] = "         0          0 4294967295\n";
    ASSERT_EQ(plan("{}"), 0);
    EXPECT_EQ(planning.steps[0].all("path"), Lines{"/system.slice/ctr-box.scope"}) << "the machine's root";
}

TEST_F(CgroupSystemdUser, ExecAsksSystemdToMoveTheProcess) {
    planning.operation = CTR_OP_EXEC;
    ASSERT_EQ(plan((R"({"ctr": {"cgroup": ")" + top + R"(/user.slice/_cpu.x.scope"}})").c_str()), 0);
    ASSERT_EQ(planning.steps.size(), 1u);
    EXPECT_EQ(planning.steps[0].text(),
              "systemd.attach unit=cpu.x.scope user=1000 pid=<child.pid> init=<init.pidfd> path=" + top +
                  "/user.slice/_cpu.x.scope mount=/sys/fs/cgroup");
    EXPECT_EQ(planning.steps[0].phase, CTR_ATTACH);
    EXPECT_EQ(planning.steps[0].gives, Lines{"cgroup.joined"});
}

TEST_F(CgroupSystemdUser, WhatTheUserWasNotGivenIsRefusedByName) {
    ASSERT_EQ(plan(R"({"linux": {"resources": {"blockIO": {"weight": 100}}}})"), -1);
    EXPECT_NE(planning.failure.message.find("needs the controller io"), std::string::npos);
    planning.answers.erase("exists:/sys/fs/cgroup" + top);
    ASSERT_EQ(plan("{}"), -1);
    EXPECT_EQ(planning.failure.message, "no systemd of this user runs");
    planning.answers["fstype:/sys/fs/cgroup"] = "tmpfs";
    ASSERT_EQ(plan("{}"), -1);
    EXPECT_EQ(planning.failure.message, "a user's systemd can limit nothing on cgroup v1");
}

TEST_F(CgroupSystemdUser, IdsAreFoundInTheMap) {
    const char *const map = "         0       1000          1\n         1     100000      65536\n";
    EXPECT_EQ(outer_id(map, 0), 1000);
    EXPECT_EQ(outer_id(map, 2), 100001);
    EXPECT_EQ(outer_id(map, 70000), 70000) << "not in it";
    EXPECT_EQ(outer_id("", 0), 0);
    EXPECT_EQ(unit_of("/a.slice/b.scope"), "b.scope");
    EXPECT_EQ(unit_of("/a.slice/_cpu.b.scope"), "cpu.b.scope");
}
