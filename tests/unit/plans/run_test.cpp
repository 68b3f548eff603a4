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

TEST(RunPlan, by_default_is_overlay_bridge_and_cgroup_v1) { golden(Planning().plan(run_options()), "run"); }

TEST(RunPlan, is_the_same_each_time_byte_for_byte) {
    const auto first = Planning().plan(run_options()), second = Planning().plan(run_options());
    ASSERT_TRUE(first.ok() && second.ok());
    EXPECT_EQ(core::plan::to_json(first.value()).dump(), core::plan::to_json(second.value()).dump());
}

TEST(RunPlan, on_btrfs_takes_snapshots) { golden(on_btrfs().plan(run_options()), "run-btrfs"); }

TEST(RunPlan, chooses_the_driver_that_a_flag_names_over_the_automatic_one) {
    Planning planning = on_btrfs();
    planning.drivers["storage"] = "overlay";
    const auto plan = planning.plan(run_options());
    ASSERT_TRUE(plan.ok()) << plan.error().text();
    EXPECT_EQ(plan.value().drivers.at("storage"), "overlay");
}

TEST(RunPlan, chooses_the_driver_that_the_config_names) {
    Planning planning;
    planning.config = R"({"network": {"driver": "none"}})";
    const auto plan = planning.plan(run_options());
    ASSERT_TRUE(plan.ok()) << plan.error().text();
    EXPECT_EQ(plan.value().drivers.at("network"), "none");
}

TEST(RunPlan, on_a_cgroup_v2_machine_is_born_in_its_cgroup) {
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

TEST(RunPlan, with_systemd_has_its_scope_made_when_the_child_is_there) {
    golden(on_systemd(machine_v2()).plan(with_limits()), "run-cgroup-systemd");
}

TEST(RunPlan, with_systemd_on_cgroup_v1_joins_what_systemd_does_not_know) {
    Planning planning = on_systemd(machine_v1());
    planning.machine["mounts"] += "60 31 0:60 / /sys/fs/cgroup/systemd rw,nosuid - cgroup cgroup rw,name=systemd\n";
    golden(planning.plan(with_limits()), "run-cgroup-systemd-v1");
}

TEST(RunPlan, with_limits_writes_them_to_the_v1_hierarchies) {
    RunOptions options = run_options();
    options.memory = std::int64_t{64} << 20;
    options.cpus = core::cli::CpuQuota{150000, 100000};
    options.pids_limit = 50;
    golden(Planning().plan(options), "run-limits");
}

TEST(RunPlan, of_a_directory_takes_it_as_it_is) {
    Planning planning;
    planning.drivers["storage"] = "rootfs";
    RunOptions options = run_options();
    options.image.clear();
    options.layers.clear();
    options.rootfs = "/srv/root";
    golden(planning.plan(options), "run-rootfs");
}

TEST(RunPlan, in_the_machines_network_has_no_network_namespace) {
    Planning planning;
    planning.drivers["network"] = "host";
    RunOptions options = run_options();
    options.network = "host";
    golden(planning.plan(options), "run-network-host");
}

TEST(RunPlan, with_network_none_has_only_lo) {
    Planning planning;
    planning.drivers["network"] = "none";
    RunOptions options = run_options();
    options.network = "none";
    golden(planning.plan(options), "run-network-none");
}

TEST(RunPlan, with_a_terminal_opens_a_console) {
    RunOptions options = run_options();
    options.tty = true;
    options.console_size = core::cli::ConsoleSize{80, 24};
    golden(Planning().plan(options), "run-tty");
}

TEST(RunPlan, read_only_with_volumes_and_tmpfs) {
    RunOptions options = run_options();
    options.read_only = true;
    options.volumes = {core::cli::parse_volume("/srv/data:/data:ro").value(),
                       core::cli::parse_volume("/srv/shared:/data/shared:rshared").value()};
    options.tmpfs = {core::cli::parse_tmpfs("/tmp:size=16m").value()};
    golden(Planning().plan(options), "run-read-only-volumes");
}

TEST(RunPlan, with_capabilities_user_limits_and_sysctls) {
    RunOptions options = run_options();
    options.cap_add = {"CAP_NET_ADMIN"};
    options.cap_drop = {"CAP_CHOWN"};
    options.no_new_privileges = true;
    options.user = "1000:1000";
    options.ulimits = {core::cli::parse_ulimit("nofile=1024:2048").value()};
    options.sysctls = {{"net.ipv4.ip_unprivileged_port_start", "0"}};
    golden(Planning().plan(options), "run-security");
}

TEST(RunPlan, unconfined_has_no_seccomp_step) {
    RunOptions options = run_options();
    options.seccomp = RunOptions::Seccomp::unconfined;
    const auto plan = Planning().plan(options);
    ASSERT_TRUE(plan.ok()) << plan.error().text();
    EXPECT_EQ(plan.value().find("seccomp.load"), nullptr);
    EXPECT_EQ(plan.value().find("seccomp.compile"), nullptr);
}

TEST(RunPlan, with_a_seccomp_profile_compiles_it) {
    RunOptions options = run_options();
    options.seccomp = RunOptions::Seccomp::profile;
    options.seccomp_profile = core::Json::parse(
        R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"}]})");
    golden(Planning().plan(options), "run-seccomp-profile");
}

TEST(ImagePlan, of_a_removal_takes_the_highest_layer_first) {
    Planning planning;
    planning.operation = CTR_OP_IMAGE_REMOVE;
    const RunOptions options = run_options();
    planning.machine["file:/var/lib/ctr/images/example%2Fbase%3Alatest.json"] = "{}";
    const core::Json spec = {{"ctr", {{"remove", {{"name", options.image}, {"layers", options.layers}}}}}};
    golden(planning.plan(spec), "image-remove");
}

TEST(ImagePlan, of_an_import_without_its_source_names_it) {
    Planning planning;
    planning.operation = CTR_OP_IMAGE_IMPORT;
    const core::Json spec = {
        {"ctr", {{"import", {{"source", "/nowhere/image.tar"}, {"name", "example/base:latest"}}}}}};
    expect_refused(planning.plan(spec), {"plugin image", "/nowhere/image.tar", "ENOENT"});
}

} // namespace
