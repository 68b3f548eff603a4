// SPDX-License-Identifier: MIT
#include "../../../plugins/cgroup-common/ownership.hpp"
#include "../../../plugins/cgroup-common/planning.hpp"
#include "../../../plugins/cgroup-common/writing.hpp"
#include <ctr/testing/host.hpp>

#include <gtest/gtest.h>

using namespace ctr::cgroup;

namespace {

struct Common : ::testing::Test {
    ctr::Error problem;
    Resources read(const char *text) {
        json = ctr::testing::Json::parse(text);
        const auto all = read_resources(ctr::testing::node(json), "/linux/resources");
        if (all.ok()) return all.value();
        problem = all.error();
        return {};
    }
    ctr::testing::Json json;
};

std::optional<std::string> path(std::string_view asked) {
    const auto found = container_path(asked, "/ctr", "box");
    return found.ok() ? std::optional(found.value()) : std::nullopt;
}

} // namespace

TEST_F(Common, ContainerWithoutPathIsBelowTheParent) { EXPECT_EQ(path(""), "/ctr/box"); }
TEST_F(Common, AbsolutePathStandsAsItIs) { EXPECT_EQ(path("/machine//./x/"), "/machine/x"); }
TEST_F(Common, RelativePathIsBelowTheParent) { EXPECT_EQ(path("pod/x"), "/ctr/pod/x"); }

TEST_F(Common, PathsThatLeadElsewhereAreRefused) {
    EXPECT_FALSE(path("/a/../b"));
    EXPECT_FALSE(path("../b"));
    EXPECT_FALSE(path("/"));
    EXPECT_FALSE(path("//./"));
    EXPECT_FALSE(path("/a\nb"));
    EXPECT_FALSE(path("/" + std::string(256, 'a')));
    EXPECT_TRUE(path("/" + std::string(255, 'a')));
    EXPECT_FALSE(path("user.slice:ctr:box")) << "systemd's form";
    EXPECT_TRUE(path("/a:b:c")) << "a colon in an absolute path is a name";
}

TEST_F(Common, MountinfoIsReadWithItsEscapes) {
    const auto mounts =
        cgroup_mounts("33 31 0:30 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
                      "41 31 0:38 /a /odd\\040place rw - cgroup2 cgroup2 rw,nsdelegate\n"
                      "50 31 0:40 / /x rw - cgroupish none rw\n"
                      "garbage - cgroup\n");
    ASSERT_EQ(mounts.size(), 2u);
    EXPECT_EQ(mounts[0].options, (std::vector<std::string>{"rw", "cpu", "cpuacct"}));
    EXPECT_EQ(mounts[1].point, "/odd place");
    EXPECT_EQ(mounts[1].root, "/a");
}

TEST_F(Common, SettingIsItsOwnText) {
    for (const Setting &s : {Setting{"memory.max", "1"}, Setting{"a.b", "x=y|?", When::if_present},
                             Setting{"io.weight", "", When::if_previous_missing},
                             Setting{"devices.allow", "c 1:3 rwm", When::if_permitted}})
        EXPECT_EQ(Setting::from(s.text()), s) << s.text();
    EXPECT_EQ((Setting{"blkio.bfq.weight", "5"}).controller(), "blkio");
}

TEST_F(Common, DeviceRuleIsItsOwnText) {
    const DeviceRule rule{true, 'c', 10, any_device, "rw"};
    DeviceRule read;
    EXPECT_TRUE(parse_device_rule("allow " + rule.text(), read));
    EXPECT_EQ(read, rule);
    for (const char *wrong :
         {"", "allow", "maybe c 1:3 rwm", "allow c 13 rwm", "allow c 1:x rwm", "allow cc 1:3 rwm", "deny c : r"})
        EXPECT_FALSE(parse_device_rule(wrong, read)) << wrong;
}

TEST_F(Common, DevicesAreDeniedWhateverTheListSays) {
    const DeviceRule deny_all{false, 'a', any_device, any_device, "rwm"}, null{true, 'c', 1, 3, "r"},
        mine{false, 'c', 5, 0, "rwm"}, fuse{true, 'c', 10, 229, "rw"}, all{true, 'a', any_device, any_device, "rwm"};
    const auto with_defaults = [](std::vector<DeviceRule> rules) {
        rules.insert(rules.end(), default_devices().begin(), default_devices().end());
        return rules;
    };
    EXPECT_EQ(effective_rules({}), with_defaults({deny_all}));
    EXPECT_EQ(effective_rules({fuse}), with_defaults({deny_all, fuse})) << "no rule that denies";
    EXPECT_EQ(effective_rules({deny_all}), with_defaults({deny_all}));
    EXPECT_EQ(effective_rules({fuse, deny_all, mine}), with_defaults({deny_all, mine}))
        << "the defaults come last, as with runc: a list cannot take them away";
    EXPECT_EQ(effective_rules({deny_all, all}), std::vector<DeviceRule>{all}) << "privileged";
    EXPECT_EQ(effective_rules({all, mine}), (std::vector<DeviceRule>{all, mine}));
    EXPECT_EQ(effective_rules({all, deny_all}), with_defaults({deny_all}));
    EXPECT_EQ(effective_rules({{true, 'a', any_device, any_device, "rw"}}).front(), deny_all) << "not everything";
    EXPECT_EQ(effective_rules({{true, 'b', any_device, any_device, "rwm"}}).front(), deny_all);
}

TEST_F(Common, WhatAContainerAlwaysHasOpensNoneOfTheMachinesDevices) {
    for (const DeviceRule &rule : default_devices()) {
        const bool harmless = rule.major == 1 || rule.major == 5 || rule.major == 136 || rule.major == 10;
        EXPECT_TRUE(harmless || rule.access == "m") << rule.text();
        EXPECT_TRUE(rule.type == 'c' || rule.access == "m") << rule.text();
        EXPECT_FALSE(rule.major == 5 && rule.minor == 1) << "the machine's console";
        EXPECT_FALSE(rule.major == 1 && (rule.minor == 1 || rule.minor == 2 || rule.minor == 11)) << rule.text();
    }
}

TEST_F(Common, LettersOfAccessStandInAnyOrderAndOthersMeanNothing) {
    const auto r = read(R"({"devices": [{"allow": true, "type": "c", "major": 7, "access": "mxrr"},
        {"allow": true, "type": "c", "major": 8, "access": "x"}, {"allow": true, "access": "MRW"}]})");
    EXPECT_EQ(problem.message, "");
    EXPECT_EQ(r.devices.at(0).access, "rm");
    const auto rules = asked_rules(r.devices);
    ASSERT_EQ(rules.size(), 2u) << "a rule without a right is a rule about nothing";
    EXPECT_EQ(rules[1].text(), "c 7:* rm");
}

TEST_F(Common, PidsOfZeroMeanWhatTheDocumentsVersionSays) {
    for (const char *old : {"1.0.0", "1.0.2-dev", "1.2.1", "1.2"}) {
        Resources r;
        r.pids_limit = 0;
        of_version(old, r);
        EXPECT_EQ(r.pids_limit, -1) << old;
    }
    for (const char *today : {"1.3.0", "1.3.0-rc.1", "1.10.0", "", "nonsense"}) {
        Resources r;
        r.pids_limit = 0;
        of_version(today, r);
        EXPECT_EQ(r.pids_limit, 0) << today;
    }
    EXPECT_EQ(pids_value(0), "1") << "the first process counts";
    EXPECT_EQ(pids_value(-1), "max");
    EXPECT_EQ(pids_value(7), "7");
}

TEST_F(Common, NothingButAContainersCgroupIsAPath) {
    EXPECT_TRUE(is_container_path("/ctr/box"));
    for (const char *wrong : {"", "/", "//", "ctr", "/..", "/ctr/../..", "/a//b", "/a/", "/a/./b"})
        EXPECT_FALSE(is_container_path(wrong)) << wrong;
}

TEST_F(Common, AllResourcesAreRead) {
    const auto r = read(
        R"({"memory": {"limit": 67108864, "swap": -1, "reservation": 1, "swappiness": 60, "checkBeforeUpdate": true},
        "cpu": {"shares": 1024, "quota": -1, "period": 100000, "burst": 0, "cpus": "0-1", "mems": "0", "idle": 1},
        "pids": {"limit": 0}, "blockIO": {"weight": 500, "throttleReadBpsDevice": [{"major": 8, "minor": 0, "rate": 18446744073709551615}]},
        "hugepageLimits": [{"pageSize": "2MB", "limit": 4}], "network": {"classID": 1048577, "priorities": [{"name": "eth0", "priority": 5}]},
        "rdma": {"mlx5_0": {"hcaHandles": 2}}, "devices": [{"allow": false}, {"allow": true, "type": "c", "major": 1, "access": "mr"}],
        "unified": {"memory.high": "1"}})");
    EXPECT_EQ(problem.message, "");
    EXPECT_EQ(r.memory.limit, 67108864);
    EXPECT_EQ(r.memory.swap, -1);
    EXPECT_TRUE(r.memory.check_before_update);
    EXPECT_EQ(r.cpu.quota, -1);
    EXPECT_EQ(r.cpu.burst, 0u);
    EXPECT_EQ(r.pids_limit, 0) << "0 is a limit since 1.3";
    EXPECT_EQ(r.block_io.read_bps.at(0).rate, UINT64_MAX);
    EXPECT_EQ(r.rdma.at(0).text(), "mlx5_0 hca_handle=2");
    EXPECT_TRUE(r.devices.at(0).covers_all());
    EXPECT_EQ(r.devices.at(1).text(), "c 1:* rm");
}

TEST_F(Common, ZeroOfMemoryAndCpuIsNotAskedFor) {
    const auto r = read(
        R"({"memory": {"limit": 0, "swap": 0, "reservation": 0}, "cpu": {"shares": 0, "quota": 0, "period": 0}, "blockIO": {"weight": 0}})");
    EXPECT_EQ(problem.message, "");
    EXPECT_FALSE(r.memory.limit || r.memory.swap || r.memory.reservation || r.cpu.shares || r.cpu.quota ||
                 r.cpu.period || r.block_io.weight);
}

TEST_F(Common, WhatIsWrongIsNamed) {
    const std::pair<const char *, const char *> cases[] = {
        {R"({"memory": {"limit": "64m"}})", "/linux/resources/memory/limit"},
        {R"({"memory": {"limit": -2}})", "/linux/resources/memory/limit"},
        {R"({"memory": {"limit": 9223372036854775808}})", "/linux/resources/memory/limit"},
        {R"({"memory": {"limit": 2, "swap": 1}})", "/linux/resources/memory/swap"},
        {R"({"memory": {"swappiness": 201}})", "/linux/resources/memory/swappiness"},
        {R"({"cpu": {"idle": 2}})", "/linux/resources/cpu/idle"},
        {R"({"cpu": {"quota": 10, "burst": 11}})", "/linux/resources/cpu/burst"},
        {R"({"cpu": {"cpus": "0\n1"}})", "/linux/resources/cpu/cpus"},
        {R"({"blockIO": {"weight": 9}})", "/linux/resources/blockIO/weight"},
        {R"({"blockIO": {"weight": 1001}})", "/linux/resources/blockIO/weight"},
        {R"({"blockIO": {"weightDevice": [{"major": 8, "minor": 0}]}})", "/linux/resources/blockIO/weightDevice/0"},
        {R"({"blockIO": {"throttleReadBpsDevice": [{"major": 8, "rate": 1}]}})",
         "/linux/resources/blockIO/throttleReadBpsDevice/0/minor"},
        {R"({"hugepageLimits": [{"pageSize": "2M", "limit": 1}]})", "/linux/resources/hugepageLimits/0/pageSize"},
        {R"({"hugepageLimits": [{"pageSize": "2MB"}]})", "/linux/resources/hugepageLimits/0/limit"},
        {R"({"hugepageLimits": [{"pageSize": "/../MB", "limit": 1}]})", "/linux/resources/hugepageLimits/0/pageSize"},
        {R"({"network": {"classID": 4294967296}})", "/linux/resources/network/classID"},
        {R"({"devices": [{"type": "c"}]})", "/linux/resources/devices/0/allow"},
        {R"({"devices": [{"allow": true, "type": "x"}]})", "/linux/resources/devices/0/type"},
        {R"({"devices": [{"allow": true, "access": 7}]})", "/linux/resources/devices/0/access"},
        {R"({"devices": [{"allow": true, "major": 4096}]})", "/linux/resources/devices/0/major"},
        {R"({"unified": {"../x.y": "1"}})", "/linux/resources/unified/../x.y"},
        {R"({"unified": {"a/b.c": "1"}})", "/linux/resources/unified/a/b.c"},
        {R"({"unified": {"cgroup.procs": "1"}})", "/linux/resources/unified/cgroup.procs"},
        {R"({"unified": {"memory.max": 1}})", "/linux/resources/unified/memory.max"},
    };
    for (const auto &[text, where] : cases) {
        problem = {};
        read(text);
        EXPECT_EQ(problem.path, where) << text;
        EXPECT_NE(problem.message, "") << text;
    }
}

TEST_F(Common, NumbersOfControlFiles) {
    EXPECT_EQ(leading_number("42\n"), 42u);
    EXPECT_EQ(leading_number("max\n"), std::nullopt);
    EXPECT_EQ(leading_number("99999999999999999999"), UINT64_MAX);
    EXPECT_EQ(keyed_number("populated 1\nfrozen 0\n", "frozen"), 0u);
    EXPECT_EQ(keyed_number("populated 1\n", "pop"), std::nullopt);
}

TEST_F(Common, ScriptHasTheAlternatives) {
    const Settings all{
        {"a.x", "1"}, {"b.y", "2", When::if_present}, {"c.z", "3"}, {"c.w", "4", When::if_previous_missing}};
    EXPECT_EQ(shell_lines(all, [](const Setting &s) { return "/" + s.file; }),
              "echo 1 > /a.x\n"
              "[ ! -e /b.y ] || echo 2 > /b.y\n"
              "if [ -e /c.z ]; then echo 3 > /c.z; else echo 4 > /c.w; fi");
    EXPECT_EQ(shell_lines({{"a.x", "c 1:3", When::if_permitted}}, [](const Setting &s) { return "/" + s.file; }),
              "echo 'c 1:3' > /a.x 2>/dev/null || true");
}

namespace {

/// A directory of our own; to the walk a cgroup is a directory as any other.
struct Tree : Common {
    Tree() {
        char name[] = "/tmp/ctr-tree.XXXXXX";
        top = ::mkdtemp(name);
    }
    ~Tree() override { EXPECT_EQ(remove_tree(top, everywhere), Removed::all); }
    void make(const std::string &path) const { ASSERT_EQ(::mkdir((top + path).c_str(), 0755), 0) << path; }
    std::string top;
};

} // namespace

TEST_F(Tree, TheDeepestComeFirstAndEachOnce) {
    for (const char *each : {"/a", "/a/b", "/a/b/c", "/a/d", "/e"})
        make(each);
    std::vector<std::string> seen;
    const ctr::Fd dir = open_directory(AT_FDCWD, top.c_str());
    walk(dir.get(), everywhere, [&](int, int above, const std::string &name) {
        EXPECT_EQ(above < 0, name.empty());
        seen.push_back(name);
    });
    ASSERT_EQ(seen.size(), 6u);
    const auto at = [&](const char *name) { return std::find(seen.begin(), seen.end(), name) - seen.begin(); };
    EXPECT_LT(at("c"), at("b"));
    EXPECT_LT(at("b"), at("a"));
    EXPECT_LT(at("d"), at("a"));
    EXPECT_EQ(seen.back(), "");
}

TEST_F(Tree, APathMayBeLongerThanPathMax) {
    const std::string name(60, 'x');
    ctr::Fd here = open_directory(AT_FDCWD, top.c_str());
    for (int i = 0; i < 400; ++i) {
        ASSERT_EQ(::mkdirat(here.get(), name.c_str(), 0755), 0) << i;
        here = open_directory(here.get(), name.c_str());
        ASSERT_TRUE(here.valid()) << i;
    }
    here.reset();
    int count = 0;
    walk(open_directory(AT_FDCWD, top.c_str()).get(), everywhere, [&](int, int, const std::string &) { ++count; });
    EXPECT_EQ(count, 401);
    EXPECT_EQ(remove_tree(top, everywhere), Removed::all);
}

TEST_F(Tree, WhereOthersAreNobodyGoes) {
    for (const char *each : {"/mine", "/mine/theirs", "/mine/theirs/below", "/other"})
        make(each);
    const auto not_theirs = [](int dir) { return ::faccessat(dir, "below", F_OK, 0) != 0; };
    std::vector<std::string> seen;
    walk(open_directory(AT_FDCWD, top.c_str()).get(), not_theirs,
         [&](int, int, const std::string &name) { seen.push_back(name); });
    EXPECT_EQ(std::count(seen.begin(), seen.end(), "theirs") + std::count(seen.begin(), seen.end(), "below"), 0);
    remove_tree(top, not_theirs);
    EXPECT_EQ(::access((top + "/mine/theirs/below").c_str(), F_OK), 0);
    EXPECT_NE(::access((top + "/other").c_str(), F_OK), 0);
}

TEST_F(Tree, WhatNoOrderMendsIsTheErrorAndWhatMayBeMissingIsNone) {
    ::close(::open((top + "/a.x").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
    const auto locate = [&](const Setting &s) { return top + '/' + s.file; };
    EXPECT_TRUE(write_settings({{"a.x", "1"}, {"b.y", "2", When::if_present}}, locate).ok());
    EXPECT_EQ(read_file(top + "/a.x"), "1");
    const auto done = write_settings({{"b.y", "2"}, {"a.x", "3"}}, locate);
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().errno_value, ENOENT);
    ::unlink((top + "/a.x").c_str());
}
