// SPDX-License-Identifier: MIT
#include "spec/claims.hpp"

#include "spec/oci_fields.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

using namespace core;
using namespace core::spec;
using Strings = std::vector<std::string>;

namespace {

Strings patterns(const char *spec) {
    Strings out;
    for (const RequestedPath &path : requested_paths(Json::parse(spec)))
        out.emplace_back(path.pattern());
    return out;
}

/// "pattern: a b" for each requested path, by plugins a, b, c with these claims.
Strings matches(const char *spec, const std::vector<Strings> &claims) {
    std::vector<Claimant> claimants;
    for (const Strings &each : claims)
        claimants.push_back({"", each});
    const auto requested = requested_paths(Json::parse(spec));
    const auto found = match_claims(requested, claimants);
    Strings out;
    for (std::size_t i = 0; i < requested.size(); ++i) {
        out.push_back(std::string(requested[i].pattern()) + ":");
        for (const std::uint32_t who : found[i])
            (out.back() += ' ') += static_cast<char>('a' + who);
    }
    return out;
}

} // namespace

TEST(RequestedPaths, AreTheLeavesInTheOrderOfTheTableEachOnce) {
    EXPECT_EQ(
        patterns(
            R"({"ociVersion": "1.0.0", "hostname": "x", "process": {"args": ["a", "b"], "cwd": "/", "user": {"uid": 0}},
                           "mounts": [{"destination": "/a"}, {"destination": "/b", "options": ["ro"]}],
                           "linux": {"sysctl": {"a": "1", "b": "2"}}, "annotations": {"k": ""}})"),
        (Strings{"/ociVersion", "/mounts/*/destination", "/mounts/*/options", "/process/cwd", "/process/args",
                 "/process/user/uid", "/hostname", "/annotations/*", "/linux/sysctl/*"}));
}

TEST(RequestedPaths, ComeWithAnExample) {
    const auto found = requested_paths(
        Json::parse(R"({"mounts": [{"destination": "/a"}, {"options": ["ro"]}], "linux": {"sysctl": {"a/b": "1"}}})"));
    ASSERT_EQ(found.size(), 3u);
    EXPECT_EQ(found[0].example(), "/mounts/0/destination");
    EXPECT_EQ(found[1].example(), "/mounts/1/options");
    EXPECT_EQ(found[2].example(), "/linux/sysctl/a~1b");
}

TEST(RequestedPaths, LeaveOutWhatAsksForNothing) {
    EXPECT_EQ(
        patterns(R"({"hostname": "", "mounts": [], "hooks": {"prestart": []}, "root": {"readonly": false}, "linux": {
        "seccomp": null, "sysctl": {}, "rootfsPropagation": "", "resources": {"memory": {"limit": 0, "disableOOMKiller": false},
        "cpu": {"shares": 0}, "blockIO": {"weight": 0}}}, "windows": {"a": 1}, "novelty": 1, "process": {"commandLine": "x"}})"),
        Strings{});
}

TEST(RequestedPaths, KeepZeroFalseAndEmptyWhereTheyMeanSomething) {
    EXPECT_EQ(
        patterns(
            R"({"linux": {"resources": {"devices": [{"allow": false}], "memory": {"swappiness": 0}, "pids": {"limit": 0}}}})"),
        (Strings{"/linux/resources/devices/*/allow", "/linux/resources/memory/swappiness",
                 "/linux/resources/pids/limit"}));
    EXPECT_EQ(patterns(R"({"linux": {"netDevices": {"eth0": {}}}})"), (Strings{"/linux/netDevices/*"}));
    EXPECT_EQ(patterns(R"({"linux": {"netDevices": {"eth0": {}, "eth1": {"name": "x"}}}})"),
              (Strings{"/linux/netDevices/*", "/linux/netDevices/*/name"}));
    EXPECT_EQ(patterns(R"({"linux": {"netDevices": {"eth0": {"name": "a"}, "eth1": {"name": "x"}}}})"),
              (Strings{"/linux/netDevices/*/name"}));
    EXPECT_EQ(patterns(R"({"process": {"capabilities": {"bounding": []}}})"), (Strings{"/process/capabilities"}));
    EXPECT_EQ(patterns(R"({"linux": {"intelRdt": {}}})"), (Strings{"/linux/intelRdt"}));
}

TEST(RequestedPaths, NameAVirtualMachineAsAWhole) {
    EXPECT_EQ(patterns(R"({"vm": {"kernel": {"path": "/k"}}})"), (Strings{"/vm"}));
}

TEST(RequestedPaths, HoldEachKeyOfCtrItself) {
    EXPECT_EQ(
        patterns(
            R"({"ctr": {"image": {"name": "a", "layers": []}, "rm": false, "seccomp": "default", "dns": {}, "x/y": 1}})"),
        (Strings{"/ctr/image", "/ctr/seccomp", "/ctr/x~1y"}));
}

TEST(Claims, CoverTheirPathAndAllBelow) {
    const char *spec =
        R"({"process": {"args": ["a"], "cwd": "/"}, "mounts": [{"destination": "/a", "type": "proc"}], "linux": {"sysctl": {"a": "1"}}})";
    EXPECT_EQ(matches(spec, {{"/process"}, {"/mounts/*/destination", "/linux/sysctl"}, {"/process/args"}}),
              (Strings{"/mounts/*/destination: b", "/mounts/*/type:", "/process/cwd: a", "/process/args: a c",
                       "/linux/sysctl/*: b"}));
}

TEST(Claims, GoByComponents) {
    EXPECT_EQ(matches(R"({"hostname": "x"})", {{"/host"}, {"/hostname"}, {"/hostname/x"}, {"hostname"}, {"/"}}),
              (Strings{"/hostname: b"}));
    EXPECT_EQ(matches(R"({"hostname": "x", "ctr": {"rm": true}})", {{""}}), (Strings{"/hostname: a", "/ctr/rm: a"}));
}

TEST(Claims, AStarStandsForOneComponent) {
    EXPECT_EQ(matches(R"({"hooks": {"prestart": [{"path": "/a"}], "poststop": [{"path": "/a"}]}})",
                      {{"/hooks/*/*/path"}, {"/hooks/*/path"}}),
              (Strings{"/hooks/prestart/*/path: a", "/hooks/poststop/*/path: a"}));
    EXPECT_EQ(matches(R"({"process": {"args": ["a"]}})", {{"/process/args/*"}, {"/process/args"}, {"/*/args"}}),
              (Strings{"/process/args: a b c"}));
}

TEST(Claims, OfAnEmptyEntryNeedTheEntry) {
    EXPECT_EQ(matches(R"({"linux": {"netDevices": {"eth0": {}}}})",
                      {{"/linux/netDevices/*/name"}, {"/linux/netDevices"}, {"/linux/netDevices/*"}}),
              (Strings{"/linux/netDevices/*: b c"}));
}

TEST(Claims, BelowCtrGoByItsKeys) {
    EXPECT_EQ(matches(R"({"ctr": {"image": {"name": "a"}, "imagery": 1, "x": 1}})",
                      {{"/ctr/image"}, {"/ctr"}, {"/ctr/*"}, {"/ctr/image/name"}}),
              (Strings{"/ctr/image: a b c", "/ctr/imagery: b c", "/ctr/x: b c"}));
}

TEST(Claims, MayComeFromManyPlugins) {
    const Strings claim = {"/hostname", "/ctr/rm"}, other = {"/linux"};
    std::vector<Claimant> claimants(130, {"p", claim});
    claimants[64].claims = other;
    const auto found = match_claims(requested_paths(Json::parse(R"({"hostname": "x", "ctr": {"rm": true}})")), claimants);
    for (const auto &who : found) {
        ASSERT_EQ(who.size(), 129u);
        EXPECT_EQ(who[63], 63u);
        EXPECT_EQ(who[64], 65u);
        EXPECT_EQ(who[128], 129u);
    }
}

TEST(Claims, AreKnownIfTheTableHasThem) {
    for (const char *known : {"", "/process", "/process/args/*", "/mounts/*/destination", "/linux/*", "/ctr/anything",
                              "/vm", "/vm/kernel/path"})
        EXPECT_TRUE(is_known_claim(known)) << known;
    for (const char *unknown :
         {"process", "/proces", "/process/argv", "/mounts/0/destination", "/linux/sysctl/a", "/hostname/x"})
        EXPECT_FALSE(is_known_claim(unknown)) << unknown;
    for (const Field &field : fields())
        EXPECT_TRUE(is_known_claim(field.pattern)) << field.pattern;
}
