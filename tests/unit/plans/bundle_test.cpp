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

TEST(BundlePlan, with_id_mapped_mounts_makes_each_map_once) {
    Json spec = bundle();
    const Json map = Json::array({{{"containerID", 0}, {"hostID", 100000}, {"size", 65536}}});
    spec["linux"]["namespaces"].push_back({{"type", "user"}});
    spec["linux"]["uidMappings"] = spec["linux"]["gidMappings"] = map;
    for (const char *name : {"/one", "/two"})
        spec["mounts"].push_back(
            {{"destination", name}, {"type", "bind"}, {"source", "/srv"}, {"options", {"rbind", "ridmap"}}});
    spec["mounts"].push_back({{"destination", "/three"},
                              {"type", "tmpfs"},
                              {"options", {"tmpcopyup", "ro"}},
                              {"uidMappings", {{{"containerID", 0}, {"hostID", 7}, {"size", 1}}}},
                              {"gidMappings", map}});
    golden(for_bundle().plan(spec), "bundle-idmapped-mounts");
}

TEST(BundlePlan, idmap_needs_maps_from_somewhere) {
    Json spec = bundle();
    spec["mounts"].push_back(
        {{"destination", "/a"}, {"type", "bind"}, {"source", "/srv"}, {"options", {"bind", "idmap"}}});
    expect_refused(for_bundle().plan(spec), {"/mounts/7/options", "idmap without id maps"});
    spec["mounts"].back() = {{"destination", "/a"}, {"type", "proc"}, {"options", {"tmpcopyup"}}};
    expect_refused(for_bundle().plan(spec), {"/mounts/7/options", "tmpcopyup"});
}

TEST(BundlePlan, with_labels_devices_memory_and_a_supervisor) {
    Json spec = bundle();
    spec["annotations"] = {{"colour", "\"blue\" $x"}};
    spec["process"]["apparmorProfile"] = "docker-default";
    spec["process"]["selinuxLabel"] = "system_u:system_r:container_t:s0:c1,c2";
    spec["linux"]["mountLabel"] = "system_u:object_r:container_file_t:s0:c1,c2";
    spec["linux"]["netDevices"] = {{"eth1", Json::object()}, {"eth2", {{"name", "net%d"}}}};
    spec["linux"]["memoryPolicy"] = {
        {"mode", "MPOL_INTERLEAVE"}, {"nodes", "0-1,3"}, {"flags", {"MPOL_F_STATIC_NODES"}}};
    spec["linux"]["intelRdt"] = {{"l3CacheSchema", "L3:0=f"}, {"enableMonitoring", true}};
    spec["linux"]["seccomp"] = Json::parse(R"({"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/run/agent.sock",
        "listenerMetadata": "m", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_NOTIFY"}]})");
    Planning planning = for_bundle();
    planning.machine["file:/sys/module/apparmor/parameters/enabled"] = "Y\n";
    planning.machine["exists:/proc/self/attr/apparmor/exec"] = "yes";
    planning.machine["exists:/sys/fs/selinux/enforce"] = "yes";
    planning.machine["mounts"] += "60 22 0:60 / /sys/fs/resctrl rw - resctrl resctrl rw\n";
    golden(planning.plan(spec), "bundle-security-resctrl");
}

TEST(BundlePlan, asks_the_machine_before_it_promises_labels) {
    for (const char *field : {"apparmorProfile", "selinuxLabel"}) {
        Json spec = bundle();
        spec["process"][field] = "x";
        expect_refused(for_bundle().plan(spec), {std::string("/process/") + field, "is not enabled on this machine"});
    }
    Json spec = bundle();
    spec["linux"]["mountLabel"] = "x";
    expect_refused(for_bundle().plan(spec), {"/linux/mountLabel", "SELinux is not enabled"});
    spec = bundle();
    spec["linux"]["intelRdt"] = Json::object();
    expect_refused(for_bundle().plan(spec), {"/linux/intelRdt", "no resctrl file system"});
    spec = bundle();
    spec["linux"]["memoryPolicy"] = {{"mode", "MPOL_BIND"}};
    expect_refused(for_bundle().plan(spec), {"/linux/memoryPolicy/nodes", "needs nodes"});
    spec = bundle();
    spec["linux"]["namespaces"].erase(1);
    spec["linux"]["netDevices"] = {{"eth1", Json::object()}};
    expect_refused(for_bundle().plan(spec), {"/linux/netDevices", "no network namespace"});
}

TEST(BundlePlan, cpu_affinity_is_for_exec_only) {
    Json spec = bundle();
    spec["process"]["execCPUAffinity"] = {{"initial", "0"}, {"final", "0-1"}};
    auto plan = for_bundle().plan(spec);
    ASSERT_TRUE(plan.ok()) << plan.error().text();
    EXPECT_EQ(plan.value().find("process.affinity"), nullptr);
    Planning exec = for_bundle();
    exec.operation = CTR_OP_EXEC;
    exec.drivers["cgroup"] = "off";
    plan = exec.plan({{"process", spec["process"]}, {"ctr", {{"rm", false}}}});
    ASSERT_TRUE(plan.ok()) << plan.error().text();
    EXPECT_NE(plan.value().find("process.parent_affinity"), nullptr);
    EXPECT_NE(plan.value().find("process.affinity"), nullptr);
}

} // namespace
