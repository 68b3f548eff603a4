// SPDX-License-Identifier: MIT
#include <ctr/testing/host.hpp>

#include <gtest/gtest.h>

namespace {

struct NoCgroup : ::testing::Test {
    int plan(const char *spec) { return planning.plan(ctr_plugin_entry_v1, spec); }
    ctr::testing::Planning planning;
};

} // namespace

TEST_F(NoCgroup, NothingThatCouldReachTheMachinesDevicesStarts) {
    for (
        const char *spec :
        {"{}", R"({"process": {"capabilities": {"bounding": ["CAP_MKNOD"]}}})",
         R"({"process": {"capabilities": {}}, "linux": {"resources": {"devices": [{"allow": false}]}}})",
         R"({"process": {"capabilities": {}}, "linux": {"resources": {"devices": [{"allow": true, "type": "c", "major": 10}]}}})",
         R"({"linux": {"resources": {"devices": [{"allow": true, "access": "rwm"}, {"allow": false, "type": "b"}]}}})"}) {
        EXPECT_EQ(plan(spec), -1) << spec;
        EXPECT_EQ(planning.failure.path, "/linux/resources/devices") << spec;
        EXPECT_EQ(planning.failure.error_class, CTR_E_UNSUPPORTED) << spec;
    }
}

TEST_F(NoCgroup, WhereRulesAreNeedlessTheContainerStarts) {
    EXPECT_EQ(plan(R"({"process": {"capabilities": {"bounding": ["CAP_KILL"]}}})"), 0) << "no node can be made";
    EXPECT_EQ(plan(R"({"linux": {"resources": {"devices": [{"allow": true, "access": "rwm"}]}}})"), 0) << "privileged";
    EXPECT_EQ(plan(R"({"linux": {"namespaces": [{"type": "user"}], "resources": {"devices": [{"allow": false}]}}})"),
              0);
    planning.answers["file:/proc/self/uid_map"] = "         0       1000          1\n";
    EXPECT_EQ(plan("{}"), 0) << "root of a user namespace";
    planning.answers.clear();
    planning.answers["euid"] = "1000";
    EXPECT_EQ(plan("{}"), 0);
    planning.answers.clear();
    planning.operation = CTR_OP_EXEC;
    EXPECT_EQ(plan("{}"), 0);
}
