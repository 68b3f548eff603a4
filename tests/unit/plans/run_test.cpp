// SPDX-License-Identifier: MIT
//
// Golden plans of `ctr run`: what each flag adds to a plan.
#include "plan/plan_json.hpp"
#include "support/plan_fixture.hpp"

#include <gtest/gtest.h>

namespace {

using namespace plan_fixture;
using core::cli::RunOptions;

void golden(const core::Result<core::plan::Plan> &plan, const char *name) {
    expect_golden(plan, CTR_TEST_GOLDEN_DIR, name);
}

Planning on_btrfs() {
    Planning planning;
    for (const char *path : {"fstype:/var/lib/ctr", "fstype:/var/lib/ctr/btrfs"})
        planning.machine[path] = "btrfs";
    return planning;
}

TEST(RunPlan, ByDefaultIsOverlayBridgeAndCgroupV1) { golden(Planning().plan(run_options()), "run"); }

TEST(RunPlan, IsTheSameEachTimeByteForByte) {
    const auto first = Planning().plan(run_options()), second = Planning().plan(run_options());
    ASSERT_TRUE(first.ok() && second.ok());
    EXPECT_EQ(core::plan::to_json(first.value()).dump(), core::plan::to_json(second.value()).dump());
}

TEST(RunPlan, OnBtrfsTakesSnapshots) { golden(on_btrfs().plan(run_options()), "run-btrfs"); }

TEST(RunPlan, ChoosesTheDriverThatAFlagNamesOverTheAutomaticOne) {
    Planning planning = on_btrfs();
    planning.drivers["storage"] = "overlay";
    const auto plan = planning.plan(run_options());
    ASSERT_TRUE(plan.ok()) << plan.error().text();
    EXPECT_EQ(plan.value().drivers.at("storage"), "overlay");
}

TEST(RunPlan, ChoosesTheDriverThatTheConfigNames) {
    Planning planning;
    planning.config = R"({"network": {"driver": "none"}})";
    const auto plan = planning.plan(run_options());
    ASSERT_TRUE(plan.ok()) << plan.error().text();
    EXPECT_EQ(plan.value().drivers.at("network"), "none");
}

TEST(RunPlan, OnACgroupV2MachineIsBornInItsCgroup) {
    Planning planning;
    planning.machine = machine_v2();
    RunOptions options = run_options();
    options.memory = std::int64_t{64} << 20;
    options.cpus = core::cli::CpuQuota{150000, 100000};
    options.pids_limit = 50;
    golden(planning.plan(options), "run-cgroup-v2");
}

RunOptions with_limits() {
    RunOptions options = run_options();
    options.memory = std::int64_t{64} << 20;
    options.cpus = core::cli::CpuQuota{150000, 100000};
    options.pids_limit = 50;
    return options;
}

Planning on_systemd(Answers machine) {
    Planning planning;
    planning.machine = std::move(machine);
    planning.machine["exists:/run/systemd/system"] = "yes";
    planning.drivers["cgroup"] = "cgroup-systemd";
    planning.drivers["network"] = "none";
    return planning;
}

TEST(RunPlan, WithSystemdHasItsScopeMadeWhenTheChildIsThere) {
    golden(on_systemd(machine_v2()).plan(with_limits()), "run-cgroup-systemd");
}

TEST(RunPlan, WithSystemdOnCgroupV1JoinsWhatSystemdDoesNotKnow) {
    Planning planning = on_systemd(machine_v1());
    planning.machine["mounts"] += "60 31 0:60 / /sys/fs/cgroup/systemd rw,nosuid - cgroup cgroup rw,name=systemd\n";
    golden(planning.plan(with_limits()), "run-cgroup-systemd-v1");
}

TEST(RunPlan, WithLimitsWritesThemToTheV1Hierarchies) {
    RunOptions options = run_options();
    options.memory = std::int64_t{64} << 20;
    options.cpus = core::cli::CpuQuota{150000, 100000};
    options.pids_limit = 50;
    golden(Planning().plan(options), "run-limits");
}

TEST(RunPlan, OfADirectoryTakesItAsItIs) {
    Planning planning;
    planning.drivers["storage"] = "rootfs";
    RunOptions options = run_options();
    options.image.clear();
    options.layers.clear();
    options.rootfs = "/srv/root";
    golden(planning.plan(options), "run-rootfs");
}

TEST(RunPlan, InTheMachinesNetworkHasNoNetworkNamespace) {
    Planning planning;
    planning.drivers["network"] = "host";
    RunOptions options = run_options();
    options.network = "host";
    golden(planning.plan(options), "run-network-host");
}

TEST(RunPlan, WithNetworkNoneHasOnlyLo) {
    Planning planning;
    planning.drivers["network"] = "none";
    RunOptions options = run_options();
    options.network = "none";
    golden(planning.plan(options), "run-network-none");
}

TEST(RunPlan, WithATerminalOpensAConsole) {
    RunOptions options = run_options();
    options.tty = true;
    options.console_size = core::cli::ConsoleSize{80, 24};
    golden(Planning().plan(options), "run-tty");
}

TEST(RunPlan, ReadOnlyWithVolumesAndTmpfs) {
    RunOptions options = run_options();
    options.read_only = true;
    options.volumes = {core::cli::parse_volume("/srv/data:/data:ro").value(),
                       core::cli::parse_volume("/srv/shared:/data/shared:rshared").value()};
    options.tmpfs = {core::cli::parse_tmpfs("/tmp:size=16m").value()};
    golden(Planning().plan(options), "run-read-only-volumes");
}

TEST(RunPlan, WithCapabilitiesUserLimitsAndSysctls) {
    RunOptions options = run_options();
    options.cap_add = {"CAP_NET_ADMIN"};
    options.cap_drop = {"CAP_CHOWN"};
    options.no_new_privileges = true;
    options.user = "1000:1000";
    options.ulimits = {core::cli::parse_ulimit("nofile=1024:2048").value()};
    options.sysctls = {{"net.ipv4.ip_unprivileged_port_start", "0"}};
    golden(Planning().plan(options), "run-security");
}

TEST(RunPlan, UnconfinedHasNoSeccompStep) {
    RunOptions options = run_options();
    options.seccomp = RunOptions::Seccomp::unconfined;
    const auto plan = Planning().plan(options);
    ASSERT_TRUE(plan.ok()) << plan.error().text();
    EXPECT_EQ(plan.value().find("seccomp.load"), nullptr);
    EXPECT_EQ(plan.value().find("seccomp.compile"), nullptr);
}

TEST(RunPlan, WithASeccompProfileCompilesIt) {
    RunOptions options = run_options();
    options.seccomp = RunOptions::Seccomp::profile;
    options.seccomp_profile = core::Json::parse(
        R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"}]})");
    golden(Planning().plan(options), "run-seccomp-profile");
}

TEST(ImagePlan, OfARemovalTakesTheHighestLayerFirst) {
    Planning planning;
    planning.operation = CTR_OP_IMAGE_REMOVE;
    const RunOptions options = run_options();
    planning.machine["file:/var/lib/ctr/images/example%2Fbase%3Alatest.json"] = "{}";
    const core::Json spec = {{"ctr", {{"remove", {{"name", options.image}, {"layers", options.layers}}}}}};
    golden(planning.plan(spec), "image-remove");
}

TEST(ImagePlan, OfAnImportWithoutItsSourceNamesIt) {
    Planning planning;
    planning.operation = CTR_OP_IMAGE_IMPORT;
    const core::Json spec = {
        {"ctr", {{"import", {{"source", "/nowhere/image.tar"}, {"name", "example/base:latest"}}}}}};
    expect_refused(planning.plan(spec), {"plugin image", "/nowhere/image.tar", "ENOENT"});
}

} // namespace
