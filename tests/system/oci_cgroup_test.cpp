// SPDX-License-Identifier: MIT
//
// The container's cgroups under attack, shared, frozen, left and taken over: nothing of others' is touched, nothing of
// the container's stays, no device is given away. On machines with cgroup v1 (on v2: tests/vm).
#include "fixture/oci.hpp"

#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

using namespace fixture;

namespace {

/// A process of the machine that is none of the container's.
class Stranger {
public:
    Stranger() : pid_(::fork()) {
        if (pid_ == 0)
            for (;;)
                ::pause();
    }
    ~Stranger() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    Stranger(const Stranger &) = delete;
    Stranger &operator=(const Stranger &) = delete;
    void move_to(const std::string &cgroup) const { write_text(cgroup + "/cgroup.procs", std::to_string(pid_)); }
    bool lives() const { return ::waitpid(pid_, nullptr, WNOHANG) == 0; }

private:
    pid_t pid_;
};

bool lives(const std::string &pid) {
    const std::string stat = read_text("/proc/" + pid + "/stat");
    return !stat.empty() && stat.find(") Z") == std::string::npos;
}

class OciCgroup : public OciTest {
protected:
    void SetUp() override {
        if (!std::filesystem::exists("/sys/fs/cgroup/freezer"))
            GTEST_SKIP() << "the files looked at are those of cgroup v1 (on v2: tests/vm)";
        OciTest::SetUp();
    }
    void TearDown() override {
        if (!IsSkipped()) OciTest::TearDown();
    }
    /// All hierarchies in which the test may make cgroups.
    static Words hierarchies() {
        Words all;
        for (const auto &each : std::filesystem::directory_iterator("/sys/fs/cgroup"))
            if (each.is_directory() && !each.is_symlink() && std::filesystem::exists(each.path() / "cgroup.procs"))
                all.push_back(each.path());
        return all;
    }
    /// A cgroup that was there before, in all of them.
    void make_everywhere(const std::string &name) const {
        for (const std::string &each : hierarchies())
            std::filesystem::create_directories(each + box.cgroup_parent() + "/" + name);
        for (const std::string &dir : {box.cgroup_parent(), box.cgroup_parent() + "/" + name})
            for (const char *file : {"cpuset.cpus", "cpuset.mems"})
                write_text("/sys/fs/cgroup/cpuset" + dir + "/" + file,
                           read_text(std::string("/sys/fs/cgroup/cpuset/") + file));
    }
    void remove_everywhere(const std::string &name) const {
        for (const std::string &each : hierarchies()) {
            ::rmdir((each + box.cgroup_parent() + "/" + name).c_str());
            ::rmdir((each + box.cgroup_parent()).c_str());
        }
    }
    static bool exists(const std::string &path) { return ::access(path.c_str(), F_OK) == 0; }
    Bundle without_pid_namespace(const std::string &name, const std::string &script) const {
        Bundle b = bundle(name, script);
        Json left = Json::array();
        for (const Json &each : b.config["linux"]["namespaces"])
            if (each["type"] != "pid") left.push_back(each);
        b.config["linux"]["namespaces"] = left;
        return b;
    }
    std::string exec(const std::string &id, Words words) const {
        const std::string file = box.dir() + "/exec.pid";
        words.insert(words.begin(), {"exec", "-d", "--pid-file", file, id});
        EXPECT_STATUS(oci(words), 0);
        return read_text(file);
    }
};

} // namespace

TEST_F(OciCgroup, NoListOfRulesGivesTheMachinesDevices) {
    const std::string disk = box.dir() + "/disk";
    write_text(disk, std::string(4096, 's'));
    for (const char *resources :
         {"null", "{}", R"({"devices": []})", R"({"devices": [{"allow": false}]})",
          R"({"devices": [{"allow": true, "type": "c", "major": 10, "minor": 229}]})",
          R"({"devices": [{"allow": true, "access": "x"}]})",
          R"({"devices": [{"allow": true, "access": "rwm"}, {"allow": false, "access": "mwr"}]})"}) {
        // c 1:1 is the machine's memory, c 1:11 its log: neither a default nor allowed above. The null device is.
        Bundle b = bundle("one", "mknod /tmp/log c 1 11 && (: < /tmp/log) 2>/dev/null && echo log; "
                                 "mknod /tmp/mem c 1 1 && (: < /tmp/mem) 2>/dev/null && echo mem; "
                                 ": < /dev/null && : > /dev/null && echo null");
        if (std::strcmp(resources, "null") == 0)
            b.config["linux"].erase("resources");
        else
            b.config["linux"]["resources"] = Json::parse(resources);
        b.config["root"]["readonly"] = false;
        b.config["mounts"].push_back({{"destination", "/tmp"}, {"type", "tmpfs"}, {"source", "tmpfs"}});
        for (const char *set : {"bounding", "effective", "permitted"})
            b.config["process"]["capabilities"][set].push_back("CAP_MKNOD");
        const Ran ran = run(b);
        EXPECT_STATUS(ran, 0);
        EXPECT_EQ(ran.out, "null\n") << resources << '\n' << describe(ran);
    }
}

TEST_F(OciCgroup, AParentThatDeniesADeviceFailsNoStartThatDoesNotNeedIt) {
    make_everywhere("strict");
    const std::string parent = cgroup("strict", "devices");
    write_text(parent + "/devices.deny", "c 10:229 rwm");
    write_text(parent + "/devices.deny", "b *:* rwm");
    Bundle b = bundle("one", "echo ran > /out/text");
    b.config["linux"]["cgroupsPath"] = box.cgroup_parent() + "/strict/one";
    b.config["linux"]["resources"]["devices"] = Json::parse(
        R"([{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "access": "m"}, {"allow": true, "type": "c", "major": 1, "minor": 3, "access": "rwm"}])");
    EXPECT_STATUS(run(b), 0);
    EXPECT_EQ(out(), "ran\n");
    b.config["linux"]["resources"]["devices"].push_back(
        {{"allow", true}, {"type", "c"}, {"major", 10}, {"minor", 229}});
    EXPECT_REFUSED(run(b), "devices.allow");
    remove_everywhere("strict");
}

TEST_F(OciCgroup, WhatOthersPutIntoACgroupThatWasThereBeforeIsTheirs) {
    for (const bool own : {true, false}) {
        make_everywhere("guest");
        Bundle b = own ? bundle("one", "sleep 1000") : without_pid_namespace("one", "sleep 1000");
        b.config["linux"]["cgroupsPath"] = box.cgroup_parent() + "/guest";
        start("one", b);
        const std::string pid = exec("one", {"sleep", "1001"});
        Stranger below, beside;
        std::filesystem::create_directory(cgroup("guest", "memory") + "/other");
        below.move_to(cgroup("guest", "memory") + "/other");
        beside.move_to(cgroup("guest", "freezer"));
        EXPECT_STATUS(oci({"kill", "--all", "one", "URG"}), 0);
        EXPECT_STATUS(oci({"kill", "one", "KILL"}), 0);
        EXPECT_TRUE(becomes("one", "stopped"));
        EXPECT_STATUS(oci({"delete", "--force", "one"}), 0);
        EXPECT_TRUE(eventually([&] { return !lives(pid); })) << own;
        EXPECT_TRUE(below.lives()) << own;
        EXPECT_TRUE(beside.lives()) << own;
        EXPECT_TRUE(exists(cgroup("guest", "pids"))) << "it was there before";
        below.move_to("/sys/fs/cgroup/memory");
        beside.move_to("/sys/fs/cgroup/freezer");
        ::rmdir((cgroup("guest", "memory") + "/other").c_str());
        remove_everywhere("guest");
    }
}

TEST_F(OciCgroup, AParentThatOthersMadeStaysHoweverYoungItLooks) {
    make_everywhere("pod");
    Bundle b = bundle("one", "sleep 1000");
    b.config["linux"]["cgroupsPath"] = box.cgroup_parent() + "/pod/one";
    start("one", b);
    // The time of a cgroup's directory says little about its age: chmod changes it, and so does memory pressure.
    for (const std::string &each : hierarchies())
        ::chmod((each + box.cgroup_parent() + "/pod").c_str(), 0700);
    remove("one");
    for (const std::string &each : hierarchies())
        EXPECT_TRUE(exists(each + box.cgroup_parent() + "/pod")) << each;
    remove_everywhere("pod");
    // A start that fails: the parent was made in the same tick of the clock as the container's record, now and then.
    b.config["linux"]["resources"]["memory"] = {{"limit", 4096}};
    b.config["linux"]["resources"]["cpu"] = {{"cpus", "999999"}};
    for (int i = 0; i < 20; ++i) {
        make_everywhere("pod");
        EXPECT_REFUSED(run(b), "cpuset.cpus");
        for (const std::string &each : hierarchies())
            EXPECT_TRUE(exists(each + box.cgroup_parent() + "/pod")) << each << ", round " << i;
        remove_everywhere("pod");
    }
}

TEST_F(OciCgroup, ACgroupThatAnotherContainerTookOverIsLeftAlone) {
    for (const char *name : {"one", "two"}) {
        Bundle b = bundle(name, std::string(name) == "one" ? "true" : "sleep 1000");
        b.config["linux"]["cgroupsPath"] = box.cgroup_parent() + "/same";
        if (std::string(name) == "one") {
            EXPECT_STATUS(run(b, {"--keep"}, "one"), 0);
        } else {
            start("two", b);
        }
        EXPECT_TRUE(exists(cgroup("same", "pids"))) << "kept until delete, with what it counted";
    }
    EXPECT_STATUS(oci({"delete", "one"}), 0);
    EXPECT_EQ(status("two"), "running");
    EXPECT_TRUE(exists(cgroup("same", "pids")));
    Bundle third = bundle("three", "true");
    third.config["linux"]["cgroupsPath"] = box.cgroup_parent() + "/same";
    EXPECT_REFUSED(run(third, {}, "three"), "container's cgroup is not empty: 1 process(es) found");
    EXPECT_EQ(status("two"), "running");
    remove("two");
    EXPECT_FALSE(exists(cgroup("same", "pids"))) << "who takes it over takes it away";
}

TEST_F(OciCgroup, AContainerBelowAnothersCgroupOutlivesIt) {
    for (const bool own : {true, false}) {
        const Bundle outer = own ? bundle("one", "sleep 1000") : without_pid_namespace("one", "sleep 1000");
        start("one", outer);
        Bundle inner = bundle("two", "sleep 1000");
        inner.config["linux"]["cgroupsPath"] = box.cgroup_parent() + "/one/two";
        start("two", inner);
        EXPECT_STATUS(oci({"delete", "--force", "one"}), 0);
        EXPECT_EQ(status("two"), "running") << own;
        remove("two");
        EXPECT_FALSE(exists(cgroup("one", "pids"))) << "the last below a shared parent takes it away";
    }
}

TEST_F(OciCgroup, AFrozenCgroupIsRefusedInTime) {
    make_everywhere("cold");
    Bundle b = bundle("one", "true");
    const std::string frozen = cgroup("cold", "freezer") + "/freezer.state";
    for (const char *path : {"/cold", "/cold/below"}) {
        b.config["linux"]["cgroupsPath"] = box.cgroup_parent() + path;
        write_text(frozen, "FROZEN");
        const Ran ran = run(b);
        EXPECT_REFUSED(ran, "container's cgroup unexpectedly frozen");
        EXPECT_LT(ran.seconds, 10) << path;
        write_text(frozen, "THAWED");
        EXPECT_STATUS(run(b), 0);
    }
    if (const std::string v2 = cgroup("cold", "unified") + "/cgroup.freeze"; exists(v2)) {
        write_text(v2, "1");
        const Ran ran = run(b);
        EXPECT_REFUSED(ran, "container's cgroup unexpectedly frozen");
        EXPECT_LT(ran.seconds, 10);
        write_text(v2, "0");
    }
    remove_everywhere("cold");
}

TEST_F(OciCgroup, DeleteEndsWhatIsFrozenBelow) {
    start("one", "sleep 1000");
    const std::string below = cgroup("one", "freezer") + "/sub";
    ASSERT_EQ(::mkdir(below.c_str(), 0755), 0);
    write_text(below + "/cgroup.procs", std::to_string(state("one")["pid"].get<int>()));
    write_text(below + "/freezer.state", "FROZEN");
    const Ran removed = oci({"delete", "--force", "one"});
    EXPECT_STATUS(removed, 0);
    EXPECT_LT(removed.seconds, 10);
    EXPECT_FALSE(exists(cgroup("one", "freezer")));
}

TEST_F(OciCgroup, DeleteEndsWhereAChainIsDeeperThanPathMax) {
    start("one", "sleep 1000");
    int here = ::open(cgroup("one", "memory").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const std::string name(200, 'd');
    for (int i = 0; i < 30; ++i) {
        ASSERT_EQ(::mkdirat(here, name.c_str(), 0755), 0) << i;
        const int below = ::openat(here, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ::close(here);
        here = below;
    }
    ::close(here);
    EXPECT_STATUS(oci({"delete", "--force", "one"}), 0);
    EXPECT_FALSE(exists(cgroup("one", "memory")));
}

TEST_F(OciCgroup, KillReachesAllOfAContainerWithoutAPidNamespace) {
    start("one", without_pid_namespace("one", "sleep 1000"));
    const std::string first = exec("one", {"sleep", "1001"});
    EXPECT_STATUS(oci({"kill", "one", "KILL"}), 0);
    EXPECT_TRUE(eventually([&] { return !lives(first); }));
    EXPECT_TRUE(becomes("one", "stopped"));
    EXPECT_REFUSED(oci({"kill", "one", "KILL"}), "container not running");
    EXPECT_STATUS(oci({"delete", "one"}), 0);

    start("one", without_pid_namespace("one", "sleep 1000"));
    const std::string second = exec("one", {"sleep", "1001"}), third = exec("one", {"sleep", "1002"});
    ::kill(state("one")["pid"].get<int>(), SIGKILL);
    EXPECT_TRUE(becomes("one", "stopped"));
    EXPECT_TRUE(lives(second));
    EXPECT_STATUS(oci({"kill", "one", "KILL"}), 0) << "behind a dead init";
    EXPECT_TRUE(eventually([&] { return !lives(second) && !lives(third); }));
    EXPECT_STATUS(oci({"delete", "one"}), 0);
}

TEST_F(OciCgroup, WithKeepNothingOutlivesItButTheCgroup) {
    const Bundle b = without_pid_namespace("one", "sleep 1003 & echo $! > /out/text");
    EXPECT_STATUS(run(b, {"--keep"}, "one"), 0);
    EXPECT_FALSE(lives(out().substr(0, out().find('\n'))));
    EXPECT_TRUE(exists(cgroup("one", "cpuacct") + "/cpuacct.usage"));
    EXPECT_NE(read_text(cgroup("one", "cpuacct") + "/cpuacct.usage"), "0\n");
    EXPECT_STATUS(oci({"delete", "one"}), 0);
    EXPECT_FALSE(exists(cgroup("one", "cpuacct")));
}

TEST_F(OciCgroup, NumbersAreWrittenInAnOrderThatTheKernelTakes) {
    make_everywhere("half");
    const std::string parent = cgroup("half", "cpu");
    write_text(parent + "/cpu.cfs_period_us", "100000");
    write_text(parent + "/cpu.cfs_quota_us", "50000");
    // Somebody made the cgroup before, with the whole of its parent's quota.
    const std::string own = parent + "/one";
    ASSERT_EQ(::mkdir(own.c_str(), 0755), 0);
    write_text(own + "/cpu.cfs_quota_us", "50000");
    Bundle b = bundle("one", "sleep 1000");
    b.config["linux"]["cgroupsPath"] = box.cgroup_parent() + "/half/one";
    b.config["linux"]["resources"]["cpu"] = {{"quota", 5000}, {"period", 10000}};
    start("one", b);
    const auto numbers = [&] { return read_text(own + "/cpu.cfs_quota_us") + read_text(own + "/cpu.cfs_period_us"); };
    EXPECT_EQ(numbers(), "5000\n10000\n");
    EXPECT_STATUS(oci({"update", "--cpu-period", "200000", "--cpu-quota", "100000", "one"}), 0);
    EXPECT_EQ(numbers(), "100000\n200000\n");
    EXPECT_STATUS(oci({"update", "--cpu-period", "10000", "--cpu-quota", "3000", "one"}), 0);
    EXPECT_EQ(numbers(), "3000\n10000\n");
    EXPECT_STATUS(oci({"update", "--cpu-quota", "-1", "one"}), 0);
    remove("one");
    ::rmdir(own.c_str());
    remove_everywhere("half");
}

TEST_F(OciCgroup, UpdateTakesOffAndSetsToZeroAsRuncDoes) {
    Bundle b = bundle("one", "sleep 1000");
    b.config["ociVersion"] = "1.0.2";
    b.config["linux"]["resources"]["memory"] = {{"limit", 32 << 20}};
    const std::string memory = cgroup("one", "memory"), cpu = cgroup("one", "cpu"), pids = cgroup("one", "pids");
    const bool swap = exists("/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes");
    if (swap) b.config["linux"]["resources"]["memory"]["swap"] = 48 << 20;
    b.config["linux"]["resources"]["pids"] = {{"limit", 0}};
    start("one", b);
    EXPECT_EQ(read_text(pids + "/pids.max"), "max\n") << "before version 1.3";
    EXPECT_STATUS(oci({"update", "--memory", "-1", "one"}), 0);
    EXPECT_GT(std::stoull(read_text(memory + "/memory.limit_in_bytes")), 1ULL << 50);
    if (swap) {
        EXPECT_GT(std::stoull(read_text(memory + "/memory.memsw.limit_in_bytes")), 1ULL << 50);
    }
    if (exists(cpu + "/cpu.idle")) {
        EXPECT_STATUS(oci({"update", "--cpu-idle", "1", "one"}), 0);
        EXPECT_STATUS(oci({"update", "-r", "-", "one"}, {}, R"({"cpu": {"idle": 0, "shares": 0, "quota": 0}})"), 0);
        EXPECT_EQ(read_text(cpu + "/cpu.idle"), "0\n") << "not dropped";
    }
    if (exists(cpu + "/cpu.cfs_burst_us")) {
        EXPECT_STATUS(oci({"update", "--cpu-quota", "50000", "--cpu-burst", "20000", "one"}), 0);
        EXPECT_STATUS(oci({"update", "-r", "-", "one"}, {}, R"({"cpu": {"burst": 0}})"), 0);
        EXPECT_EQ(read_text(cpu + "/cpu.cfs_burst_us"), "0\n");
    }
    EXPECT_STATUS(oci({"update", "--pids-limit", "20", "one"}), 0);
    EXPECT_STATUS(oci({"update", "-r", "-", "one"}, {}, R"({"pids": {"limit": 0}})"), 0);
    EXPECT_EQ(read_text(pids + "/pids.max"), "20\n") << "in such a container 0 says nothing";
    remove("one");
    b.config["ociVersion"] = "1.3.0";
    b.program({"/bin/sleep", "1000"});
    start("one", b);
    EXPECT_EQ(read_text(pids + "/pids.max"), "1\n") << "no process but the first";
    remove("one");
}

TEST_F(OciCgroup, ExecIsWhereTheContainerIsInAllHierarchies) {
    start("one", "sleep 1000");
    const std::string pid = exec("one", {"sleep", "1001"});
    const std::string init = read_text("/proc/" + std::to_string(state("one")["pid"].get<int>()) + "/cgroup");
    EXPECT_EQ(read_text("/proc/" + pid + "/cgroup"), init) << "cgroup v2 too";
    EXPECT_HAS(init, box.cgroup_parent() + "/one");
    if (exists("/sys/fs/cgroup/unified")) {
        EXPECT_HAS(init, "0::" + box.cgroup_parent() + "/one");
    }
    // Below, but not in all of them: not at all, or it would be outside of the others' limits and device rules.
    ASSERT_EQ(::mkdir((cgroup("one", "memory") + "/sub").c_str(), 0755), 0);
    EXPECT_NE(oci({"exec", "--cgroup", "/sub", "one", "true"}).status, 0);
    EXPECT_STATUS(oci({"exec", "--cgroup", "memory:/sub", "one", "true"}), 0);
    remove("one");
}

TEST_F(OciCgroup, ADescriptionsOwnWordsLeadNoExecIntoAnotherCgroup) {
    Bundle b = bundle("one", "sleep 1000");
    b.config["ctr"] = {{"cgroups", {{"memory", "/.."}}}, {"container", {{"pid", 1}, {"cgroup", "/"}}}};
    start("one", b);
    const std::string init = read_text("/proc/" + std::to_string(state("one")["pid"].get<int>()) + "/cgroup");
    EXPECT_EQ(read_text("/proc/" + exec("one", {"sleep", "1001"}) + "/cgroup"), init);
    ASSERT_EQ(::mkdir((cgroup("one", "memory") + "/sub").c_str(), 0755), 0);
    EXPECT_STATUS(oci({"exec", "--cgroup", "memory:/sub", "one", "true"}), 0);
    remove("one");
}

TEST_F(OciCgroup, ADamagedRecordTouchesNothing) {
    start("one", "sleep 1000");
    const std::string journal = root + "/containers/one", own = box.cgroup_parent() + "/one";
    std::string text = read_text(journal);
    const std::string whole = text;
    for (const char *wrong : {"/", "", "/.."}) {
        text = whole;
        for (std::size_t at = text.find('"' + own + '"'); at != std::string::npos; at = text.find('"' + own + '"'))
            text.replace(at, own.size() + 2, '"' + std::string(wrong) + '"');
        ASSERT_NE(text, whole);
        write_text(journal, text);
        EXPECT_NE(oci({"kill", "--all", "one", "TERM"}).status, 0) << wrong;
        EXPECT_NE(oci({"pause", "one"}).status, 0) << wrong;
        EXPECT_EQ(status("one"), "running");
    }
    write_text(journal, whole);
    remove("one");
}

TEST_F(OciCgroup, RealtimeBudgetsGoThroughOurParents) {
    const std::string probe = "/sys/fs/cgroup/cpu" + box.cgroup_parent() + ".rt";
    ASSERT_EQ(::mkdir(probe.c_str(), 0755), 0);
    write_text(probe + "/cpu.rt_runtime_us", "1000");
    const bool budget = read_text(probe + "/cpu.rt_runtime_us") == "1000\n";
    ::rmdir(probe.c_str());
    if (!budget) GTEST_SKIP() << "the machine has no realtime budget to give (CONFIG_RT_GROUP_SCHED)";
    for (const char *name : {"one", "two"}) {
        Bundle b = bundle(name, "sleep 1000");
        b.config["linux"]["resources"]["cpu"] = {{"realtimeRuntime", 1000}, {"realtimePeriod", 100000}};
        start(name, b);
        EXPECT_EQ(read_text(cgroup(name, "cpu") + "/cpu.rt_runtime_us"), "1000\n");
    }
    remove("one");
    remove("two");
}
