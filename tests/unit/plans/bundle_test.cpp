// SPDX-License-Identifier: MIT
//
// Golden plans of bundles: an OCI config.json as engines and `runc spec` write it.
#include "support/plan_fixture.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace {

using namespace ctr_testing;
using core::Json;

Planning for_bundle() {
    Planning planning;
    planning.drivers = {{"storage", "rootfs"}, {"network", "none"}};
    return planning;
}

/// The usual config.json: a shell with five namespaces, six mounts, three capabilities and a limit on files.
Json bundle() {
    Json spec = Json::parse(R"({
        "ociVersion": "1.0.2",
        "process": {"user": {"uid": 0, "gid": 0}, "args": ["sh"], "env": ["PATH=/usr/bin:/bin", "TERM=xterm"], "cwd": "/",
            "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024}], "noNewPrivileges": true},
        "root": {"path": "/srv/bundle/rootfs", "readonly": true},
        "hostname": "runc",
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
            {"destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]},
            {"destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]},
            {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue", "options": ["nosuid", "noexec", "nodev"]},
            {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"]},
            {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["nosuid", "noexec", "nodev", "relatime", "ro"]}],
        "linux": {
            "resources": {"devices": [{"allow": false, "access": "rwm"}]},
            "namespaces": [{"type": "pid"}, {"type": "network"}, {"type": "ipc"}, {"type": "uts"}, {"type": "mount"}, {"type": "cgroup"}],
            "maskedPaths": ["/proc/kcore", "/proc/keys", "/sys/firmware"],
            "readonlyPaths": ["/proc/bus", "/proc/sys"]}})");
    const Json caps = {"CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"};
    for (const char *set : {"bounding", "effective", "permitted"})
        spec["process"]["capabilities"][set] = caps;
    return spec;
}

void golden(const core::Result<core::plan::Plan> &plan, const char *name) {
    expect_golden(plan, CTR_TEST_GOLDEN_DIR, name);
}

TEST(BundlePlan, of_the_usual_config) { golden(for_bundle().plan(bundle()), "bundle"); }

TEST(BundlePlan, with_a_user_namespace_maps_ids_while_the_child_waits) {
    Json spec = bundle();
    spec["linux"]["namespaces"].push_back({{"type", "user"}});
    spec["linux"]["uidMappings"] = Json::array({{{"containerID", 0}, {"hostID", 100000}, {"size", 65536}}});
    spec["linux"]["gidMappings"] = Json::array({{{"containerID", 0}, {"hostID", 100000}, {"size", 65536}}});
    golden(for_bundle().plan(spec), "bundle-user-namespace");
}

TEST(BundlePlan, that_joins_namespaces_has_nothing_to_plumb) {
    Json spec = bundle();
    for (Json &each : spec["linux"]["namespaces"])
        if (each["type"] == "network") each["path"] = "/run/netns/other";
    const auto plan = for_bundle().plan(spec);
    ASSERT_TRUE(plan.ok()) << plan.error().text();
    EXPECT_NE(plan.value().find("ns.join"), nullptr);
    EXPECT_EQ(plan.value().find("link.up"), nullptr);
}

TEST(BundlePlan, with_devices_personality_and_scheduling) {
    Json spec = bundle();
    spec["linux"]["devices"] =
        Json::array({{{"path", "/dev/fuse"}, {"type", "c"}, {"major", 10}, {"minor", 229}, {"fileMode", 0666}}});
    spec["linux"]["personality"] = {{"domain", "LINUX"}};
    spec["process"]["scheduler"] = {{"policy", "SCHED_BATCH"}, {"nice", 5}};
    spec["process"]["ioPriority"] = {{"class", "IOPRIO_CLASS_BE"}, {"priority", 4}};
    spec["process"]["oomScoreAdj"] = 100;
    golden(for_bundle().plan(spec), "bundle-devices-scheduling");
}

TEST(BundlePlan, with_an_oci_seccomp_filter) {
    Json spec = bundle();
    spec["linux"]["seccomp"] = Json::parse(
        R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mount"], "action": "SCMP_ACT_ERRNO"}]})");
    golden(for_bundle().plan(spec), "bundle-seccomp");
}

} // namespace
