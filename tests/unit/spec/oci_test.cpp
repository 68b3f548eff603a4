// SPDX-License-Identifier: MIT
#include "spec/oci.hpp"

#include "spec/oci_fields.hpp"
#include "spec/oci_rules.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

using namespace core;
using namespace core::spec;

namespace {

Json minimal() {
    return Json::parse(R"({"ociVersion": "1.3.0", "root": {"path": "rootfs"},
        "process": {"cwd": "/", "args": ["sh"], "env": ["A=b"], "user": {"uid": 0, "gid": 0}},
        "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}],
        "linux": {"namespaces": [{"type": "mount"}, {"type": "pid", "path": "/proc/1/ns/pid"}]}})");
}

/// The error of the minimal spec after a JSON value was put at a pointer.
std::string with(const char *pointer, const Json &value) {
    Json spec = minimal();
    spec[Json::json_pointer(pointer)] = value;
    const auto result = validate(spec);
    return result.ok() ? "ok" : result.error().text();
}
std::string with(const char *pointer, const char *json) { return with(pointer, Json::parse(json)); }

std::string without(const char *object, const char *key) {
    Json spec = minimal();
    spec.at(Json::json_pointer(object)).erase(key);
    const auto result = validate(spec);
    return result.ok() ? "ok" : result.error().text();
}

} // namespace

TEST(OciSpec, TakesAMinimalOne) { EXPECT_EQ(with("/hostname", "\"web\""), "ok"); }

TEST(OciSpec, NamesTheWrongFieldWhatWasExpectedAndWhatWasGot) {
    EXPECT_EQ(with("/process/user/uid", "\"abc\""),
              "/process/user/uid: expected an integer from 0 to 4294967294, got \"abc\"");
    EXPECT_EQ(with("/process/user/uid", "-1"), "/process/user/uid: expected an integer from 0 to 4294967294, got -1");
    EXPECT_EQ(with("/process/user/uid", "1.0"), "/process/user/uid: expected an integer from 0 to 4294967294, got 1.0");
    EXPECT_EQ(with("/process/terminal", "1"), "/process/terminal: expected true or false, got 1");
    EXPECT_EQ(with("/mounts", "{}"), "/mounts: expected an array, got an object");
    EXPECT_EQ(with("/mounts/0/options", "\"ro\""), "/mounts/0/options: expected an array, got \"ro\"");
    EXPECT_EQ(with("/mounts/0/options", "[\"ro\", null]"), "/mounts/0/options/1: expected a string, got null");
    EXPECT_EQ(with("/linux/sysctl", "{\"net.ipv4.ip_forward\": 1}"),
              "/linux/sysctl/net.ipv4.ip_forward: expected a string, got 1");
    EXPECT_EQ(with("/annotations", "{\"a/b\": 1}"), "/annotations/a~1b: expected a string, got 1");
    EXPECT_EQ(with("/annotations", "{\"\": \"x\"}"), "/annotations: has an empty key");
    EXPECT_EQ(validate(Json::array()).error().text(), "expected an object with ociVersion, got an array");
}

TEST(OciSpec, NamesMissingFields) {
    EXPECT_EQ(without("", "ociVersion"),
              "/ociVersion: missing: expected a semantic version with major 1, such as \"1.3.0\"");
    EXPECT_EQ(without("/process", "cwd"), "/process/cwd: missing: expected an absolute path");
    EXPECT_EQ(without("/process", "args"), "/process/args: missing: expected an array that is not empty");
    EXPECT_EQ(without("/mounts/0", "destination"), "/mounts/0/destination: missing: expected a path");
    EXPECT_EQ(without("/root", "path"), "/root/path: missing: expected a path");
    EXPECT_EQ(with("/linux/namespaces/0", "{}").substr(0, 39), "/linux/namespaces/0/type: missing: expe");
    EXPECT_EQ(with("/process/cwd", "null"), "/process/cwd: missing: expected an absolute path");
}

TEST(OciSpec, NeedsNoRootPathWhenAnImageGivesTheRoot) {
    Json spec = minimal();
    spec["root"] = {{"readonly", true}};
    EXPECT_FALSE(validate(spec).ok());
    spec["ctr"]["image"]["name"] = "alpine";
    EXPECT_TRUE(validate(spec).ok());
}

TEST(OciSpec, KnowsTheBoundsOfIntegers) {
    EXPECT_EQ(with("/process/rlimits", R"([{"type": "RLIMIT_CORE", "soft": 0, "hard": 18446744073709551615}])"), "ok");
    EXPECT_EQ(with("/linux/resources/memory/limit", "-1"), "ok");
    EXPECT_EQ(with("/linux/resources/memory/limit", "-9223372036854775808"), "ok");
    EXPECT_NE(with("/linux/resources/memory/limit", "9223372036854775808"), "ok");
    EXPECT_NE(with("/linux/resources/memory/limit", "1e30"), "ok");
    EXPECT_EQ(with("/process/oomScoreAdj", "-1000"), "ok");
    EXPECT_EQ(with("/process/oomScoreAdj", "1001"),
              "/process/oomScoreAdj: expected an integer from -1000 to 1000, got 1001");
    EXPECT_NE(with("/linux/resources/blockIO/weight", "65536"), "ok");
    EXPECT_NE(with("/hooks/prestart", R"([{"path": "/bin/true", "timeout": 0}])"), "ok");
    EXPECT_EQ(with("/process/user/uid", Json(1000)), "ok") << "a signed integer made by code";
}

TEST(OciSpec, KnowsTheWordsThatMayStand) {
    EXPECT_EQ(with("/linux/rootfsPropagation", "\"rslave\""), "ok");
    EXPECT_EQ(with("/linux/rootfsPropagation", "\"\""), "ok");
    EXPECT_NE(with("/linux/rootfsPropagation", "\"slaves\""), "ok");
    EXPECT_EQ(with("/process/ioPriority", R"({"class": "IDLE"})"),
              "/process/ioPriority/class: expected one of \"IOPRIO_CLASS_RT\", "
              "\"IOPRIO_CLASS_BE\", \"IOPRIO_CLASS_IDLE\", got \"IDLE\"");
    EXPECT_NE(with("/linux/namespaces/0/type", "\"net\""), "ok");
    EXPECT_NE(with("/linux/namespaces/0/type", "\"\""), "ok");
}

TEST(OciSpec, RefusesNulBytesAnywhere) {
    const std::string nul("a\0b", 3);
    EXPECT_EQ(with("/hostname", Json(nul)), "/hostname: has a NUL byte in \"a\\x00b\"");
    EXPECT_NE(with("/process/args/0", Json(nul)), "ok");
    EXPECT_NE(with("/process/env/0", Json("A=" + nul)), "ok");
    Json sysctl;
    sysctl[nul] = "1";
    EXPECT_NE(with("/linux/sysctl", sysctl), "ok");
}

TEST(OciSpec, BoundsPathsAndArgumentsAsTheKernelDoes) {
    EXPECT_EQ(with("/mounts/0/source", Json("/" + std::string(4094, 'x'))), "ok");
    EXPECT_NE(with("/mounts/0/source", Json("/" + std::string(4095, 'x'))), "ok");
    EXPECT_NE(with("/process/args/0", Json(std::string(131072, 'x'))), "ok");
    EXPECT_EQ(parse_spec(std::string(max_spec_size + 1, ' '), "config.json").error().text(),
              "config.json: is larger than 16 MiB (16777217 bytes)");
}

TEST(OciSpec, ChecksTheProcess) {
    EXPECT_EQ(with("/process/args", "[]"), "/process/args: expected an array that is not empty, got an empty one");
    EXPECT_EQ(with("/process/cwd", "\"tmp\""), "/process/cwd: expected an absolute path, got \"tmp\"");
    EXPECT_EQ(with("/process/env/0", "\"A\""), "/process/env/0: expected an environment entry NAME=VALUE, got \"A\"");
    EXPECT_NE(with("/process/env/0", "\"=A\""), "ok");
    EXPECT_EQ(with("/process/env/0", "\"A=\""), "ok");
    EXPECT_EQ(with("/process/rlimits", R"([{"type": "RLIMIT_CORE", "soft": 2, "hard": 1}])"),
              "/process/rlimits/0/soft: expected at most the hard limit 1, got 2");
    EXPECT_EQ(with("/process/rlimits",
                   R"([{"type": "RLIMIT_CORE", "soft": 1, "hard": 1}, {"type": "RLIMIT_CORE", "soft": 1, "hard": 1}])"),
              "/process/rlimits/1/type: \"RLIMIT_CORE\" stands twice (also in /process/rlimits/0)");
    EXPECT_NE(with("/process/rlimits", R"([{"type": "RLIMIT_FILES", "soft": 1, "hard": 1}])"), "ok");
}

TEST(OciSpec, ChecksAProcessAlone) {
    EXPECT_TRUE(validate_process(Json::parse(R"({"cwd": "/", "args": ["sh"]})")).ok());
    EXPECT_EQ(validate_process(Json::parse(R"({"cwd": "/", "args": [1]})")).error().text(),
              "/process/args/0: expected a string, got 1");
    EXPECT_EQ(validate_process(Json(1)).error().text(), "/process: expected an object, got 1");
}

TEST(OciSpec, ChecksNamespacesMappingsAndDevices) {
    EXPECT_EQ(with("/linux/namespaces/1/type", "\"mount\""),
              "/linux/namespaces/1/type: \"mount\" stands twice (also in /linux/namespaces/0)");
    EXPECT_EQ(with("/linux/uidMappings", R"([{"containerID": 0, "hostID": 1000, "size": 0}])"),
              "/linux/uidMappings/0/size: expected an integer from 1 to 4294967295, got 0");
    EXPECT_EQ(with("/mounts/0/uidMappings", R"([{"containerID": 0, "hostID": 1000, "size": 1}])"),
              "/mounts/0/gidMappings: missing: uidMappings needs it");
    EXPECT_EQ(with("/linux/devices", R"([{"type": "c", "path": "/dev/x", "major": 1}])"),
              "/linux/devices/0/minor: missing: a device of type \"c\" needs it");
    EXPECT_EQ(with("/linux/devices", R"([{"type": "p", "path": "/dev/x", "fileMode": 4516}])"), "ok");
    EXPECT_EQ(with("/linux/resources/devices", R"([{"allow": true, "type": "c", "access": "rwx"}])"), "ok")
        << "other letters mean nothing, as with runc";
    EXPECT_EQ(
        with("/linux/resources/hugepageLimits", R"([{"pageSize": "64kB", "limit": 1}])"),
        "/linux/resources/hugepageLimits/0/pageSize: expected a page size such as \"2MB\" or \"1GB\", got \"64kB\"");
}

TEST(OciSpec, IgnoresWhatItDoesNotKnowAndOtherPlatforms) {
    EXPECT_EQ(with("/novelty", "{\"a\": [1]}"), "ok");
    EXPECT_EQ(with("/process/user/nickname", "1"), "ok");
    EXPECT_EQ(with("/windows", "1"), "ok");
    EXPECT_EQ(with("/freebsd", "{\"jail\": 1}"), "ok");
    EXPECT_EQ(with("/process/commandLine", "1"), "ok");
}

TEST(OciSpec, TakesNullAsAbsent) {
    EXPECT_EQ(with("/linux/maskedPaths", "null"), "ok");
    EXPECT_EQ(with("/hooks", "null"), "ok");
    EXPECT_EQ(with("/process/user", "null"), "ok");
    EXPECT_EQ(with("/linux", "null"), "ok");
    EXPECT_EQ(with("/mounts", "null"), "ok");
    EXPECT_EQ(with("/process/rlimits", "null"), "ok");
    EXPECT_EQ(with("/root", "null"), "ok");
}

TEST(OciSpec, SaysWhichFileAndWhereItIsNoJson) {
    EXPECT_EQ(parse_spec("{", "config.json").error().text().substr(0, 32), "config.json:1:2: not valid JSON:");
    EXPECT_EQ(parse_spec("{}", "config.json").error().text().substr(0, 33), "config.json: /ociVersion: missing");
}

TEST(OciSpec, WantsASemanticVersionWithMajor1) {
    for (const char *good :
         {"1.0.0", "1.3.0", "1.99.12", "1.0.2-dev", "1.1.0-rc.1+build.5", "1.0.0+20130313144700", "1.0.0-0a.x-y"})
        EXPECT_TRUE(is_version_1(good)) << good;
    for (const char *bad : {"", "1", "1.0", "1.0.0.0", "2.0.0", "0.9.0", "v1.0.0", "1.00.0", "1.0.0-", "1.0.0-01",
                            "1.0.0+", "1.0.0-a..b", "11.0.0", "1.0.0 "})
        EXPECT_FALSE(is_version_1(bad)) << bad;
}

TEST(OciSpec, AnnotationsThatWouldMakeAnotherContainerOfItAreRefusedByName) {
    for (const char *name :
         {"run.oci.handler", "run.oci.seccomp.plugins", "run.oci.seccomp.receiver", "run.oci.seccomp_bpf_data",
          "run.oci.systemd.force_cgroup_v1", "run.oci.delegate-cgroup", "run.oci.pidfd_receiver"}) {
        EXPECT_NE(with("/annotations", Json{{name, "x"}}).find(std::string("/annotations/") + name), std::string::npos)
            << name;
        EXPECT_EQ(with("/annotations", Json{{name, ""}}), "ok");
    }
    for (const char *name : {"run.oci.keep_original_groups", "run.oci.systemd.subgroup", "run.oci.handlers",
                             "io.podman.x", "module.wasm.image"})
        EXPECT_EQ(with("/annotations", Json{{name, "x"}}), "ok") << name;
}

TEST(OciSpec, TheTableIsATreeWithoutDuplicates) {
    const auto rows = fields();
    const auto tree = links();
    ASSERT_EQ(rows.size(), tree.size());
    EXPECT_EQ(tree[0].end, rows.size());
    for (std::uint16_t i = 1; i < rows.size(); ++i) {
        const std::string_view pattern = rows[i].pattern;
        EXPECT_EQ(pattern.substr(pattern.rfind('/') + 1), name_of(i));
        std::uint16_t row = 0; // by its components, from the root
        for (std::size_t at = 1, end = 0; at <= pattern.size(); at = end + 1) {
            end = std::min(pattern.find('/', at), pattern.size());
            row = child_named(row, pattern.substr(at, end - at));
        }
        EXPECT_EQ(row, i) << pattern;
        EXPECT_GT(tree[i].end, i);
        const Type type = rows[i].shape.type;
        if (type == Type::list || type == Type::map) {
            EXPECT_EQ(name_of(tree[i].first_child), "*") << rows[i].pattern;
        }
        for (std::size_t j = 0; j < i; ++j)
            EXPECT_NE(rows[i].pattern, rows[j].pattern);
    }
    EXPECT_EQ(child_named(0, "no such field"), 0);
    EXPECT_EQ(child_named(0, ""), 0);
    EXPECT_EQ(name_of(0), "");
}

TEST(OciSpec, KeysInAnotherCaseAreTakenForTheField) {
    using core::spec::parse_spec;
    std::vector<std::string> warnings;
    auto spec = parse_spec(R"({"OCIVersion":"1.0.2","Process":{"ARGS":["sh"],"cwd":"/","user":{"UID":3,"gid":0}},
        "annotations":{"ARGS":"x"},"Mounts":[{"Destination":"/x"}]})",
                           "config.json", &warnings);
    ASSERT_TRUE(spec.ok()) << spec.error().text();
    EXPECT_EQ(spec.value()["process"]["args"][0], "sh");
    EXPECT_EQ(spec.value()["process"]["user"]["uid"], 3);
    EXPECT_EQ(spec.value()["mounts"][0]["destination"], "/x");
    EXPECT_EQ(spec.value()["annotations"]["ARGS"], "x") << "what the user names stays as it is";
    EXPECT_FALSE(spec.value().contains("OCIVersion"));
    EXPECT_EQ(warnings.size(), 6U);
    // What is wrong is found behind another case too; twice is refused, whoever wins elsewhere.
    EXPECT_FALSE(parse_spec(R"({"ociVersion":"1.0.2","PROCESS":{"cwd":"relative"}})", "config.json").ok());
    const auto twice =
        parse_spec(R"({"ociVersion":"1.0.2","process":{"cwd":"/"},"Process":{"cwd":"/x"}})", "config.json");
    ASSERT_FALSE(twice.ok());
    EXPECT_NE(twice.error().text().find("stands twice"), std::string::npos);
    EXPECT_FALSE(parse_spec(R"({"OciVersion":"1.0.2","OCIVersion":"1.0.2"})", "config.json").ok());
    // A key that is nobody's in any case is passed over, as ever.
    warnings.clear();
    EXPECT_TRUE(parse_spec(R"({"ociVersion":"1.0.2","somethingElse":1})", "config.json", &warnings).ok());
    EXPECT_TRUE(warnings.empty());
}
