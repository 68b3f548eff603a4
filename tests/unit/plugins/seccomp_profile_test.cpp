// SPDX-License-Identifier: MIT
#include "../../../plugins/seccomp/translate.hpp"

#include <ctr/testing/host.hpp>

#include <cerrno>
#include <gtest/gtest.h>
#include <linux/seccomp.h>

namespace seccomp {
namespace {

using ctr::testing::Json;

class ProfileTest : public ::testing::Test {
protected:
    ProfileTest() { circumstances_.kernel = "5.10.7"; }
    std::optional<Profile> read(Format format, const char *text) {
        document_ = Json::parse(text);
        auto profile = translate(ctr::testing::node(document_), format, circumstances_);
        if (profile.ok()) return std::move(profile).value();
        error_ = profile.error();
        return std::nullopt;
    }
    /// The rules and the default as lines.
    std::string lines(Format format, const char *text) {
        const auto profile = read(format, text);
        EXPECT_TRUE(profile) << error_.text();
        if (!profile) return {};
        std::string all = text_of(profile->default_action);
        for (const auto &rule : profile->rules)
            all += "\n" + text_of(rule);
        for (const auto &name : profile->known)
            all += "\nknown " + name;
        return all;
    }
    /// Where a profile is refused.
    std::string refused(Format format, const char *text) {
        EXPECT_FALSE(read(format, text)) << text;
        return error_.path;
    }
    Json document_;
    Circumstances circumstances_;
    ctr::Error error_;
};

TEST_F(ProfileTest, ReadsEveryAction) {
    EXPECT_EQ(lines(Format::oci, R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["a"], "action": "SCMP_ACT_KILL"}, {"names": ["b"], "action": "SCMP_ACT_KILL_PROCESS"},
        {"names": ["c"], "action": "SCMP_ACT_KILL_THREAD"}, {"names": ["d"], "action": "SCMP_ACT_TRAP"},
        {"names": ["e"], "action": "SCMP_ACT_ERRNO"}, {"names": ["f"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38},
        {"names": ["g"], "action": "SCMP_ACT_TRACE", "errnoRet": 7}, {"names": ["h"], "action": "SCMP_ACT_LOG"},
        {"names": ["i"], "action": "SCMP_ACT_ERRNO", "errnoRet": 0}]})"),
              "ALLOW\nKILL_THREAD a\nKILL_PROCESS b\nKILL_THREAD c\nTRAP d\nERRNO(1) e\nERRNO(38) f\nTRACE(7) g\nLOG "
              "h\nERRNO(0) i");
}

TEST_F(ProfileTest, ReadsConditions) {
    EXPECT_EQ(lines(Format::oci, R"({"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 13, "syscalls": [
        {"names": ["a", "b"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 5, "op": "SCMP_CMP_GE"},
         {"index": 5, "value": 18446744073709551615, "valueTwo": 2, "op": "SCMP_CMP_MASKED_EQ"}]}]})"),
              "ERRNO(13)\nALLOW a b if arg0 >= 0x5 and arg5 & 0xffffffffffffffff == 0x2");
}

TEST_F(ProfileTest, ConditionsOnTheSameArgumentAreAlternatives) {
    EXPECT_EQ(lines(Format::oci,
                    R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["a"], "action": "SCMP_ACT_ALLOW",
        "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}, {"index": 0, "value": 2, "op": "SCMP_CMP_EQ"}]}]})"),
              "ERRNO(1)\nALLOW a if arg0 == 0x1\nALLOW a if arg0 == 0x2");
}

TEST_F(ProfileTest, RulesThatRepeatTheDefaultAreOnlyKnown) {
    EXPECT_EQ(
        lines(Format::oci,
              R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["a"], "action": "SCMP_ACT_ERRNO"}]})"),
        "ERRNO(1)\nknown a");
}

TEST_F(ProfileTest, KeepsOnlyArchitecturesOfThisMachine) {
    const auto profile =
        read(Format::oci, R"({"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_MIPS", "SCMP_ARCH_S390X",
        "SCMP_ARCH_X86", "SCMP_ARCH_X86_64", "SCMP_ARCH_LOONGARCH64"]})");
    ASSERT_TRUE(profile);
#if defined(__x86_64__)
    EXPECT_EQ(profile->architectures, (std::vector<std::string>{"SCMP_ARCH_X86_64", "SCMP_ARCH_X86"}));
#endif
}

TEST_F(ProfileTest, TakesTheSubArchitecturesOfItsOwnFromDockersMap) {
    const auto profile = read(Format::docker, R"({"defaultAction": "SCMP_ACT_ALLOW", "archMap": [
        {"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86", "SCMP_ARCH_X32"]},
        {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": ["SCMP_ARCH_ARM"]}]})");
    ASSERT_TRUE(profile);
#if defined(__x86_64__)
    EXPECT_EQ(profile->architectures, (std::vector<std::string>{"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"}));
#endif
}

TEST_F(ProfileTest, FlagsBecomeThoseOfTheSystemCall) {
    const auto profile = read(Format::oci, R"({"defaultAction": "SCMP_ACT_ALLOW", "flags": ["SECCOMP_FILTER_FLAG_LOG",
        "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]})");
    ASSERT_TRUE(profile);
    EXPECT_EQ(profile->flags, SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW);
}

constexpr const char *by_capability = R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
    {"names": ["mount"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}},
    {"names": ["clone"], "action": "SCMP_ACT_ALLOW", "excludes": {"caps": ["CAP_SYS_ADMIN"]}},
    {"names": ["both"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN", "CAP_BPF"]}}]})";

TEST_F(ProfileTest, IncludesAndExcludesLookAtCapabilities) {
    EXPECT_EQ(lines(Format::docker, by_capability), "ERRNO(1)\nALLOW clone\nknown mount\nknown both");
    circumstances_.capabilities = {"SYS_ADMIN"};
    EXPECT_EQ(lines(Format::docker, by_capability), "ERRNO(1)\nALLOW mount\nknown clone\nknown both");
    circumstances_.capabilities = {"SYS_ADMIN", "BPF"};
    EXPECT_EQ(lines(Format::docker, by_capability), "ERRNO(1)\nALLOW mount\nALLOW both\nknown clone");
    circumstances_.capabilities = {};
    circumstances_.all_capabilities = true;
    circumstances_.dropped = {"BPF"};
    EXPECT_EQ(lines(Format::docker, by_capability), "ERRNO(1)\nALLOW mount\nknown clone\nknown both");
}

TEST_F(ProfileTest, IncludesLookAtKernelAndArchitecture) {
    EXPECT_EQ(lines(Format::docker, R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
        {"names": ["old"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "4.8"}},
        {"names": ["new"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "5.11"}},
        {"names": ["other"], "action": "SCMP_ACT_ALLOW", "includes": {"arches": ["vax"]}},
        {"name": "single", "action": "SCMP_ACT_ALLOW", "comment": "old format", "excludes": {"arches": ["vax"]}}]})"),
              "ERRNO(1)\nALLOW old\nALLOW single\nknown new\nknown other");
}

TEST_F(ProfileTest, RefusesWithThePlace) {
    EXPECT_EQ(refused(Format::oci, R"({})"), "/defaultAction");
    EXPECT_EQ(refused(Format::oci, R"([])"), "");
    EXPECT_EQ(refused(Format::oci, R"({"defaultAction": "ALLOW"})"), "/defaultAction");
    EXPECT_EQ(refused(Format::oci, R"({"defaultAction": "SCMP_ACT_ALLOW", "defaultErrnoRet": 1})"), "/defaultErrnoRet");
    EXPECT_EQ(refused(Format::oci, R"({"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 4096})"),
              "/defaultErrnoRet");
    EXPECT_EQ(refused(Format::oci, R"({"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": -1})"),
              "/defaultErrnoRet");
    EXPECT_EQ(refused(Format::oci, R"({"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_VAX"]})"),
              "/architectures/0");
    EXPECT_EQ(refused(Format::oci, R"({"defaultAction": "SCMP_ACT_ALLOW", "flags": ["X"]})"), "/flags/0");
    EXPECT_EQ(refused(Format::oci, R"({"defaultAction": "SCMP_ACT_ALLOW", "novel": 1})"), "/novel");
    EXPECT_EQ(refused(Format::oci, R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": {}})"), "/syscalls");
    EXPECT_EQ(refused(Format::oci, R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"action": "SCMP_ACT_KILL"}]})"),
              "/syscalls/0/names");
    EXPECT_EQ(
        refused(Format::oci,
                R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["a b"], "action": "SCMP_ACT_KILL"}]})"),
        "/syscalls/0/names/0");
    EXPECT_EQ(refused(Format::oci,
                      R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["a"], "action": "SCMP_ACT_KILL",
        "args": [{"index": 6, "value": 0, "op": "SCMP_CMP_EQ"}]}]})"),
              "/syscalls/0/args/0/index");
    EXPECT_EQ(refused(Format::oci,
                      R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["a"], "action": "SCMP_ACT_KILL",
        "args": [{"index": 0, "value": -1, "op": "SCMP_CMP_EQ"}]}]})"),
              "/syscalls/0/args/0/value");
    EXPECT_EQ(refused(Format::oci,
                      R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["a"], "action": "SCMP_ACT_KILL",
        "args": [{"index": 0, "value": 1, "op": "EQ"}]}]})"),
              "/syscalls/0/args/0/op");
    EXPECT_EQ(refused(Format::oci,
                      R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["a"], "action": "SCMP_ACT_KILL",
        "includes": {"caps": ["CAP_BPF"]}}]})"),
              "/syscalls/0/includes");
    EXPECT_EQ(refused(Format::docker,
                      R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["a"], "action": "SCMP_ACT_KILL",
        "includes": {"moon": "full"}}]})"),
              "/syscalls/0/includes/moon");
    EXPECT_EQ(refused(Format::docker,
                      R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["a"], "action": "SCMP_ACT_KILL",
        "includes": {"minKernel": "new"}}]})"),
              "/syscalls/0/includes/minKernel");
}

TEST_F(ProfileTest, ASupervisorHasASocketAndTheFilterAListener) {
    const auto profile = read(Format::oci, R"({"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/run/x",
        "flags": ["SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"],
        "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_NOTIFY"}]})");
    ASSERT_TRUE(profile);
    EXPECT_TRUE(profile->notifies);
    EXPECT_EQ(profile->flags, 1u | 8u | 16u | 32u); // TSYNC, NEW_LISTENER, TSYNC_ESRCH, WAIT_KILLABLE_RECV
    EXPECT_EQ(text_of(profile->rules.at(0)), "NOTIFY mkdir");
}

TEST_F(ProfileTest, AListenerWithoutAQuestionIsIgnored) {
    const auto profile = read(Format::oci, R"({"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/run/x",
        "flags": ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]})");
    ASSERT_TRUE(profile);
    EXPECT_FALSE(profile->notifies);
    EXPECT_EQ(profile->flags, 0u);
}

TEST_F(ProfileTest, RefusesASupervisorThatCannotBeAsked) {
    EXPECT_EQ(
        refused(Format::oci,
                R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["a"], "action": "SCMP_ACT_NOTIFY"}]})"),
        "/listenerPath");
    EXPECT_EQ(refused(Format::oci, R"({"defaultAction": "SCMP_ACT_NOTIFY", "listenerPath": "/run/x"})"),
              "/defaultAction");
    EXPECT_EQ(refused(Format::oci, R"({"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/run/x",
        "syscalls": [{"names": ["read", "write"], "action": "SCMP_ACT_NOTIFY"}]})"),
              "/syscalls/0/names/1");
    EXPECT_EQ(refused(Format::oci, R"({"defaultAction": "SCMP_ACT_ALLOW", "listenerMetadata": "x"})"),
              "/listenerMetadata");
    EXPECT_EQ(refused(Format::docker, R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["a"],
        "action": "SCMP_ACT_NOTIFY"}]})"),
              "/syscalls/0/action");
    EXPECT_EQ(error_.error_class, CTR_E_UNSUPPORTED);
    EXPECT_TRUE(read(Format::oci, R"({"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": ""})"));
}

TEST(RuleText, ReadsBackWhatItWrites) {
    for (const char *text :
         {"ALLOW read", "ERRNO(38) clone3", "TRACE(65535) a b c", "ALLOW a if arg0 == 0x0",
          "KILL_PROCESS a if arg5 != 0x7", "LOG a if arg1 & 0x7e020000 == 0x0 and arg2 < 0xffffffffffffffff",
          "TRAP x if arg3 <= 0x1 and arg4 > 0x2", "KILL_THREAD y if arg0 >= 0x3"}) {
        const auto rule = parse_rule(text);
        ASSERT_TRUE(rule) << text;
        EXPECT_EQ(text_of(*rule), text);
    }
}

TEST(RuleText, RefusesWhatItDidNotWrite) {
    for (const char *text :
         {"", "ALLOW", "ALLOW ", "ALLOW(1) a", "ERRNO a", "ERRNO() a", "ERRNO(65536) a", "ERRNO(1 a", "NOPE a",
          "ALLOW a if", "ALLOW a if arg6 == 0x0", "ALLOW a if arg0 = 0x0", "ALLOW a if arg0 == 5",
          "ALLOW a if arg0 == 0x0 and", "ALLOW a if arg0 == 0x0 or arg1 == 0x0", "ALLOW if arg0 == 0x0", "ALLOW a  b",
          "ALLOW a-b"})
        EXPECT_FALSE(parse_rule(text)) << text;
}

TEST(KernelVersion, IsComparedByNumbers) {
    EXPECT_EQ(kernel_at_least("5.10.3", "4.8"), true);
    EXPECT_EQ(kernel_at_least("5.10", "5.9"), true);
    EXPECT_EQ(kernel_at_least("5.10", "5.10.1"), false);
    EXPECT_EQ(kernel_at_least("5.10.1", "5.10"), true);
    EXPECT_EQ(kernel_at_least("6", "5.4"), true);
    EXPECT_FALSE(kernel_at_least("5.10", "new"));
    EXPECT_FALSE(kernel_at_least("5.10", "5.x"));
    EXPECT_FALSE(kernel_at_least("5.10", "4.x"));
    EXPECT_FALSE(kernel_at_least("5.10", ""));
}

} // namespace
} // namespace seccomp
