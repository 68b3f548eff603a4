// SPDX-License-Identifier: MIT
//
// Golden plans of bundles: an OCI config.json as engines and `runc spec` write it.
#include "support/plan_fixture.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace {

using namespace plan_fixture;
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

TEST(BundlePlan, OfTheUsualConfig) { golden(for_bundle().plan(bundle()), "bundle"); }

TEST(BundlePlan, WithAUserNamespaceMapsIdsWhileTheChildWaits) {
    Json spec = bundle();
    spec["linux"]["namespaces"].push_back({{"type", "user"}});
    spec["linux"]["uidMappings"] = Json::array({{{"containerID", 0}, {"hostID", 100000}, {"size", 65536}}});
    spec["linux"]["gidMappings"] = Json::array({{{"containerID", 0}, {"hostID", 100000}, {"size", 65536}}});
    golden(for_bundle().plan(spec), "bundle-user-namespace");
}

TEST(BundlePlan, ThatJoinsNamespacesHasNothingToPlumb) {
    Json spec = bundle();
    for (Json &each : spec["linux"]["namespaces"])
        if (each["type"] == "network") each["path"] = "/run/netns/other";
    const auto plan = for_bundle().plan(spec);
    ASSERT_TRUE(plan.ok()) << plan.error().text();
    EXPECT_NE(plan.value().find("ns.join"), nullptr);
    EXPECT_EQ(plan.value().find("link.up"), nullptr);
}

/// The bundle with a path to join for one type, and a machine that answers where it leads.
core::Result<core::plan::Plan> joined(const char *type, const char *file, const char *leads_to, Json spec) {
    for (Json &each : spec["linux"]["namespaces"])
        if (each["type"] == type) each["path"] = "/run/some/where";
    Planning planning = for_bundle();
    if (leads_to != nullptr) planning.machine["namespace:/run/some/where"] = leads_to;
    planning.machine[std::string("namespaces:") + file] = "4:4026531840\n4:4026531833";
    return planning.plan(spec);
}

TEST(BundlePlan, AJoinedNamespaceMayBeChangedUnlessItIsTheMachinesByWhateverPath) {
    const struct {
        const char *type, *file, *key;
    } all[] = {{"network", "net", "net.core.somaxconn"},
               {"ipc", "ipc", "kernel.shmmax"},
               {"ipc", "ipc", "fs.mqueue.msg_max"},
               {"uts", "uts", "kernel.domainname"}};
    for (const auto &each : all) {
        Json spec = bundle();
        spec.erase("hostname");
        spec["linux"]["sysctl"] = {{each.key, "1"}};
        const auto plan = joined(each.type, each.file, "4:4026532000", spec);
        ASSERT_TRUE(plan.ok()) << plan.error().text();
        const auto *step = plan.value().find("sysctl");
        ASSERT_NE(step, nullptr);
        EXPECT_EQ(step->arg_text("not_in"), std::string(each.file) + ":4:4026531840") << "the child looks again";
        for (const char *machines : {"4:4026531840", "4:4026531833"})
            expect_refused(joined(each.type, each.file, machines, spec),
                           {"/linux/sysctl", "/run/some/where is the machine's"});
        expect_refused(joined(each.type, each.file, nullptr, spec),
                       {"/linux/sysctl", "no namespace at /run/some/where"});
    }
}

TEST(BundlePlan, AHostnameIsSetInAJoinedUtsNamespaceButTheMachines) {
    const auto plan = joined("uts", "uts", "4:4026532000", bundle());
    ASSERT_TRUE(plan.ok()) << plan.error().text();
    EXPECT_EQ(plan.value().find("hostname")->arg_text("not_in"), "uts:4:4026531840");
    expect_refused(joined("uts", "uts", "4:4026531840", bundle()), {"/hostname", "rename the machine"});
    expect_refused(joined("uts", "uts", nullptr, bundle()), {"/hostname"});
}

TEST(BundlePlan, MappingsBesideAJoinedUserNamespaceAreComparedWithItsOwn) {
    Json spec = bundle();
    spec["linux"]["namespaces"].push_back({{"type", "user"}, {"path", "/proc/7/ns/user"}});
    EXPECT_EQ(for_bundle().plan(spec).value().find("idmap.expect"), nullptr);
    spec["linux"]["uidMappings"] = spec["linux"]["gidMappings"] =
        Json::array({{{"containerID", 0}, {"hostID", 100000}, {"size", 65536}}});
    const auto plan = for_bundle().plan(spec);
    ASSERT_TRUE(plan.ok()) << plan.error().text();
    EXPECT_EQ(plan.value().find("idmap.write"), nullptr);
    ASSERT_NE(plan.value().find("idmap.expect"), nullptr);
    EXPECT_EQ(plan.value().find("idmap.expect")->arg_text("uid"), "0 100000 65536");
}

TEST(BundlePlan, OfTwoVariablesOfOneNameTheLastCountsAndAnEmptyHOMEIsNone) {
    Json spec = bundle();
    spec["process"]["env"] = {"PATH=/old", "A=1", "HOME=/x", "AB=3", "A=2", "PATH=/new=:/y", "HOME=", "E="};
    const auto plan = for_bundle().plan(spec);
    ASSERT_TRUE(plan.ok()) << plan.error().text();
    std::vector<std::string> env;
    for (const auto &arg : plan.value().find("execve")->args)
        if (arg.name == "env") env.push_back(arg.text);
    EXPECT_EQ(env, std::vector<std::string>({"AB=3", "A=2", "PATH=/new=:/y", "E="}));
}

TEST(BundlePlan, TheCallersGroupsAreKeptWherePodmanAsksForIt) {
    Json spec = bundle();
    EXPECT_EQ(for_bundle().plan(spec).value().find("ids.set")->arg("keep_groups"), nullptr);
    spec["annotations"] = {{"run.oci.keep_original_groups", "1"}};
    const auto plan = for_bundle().plan(spec);
    ASSERT_TRUE(plan.ok()) << plan.error().text();
    ASSERT_NE(plan.value().find("ids.set")->arg("keep_groups"), nullptr);
    EXPECT_EQ(plan.value().find("ids.set")->arg("keep_groups")->integer, 1);
}

TEST(BundlePlan, AnUnknownSystemCallIsAnErrorWhereTheAnnotationSaysSo) {
    Json spec = bundle();
    spec["linux"]["seccomp"] = Json::parse(
        R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mount", "nosuchcall"], "action": "SCMP_ACT_ERRNO"}]})");
    EXPECT_TRUE(for_bundle().plan(spec).ok());
    spec["annotations"] = {{"run.oci.seccomp_fail_unknown_syscall", "1"}};
    expect_refused(for_bundle().plan(spec), {"/linux/seccomp/syscalls/0/names/1", "nosuchcall"});
}

TEST(BundlePlan, AHookThatSaysNothingOfItsEnvironmentHasItsRunnersOrThePrograms) {
    Json spec = bundle();
    spec["ctr"]["bundle"] = "/srv/bundle";
    for (const char *name : {"prestart", "startContainer"})
        spec["hooks"][name] = {{{"path", "/a"}}, {{"path", "/b"}, {"env", Json::array()}}};
    const auto plan = for_bundle().plan(spec);
    ASSERT_TRUE(plan.ok()) << plan.error().text();
    std::string all;
    for (const auto &step : plan.value().steps)
        if (step.kind.rfind("oci_hook", 0) == 0) all += step.arg_text("path") + "=" + step.arg_text("env_of") + " ";
    EXPECT_EQ(all, "/a=caller /b= /a=program /b= ");
}

TEST(BundlePlan, WithDevicesPersonalityAndScheduling) {
    Json spec = bundle();
    spec["linux"]["devices"] =
        Json::array({{{"path", "/dev/fuse"}, {"type", "c"}, {"major", 10}, {"minor", 229}, {"fileMode", 0666}}});
    spec["linux"]["personality"] = {{"domain", "LINUX"}};
    spec["process"]["scheduler"] = {{"policy", "SCHED_BATCH"}, {"nice", 5}};
    spec["process"]["ioPriority"] = {{"class", "IOPRIO_CLASS_BE"}, {"priority", 4}};
    spec["process"]["oomScoreAdj"] = 100;
    golden(for_bundle().plan(spec), "bundle-devices-scheduling");
}

TEST(BundlePlan, WithAnOciSeccompFilter) {
    Json spec = bundle();
    spec["linux"]["seccomp"] = Json::parse(
        R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mount"], "action": "SCMP_ACT_ERRNO"}]})");
    golden(for_bundle().plan(spec), "bundle-seccomp");
}

/// One hook in each list, two in the one whose order is turned round.
Json hooks() {
    Json hooks;
    for (const char *name : {"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"})
        hooks[name] = Json::array({{{"path", std::string("/hooks/") + name}}});
    hooks["createRuntime"][0]["args"] = {"hook", "--costs", "$5"};
    hooks["createRuntime"][0]["env"] = {"A=1"};
    hooks["createRuntime"][0]["timeout"] = 10;
    hooks["poststop"].push_back({{"path", "/hooks/second"}});
    return hooks;
}

TEST(BundlePlan, WithAllSixOciHooks) {
    Json spec = bundle();
    spec["ctr"]["bundle"] = "/srv/bundle";
    spec["annotations"] = {{"a \"word\"", "costs $5"}};
    spec["hooks"] = hooks();
    golden(for_bundle().plan(spec), "bundle-hooks");
}

TEST(BundlePlan, StartContainerHooksRunBeforeTheFilterAndBehindTheCapabilities) {
    for (const bool no_new_privs : {false, true}) {
        Json spec = bundle();
        spec["ctr"]["bundle"] = "/srv/bundle";
        spec["process"]["noNewPrivileges"] = no_new_privs;
        spec["linux"]["seccomp"] = Json::parse(
            R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mount"], "action": "SCMP_ACT_ERRNO"}]})");
        spec["hooks"]["startContainer"] = hooks()["startContainer"];
        const auto plan = for_bundle().plan(spec);
        ASSERT_TRUE(plan.ok()) << plan.error().text();
        const auto at = [&](const char *kind) { return plan.value().find(kind) - plan.value().steps.data(); };
        EXPECT_LT(at("oci_hook.run_inside"), at("seccomp.load"));
        EXPECT_LT(at("ids.set"), at("oci_hook.run_inside"));
        EXPECT_LT(at(no_new_privs ? "no_new_privs" : "caps.interim"), at("oci_hook.run_inside"));
        EXPECT_EQ(plan.value().steps[static_cast<std::size_t>(at("oci_hook.run_inside"))].wait_for,
                  static_cast<std::uint32_t>(at("clone3")))
            << "the child learns its pid from the parent";
    }
}

TEST(BundlePlan, WithHooksButNoBundleIsRefused) {
    Json spec = bundle();
    spec["hooks"] = hooks();
    expect_refused(for_bundle().plan(spec), {"/hooks", "bundle", "--bundle DIR"});
}

TEST(BundlePlan, WithoutThePluginHooksAreRefusedByName) {
    Json spec = bundle();
    spec["hooks"]["poststop"] = hooks()["poststop"];
    Planning planning = for_bundle();
    planning.without = {"hooks"};
    expect_refused(planning.plan(spec), {"/hooks/poststop/0/path", "no plugin carries it out"});
}

TEST(BundlePlan, AHookWithTooManyWordsIsRefused) {
    Json spec = bundle();
    spec["ctr"]["bundle"] = "/srv/bundle";
    spec["hooks"]["prestart"] = hooks()["prestart"];
    spec["hooks"]["prestart"][0]["args"] = std::vector<std::string>(4097, "x");
    expect_refused(for_bundle().plan(spec), {"/hooks/prestart/0", "4096"});
}

TEST(BundlePlan, WithIdMappedMountsMakesEachMapOnce) {
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

/// The arguments of the first step with the target /a: "source=x inside=1 "; empty if there is none.
std::string arguments_of_a(const core::plan::Plan &plan) {
    for (const auto &step : plan.steps) {
        std::string all;
        bool it = false;
        for (const auto &arg : step.args) {
            all += arg.name + "=" + (arg.form == CTR_FORM_INT ? std::to_string(arg.integer) : arg.text) + " ";
            it = it || (arg.name == "target" && arg.text == "/a");
        }
        if (it) return step.kind + " " + all;
    }
    return {};
}

TEST(BundlePlan, MountsWithoutWhatMeansNothingHere) {
    Json spec = bundle();
    spec["mounts"].push_back({{"destination", "/a"},
                              {"type", "bind"},
                              {"source", "/srv"},
                              {"options",
                               {"rbind",
                                "nofail",
                                "_netdev",
                                "auto",
                                "noauto",
                                "user",
                                "nouser",
                                "users",
                                "owner",
                                "group",
                                "x-systemd.automount",
                                "X-mount.mkdir",
                                "comment=why",
                                "z",
                                "Z",
                                "delegated",
                                "cached",
                                "consistent",
                                "sync",
                                "nosuid"}}});
    spec["mounts"].push_back(
        {{"destination", "/b"}, {"type", "tmpfs"}, {"source", "tmpfs"}, {"options", {"nofail", "x-y", "size=1m"}}});
    const auto plan = for_bundle().plan(spec);
    ASSERT_TRUE(plan.ok()) << plan.error().text();
    std::string words;
    for (const auto &step : plan.value().steps)
        for (const auto &arg : step.args)
            if ((step.kind == "mount.bind" || step.kind == "mount.new") && arg.name == "options")
                words += arg.text + " ";
    EXPECT_NE(words.find("rbind nosuid "), std::string::npos) << words;
    EXPECT_NE(words.find(" size=1m "), std::string::npos) << words;
    for (const char *gone : {"nofail", "auto", "x-", "X-", "user", "Z", "cached", "comment"})
        EXPECT_EQ(words.find(gone), std::string::npos) << gone << ": " << words;
}

TEST(BundlePlan, LinksAsCrunHasThem) {
    Json spec = bundle();
    const auto with = [&](const Json &options, const char *type = "bind") {
        Json one = spec;
        one["mounts"].push_back({{"destination", "/a"}, {"type", type}, {"source", "/srv/link"}, {"options", options}});
        Planning planning = for_bundle();
        planning.machine["link:/srv/link"] = "there/it is";
        return planning.plan(one);
    };
    const auto copied = with({"bind", "copy-symlink"});
    ASSERT_TRUE(copied.ok()) << copied.error().text();
    EXPECT_EQ(arguments_of_a(copied.value()), "root.symlink target=/a to=there/it is same=1 ");
    expect_refused(with({"bind", "copy-symlink", "src-nofollow"}), {"/mounts/7/options", "copy-symlink"});
    expect_refused(with({"bind", "copy-symlink", "dest-nofollow"}), {"/mounts/7/options", "copy-symlink"});
    for (const char *word : {"copy-symlink", "src-nofollow", "dest-nofollow"})
        expect_refused(with(Json::array({word}), "tmpfs"), {"/mounts/7/options", "of bind mounts"});
    const auto itself = with({"bind", "src-nofollow", "dest-nofollow"});
    ASSERT_TRUE(itself.ok()) << itself.error().text();
}

TEST(BundlePlan, ASourceBelowTheRootIsTheContainers) {
    Json spec = bundle();
    for (const char *source : {"/srv/bundle/rootfs/mnt", "/srv/bundle//rootfs/./x/../mnt", "/srv/bundle/rootfs"}) {
        spec["mounts"].push_back({{"destination", "/a"}, {"type", "bind"}, {"source", source}, {"options", {"rbind"}}});
        const auto plan = for_bundle().plan(spec);
        ASSERT_TRUE(plan.ok()) << plan.error().text();
        EXPECT_NE(arguments_of_a(plan.value()).find(" inside=1 "), std::string::npos) << source;
        spec["mounts"].erase(spec["mounts"].size() - 1);
    }
    spec["mounts"].push_back(
        {{"destination", "/a"}, {"type", "bind"}, {"source", "/srv/bundle/rootfs2"}, {"options", {"rbind"}}});
    const auto plan = for_bundle().plan(spec);
    ASSERT_TRUE(plan.ok()) << plan.error().text();
    EXPECT_EQ(arguments_of_a(plan.value()).find("inside"), std::string::npos);
}

TEST(BundlePlan, TheLabelOfMountsIsOfTheKindThatIsAskedFor) {
    Json spec = bundle();
    spec["linux"]["mountLabel"] = "a:b:c";
    spec["annotations"]["run.oci.mount_context_type"] = "rootcontext";
    Planning planning = for_bundle();
    planning.machine["exists:/sys/fs/selinux/enforce"] = "yes";
    const auto plan = planning.plan(spec);
    ASSERT_TRUE(plan.ok()) << plan.error().text();
    std::string words;
    for (const auto &step : plan.value().steps)
        for (const auto &arg : step.args)
            if (arg.name == "options") words += arg.text + " ";
    EXPECT_NE(words.find(" rootcontext=a:b:c "), std::string::npos) << words;
    EXPECT_EQ(words.find(" context="), std::string::npos) << words;
    spec["annotations"]["run.oci.mount_context_type"] = "fscontex";
    expect_refused(planning.plan(spec), {"run.oci.mount_context_type", "fscontex"});
}

TEST(BundlePlan, IdmapNeedsMapsFromSomewhere) {
    Json spec = bundle();
    spec["mounts"].push_back(
        {{"destination", "/a"}, {"type", "bind"}, {"source", "/srv"}, {"options", {"bind", "idmap"}}});
    expect_refused(for_bundle().plan(spec), {"/mounts/7/options", "idmap without id maps"});
    spec["mounts"].back() = {{"destination", "/a"}, {"type", "proc"}, {"options", {"tmpcopyup"}}};
    expect_refused(for_bundle().plan(spec), {"/mounts/7/options", "tmpcopyup"});
}

TEST(BundlePlan, WithLabelsDevicesMemoryAndASupervisor) {
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

TEST(BundlePlan, AsksTheMachineBeforeItPromisesLabels) {
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
    expect_refused(for_bundle().plan(spec), {"/linux/netDevices", "shares the machine's network namespace"});
}

TEST(BundlePlan, CpuAffinityIsForExecOnly) {
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
