// SPDX-License-Identifier: MIT
// The sample's unit tests: what it plans, and what its hooks do, here and now, without ctr and without root.
#include <ctr/testing/descriptors.hpp>
#include <ctr/testing/directory.hpp>
#include <ctr/testing/host.hpp>

#include <sys/prctl.h>

using ctr::testing::Planning;
using ctr::testing::Running;
using ctr::testing::Step;

TEST(Sample, PlansATicketOnTheMachineAndASlackInTheChild) {
    Planning planning;
    planning.config["slack_ns"] = 12345;
    ASSERT_EQ(planning.plan(ctr_plugin_entry_v1), 0) << planning.text();
    ASSERT_EQ(planning.steps.size(), 2U);
    EXPECT_EQ(planning.steps[0].text(), "sample.ticket path=/run/ctr/plugins/sample/box");
    EXPECT_EQ(planning.steps[0].process, CTR_PROCESS_PARENT);
    EXPECT_EQ(planning.steps[1].text(), "sample.slack ns=12345");
    EXPECT_EQ(planning.steps[1].phase, CTR_ISOLATE);
}

TEST(Sample, WithoutASettingTheSlackIsAMicrosecond) {
    Planning planning;
    ASSERT_EQ(planning.plan(ctr_plugin_entry_v1), 0) << planning.text();
    EXPECT_EQ(planning.step("sample.slack")->text(), "sample.slack ns=1000");
}

TEST(Sample, ATicketLiesThereUntilItsUndoWhichMayRunTwice) {
    const ctr::testing::TemporaryDirectory directory;
    const auto before = ctr::testing::open_descriptors();
    Step ticket("sample.ticket");
    ticket.arg("path", directory.path() + "/box");
    Running running(ctr_plugin_entry_v1);
    EXPECT_EQ(running.apply(ticket), 0) << running.text();
    EXPECT_TRUE(directory.has("box"));
    EXPECT_EQ(running.undo(ticket), 0) << running.text();
    EXPECT_FALSE(directory.has("box"));
    EXPECT_EQ(running.undo(ticket), 0) << running.text();
    EXPECT_EQ(ctr::testing::open_descriptors(), before);
}

TEST(Sample, ATicketThatCannotBeWrittenIsNamed) {
    Running running(ctr_plugin_entry_v1);
    EXPECT_EQ(running.apply(Step("sample.ticket").arg("path", "/no/such/directory/box")), -1);
    EXPECT_EQ(running.text(), "open /no/such/directory/box No such file or directory");
}

TEST(Sample, TheScriptDoesTheSame) {
    Running running(ctr_plugin_entry_v1);
    const Step ticket = Step("sample.ticket").arg("path", "/run/a box");
    EXPECT_EQ(running.shell(ticket), "touch '/run/a box'\n");
    EXPECT_EQ(running.shell_undo(ticket), "rm -f '/run/a box'\n");
}

TEST(Sample, TheChildHookSetsTheSlackOfWhoCallsIt) {
    Running running(ctr_plugin_entry_v1);
    ASSERT_EQ(running.apply(Step("sample.slack").arg("ns", 54321)), 0) << running.text();
    EXPECT_EQ(::prctl(PR_GET_TIMERSLACK), 54321);
}
