// SPDX-License-Identifier: MIT
#include "plan/order.hpp"

#include <gtest/gtest.h>

namespace {

using namespace core;
using plan::Plan;
using plan::Step;

const std::vector<std::string> known = {"t", "could.be.given"};

plan::Tokens tokens() {
    plan::Tokens all;
    all.add({"giver", known, {}});
    return all;
}

Step step(const char *plugin, const char *kind, ctr_phase phase, std::vector<std::string> needs = {},
          std::vector<std::string> gives = {}) {
    Step out;
    out.plugin = plugin;
    out.kind = kind;
    out.phase = phase;
    out.process = phase == CTR_CLONE                             ? CTR_PROCESS_CLONE
                  : phase >= CTR_ISOLATE && phase <= CTR_CONFINE ? CTR_PROCESS_CHILD
                                                                 : CTR_PROCESS_PARENT;
    out.needs = std::move(needs);
    out.gives = std::move(gives);
    return out;
}

Step clone() {
    Step out = step(plan::core_plugin, plan::kind_clone, CTR_CLONE, {}, {"child.alive"});
    out.outputs = {{"pid", CTR_TYPE_INT, "child.pid"}, {"pidfd", CTR_TYPE_FD, "child.pidfd"}};
    return out;
}

Plan plan_of(std::vector<Step> steps) {
    Plan out;
    out.steps = std::move(steps);
    for (const Step &each : out.steps)
        for (const plan::Output &output : each.outputs)
            out.values[output.value] = output.type;
    return out;
}

std::string kinds(const Plan &plan) {
    std::string out;
    for (const Step &each : plan.steps)
        out += (out.empty() ? "" : " ") + each.kind;
    return out;
}

std::string ordered(std::vector<Step> steps) {
    Plan plan = plan_of(std::move(steps));
    const auto result = plan::order(plan, tokens());
    return result.ok() ? kinds(plan) : result.error().text() + " | " + result.error().hint;
}

void expect_words(const std::string &text, std::initializer_list<const char *> words) {
    for (const char *word : words)
        EXPECT_NE(text.find(word), std::string::npos) << word << " is not in: " << text;
}

TEST(Order, PhasesComeFirst) {
    EXPECT_EQ(ordered({step("a", "confine", CTR_CONFINE), step("a", "mount", CTR_MOUNTS), clone(),
                       step("z", "prepare", CTR_PREPARE)}),
              "prepare clone3 mount confine");
}

TEST(Order, TiesGoByPluginAndThenByItsOwnOrder) {
    EXPECT_EQ(ordered({step("b", "b1", CTR_PREPARE), step("a", "a2", CTR_PREPARE), step("b", "b0", CTR_PREPARE),
                       step("a", "a1", CTR_PREPARE)}),
              "a2 a1 b1 b0");
}

TEST(Order, DoesNotDependOnTheOrderInWhichPluginsWereAsked) {
    const std::vector<Step> steps = {step("a", "a", CTR_PREPARE, {"t"}), step("b", "b", CTR_PREPARE, {}, {"t"}),
                                     step("c", "c", CTR_PREPARE)};
    EXPECT_EQ(ordered({steps[0], steps[1], steps[2]}), "b a c");
    EXPECT_EQ(ordered({steps[2], steps[1], steps[0]}), "b a c");
}

TEST(Order, ANeedWaitsForAllGivers) {
    EXPECT_EQ(ordered({step("a", "last", CTR_PREPARE, {"t"}), step("b", "one", CTR_PREPARE, {}, {"t"}),
                       step("c", "two", CTR_PREPARE, {}, {"t"})}),
              "one two last");
}

TEST(Order, AfterIsNoNeed) {
    Step late = step("a", "late", CTR_PREPARE), early = step("z", "early", CTR_PREPARE, {}, {"t"});
    late.after = {"t", "could.be.given"};
    EXPECT_EQ(ordered({late, early}), "early late");
}

TEST(Order, RefusesToComeAfterATokenThatThereIsNot) {
    Step late = step("a", "late", CTR_PREPARE);
    late.after = {"caps.bouded"};
    Plan plan = plan_of({late});
    const auto misspelt = plan::order(plan, tokens());
    ASSERT_FALSE(misspelt.ok());
    expect_words(misspelt.error().text(), {"late of a", "comes after the token \"caps.bouded\""});
    expect_words(misspelt.error().hint, {"did you mean \"caps.bounded\"?"});
    plan.steps[0].after = {"caps.bounded"}; // of the SDK, though nobody gives it here
    EXPECT_TRUE(plan::order(plan, tokens()).ok());
    plan.steps[0].after.clear();
    plan.steps[0].needs = {"t.t"};
    EXPECT_FALSE(plan::order(plan, tokens()).ok());
}

TEST(Order, KnowsTokensWithAWordBehindAColon) {
    Step late = step("a", "late", CTR_PREPARE);
    late.after = {"mount:/proc"};
    Plan plan = plan_of({late});
    EXPECT_TRUE(plan::order(plan, tokens()).ok());
    for (const auto &[token, meant] : {std::pair("muont:/proc", "mount:"), std::pair("mount:", "mount:")}) {
        plan.steps[0].after = {token};
        const auto misspelt = plan::order(plan, tokens());
        ASSERT_FALSE(misspelt.ok()) << token;
        expect_words(misspelt.error().hint, {meant});
    }
}

TEST(Order, KnowsWhatAPluginWithoutAListMayGiveAndWhatOneSaysItKnows) {
    const std::vector<std::string> none, needs = {"other.ready"};
    plan::Tokens all = tokens();
    all.add({"old", none, none, false});
    all.add({"new", none, needs});
    const auto comes_after = [&](const char *plugin, const char *token) {
        Step late = step(plugin, "late", CTR_PREPARE);
        late.after = {token};
        Plan plan = plan_of({late});
        return plan::order(plan, all).ok();
    };
    EXPECT_TRUE(comes_after("a", "old.ready"));
    EXPECT_FALSE(comes_after("a", "older.ready"));
    EXPECT_FALSE(comes_after("a", "new.ready"));
    EXPECT_TRUE(comes_after("new", "other.ready"));
    EXPECT_FALSE(comes_after("a", "other.ready"));
}

TEST(Order, AValueOrdersAsATokenDoes) {
    Step giver = step("z", "giver", CTR_PREPARE), user = step("a", "user", CTR_PREPARE);
    giver.outputs = {{"address", CTR_TYPE_STRING, "net.address"}};
    user.args = {{"text", CTR_FORM_TEMPLATE, 0, "address is ${net.address}"}};
    EXPECT_EQ(ordered({user, giver}), "giver user");
}

TEST(Order, RefusesATokenThatNobodyGivesAndNamesWhoCould) {
    Plan plan = plan_of({step("a", "x", CTR_PREPARE, {"rootfs.mounted"})});
    const auto nobody = plan::order(plan, tokens());
    ASSERT_FALSE(nobody.ok());
    expect_words(nobody.error().text(), {"x of a", "rootfs.mounted"});
    plan = plan_of({step("a", "x", CTR_PREPARE, {"rootfs.mounted"})});
    const std::vector<std::string> gives = {"rootfs.mounted"};
    plan::Tokens of_mounts = tokens();
    of_mounts.add({"mounts", gives, {}});
    const auto somebody = plan::order(plan, of_mounts);
    ASSERT_FALSE(somebody.ok());
    expect_words(somebody.error().hint, {"mounts"});
}

TEST(Order, RefusesAValueThatNobodyGives) {
    Step user = step("a", "user", CTR_PREPARE);
    user.args = {{"fd", CTR_FORM_VALUE, 0, "rootfs"}};
    expect_words(ordered({user}), {"user of a", "\"rootfs\"", "argument fd"});
}

TEST(Order, PrintsTheChainOfACycle) {
    expect_words(
        ordered({step("a", "x", CTR_PREPARE, {"two"}, {"one"}), step("b", "y", CTR_PREPARE, {"one"}, {"two"})}),
        {"x of a needs two from y of b needs one from x of a"});
}

TEST(Order, ANeedAgainstThePhasesIsACycle) {
    expect_words(ordered({step("a", "early", CTR_MOUNTS, {"late"}), step("a", "late", CTR_PIVOT, {}, {"late"})}),
                 {"early of a", "late of a", "mounts"});
}

TEST(Order, OnePluginsOwnOrderAgainstItsTokensIsACycle) {
    expect_words(ordered({step("a", "first", CTR_PREPARE, {"t"}), step("a", "second", CTR_PREPARE, {}, {"t"})}),
                 {"first of a", "second of a", "wait for each other"});
}

TEST(Order, WhatIsUndoneLastRunsFirst) {
    EXPECT_EQ(ordered({step("a", "first", CTR_PREPARE), step("z", "poststop", CTR_PREPARE, {}, {"undone.last"}),
                       step("core", plan::kind_journal, CTR_PREPARE)}),
              "journal poststop first");
}

TEST(Order, AChildIsToldWhatTheCloneGives) {
    Step told = step("a", "told", CTR_MOUNTS), there = step("b", "there", CTR_MOUNTS, {"child.alive"});
    told.args = {{"state", CTR_FORM_TEMPLATE, 0, "pid ${child.pid}"}};
    Plan plan = plan_of({told, there, clone()});
    ASSERT_TRUE(plan::order(plan, tokens()).ok());
    EXPECT_EQ(plan.find("told")->wait_for, 0u);
    EXPECT_EQ(plan.find("there")->wait_for, plan::no_wait);
}

TEST(Order, PutsARendezvousWhereTheChildNeedsTheParent) {
    Plan plan =
        plan_of({clone(), step("net", "plumb", CTR_ATTACH, {}, {"network.ready"}), step("a", "alone", CTR_ISOLATE),
                 step("b", "uses", CTR_PIVOT, {"network.ready"}), step("c", "uses.too", CTR_PIVOT, {"network.ready"})});
    ASSERT_TRUE(plan::order(plan, tokens()).ok());
    const auto at = [&](const char *kind) { return static_cast<std::uint32_t>(plan.find(kind) - plan.steps.data()); };
    EXPECT_EQ(plan.find("uses")->wait_for, at("plumb"));
    EXPECT_EQ(plan.find("uses.too")->wait_for, plan::no_wait) << "it has already waited";
    EXPECT_EQ(plan.find("alone")->wait_for, plan::no_wait);
}

TEST(Order, NobodyWaitsForWhatRanBeforeTheClone) {
    Plan plan = plan_of({step("s", "storage", CTR_PREPARE, {}, {"rootfs.ready"}), clone(),
                         step("m", "attach", CTR_MOUNTS, {"rootfs.ready"})});
    ASSERT_TRUE(plan::order(plan, tokens()).ok());
    EXPECT_EQ(plan.find("attach")->wait_for, plan::no_wait);
}

TEST(Order, RefusesALiveValueInPhaseStarted) {
    Step late = step("a", "late", CTR_STARTED);
    late.args = {{"fd", CTR_FORM_VALUE, 0, "child.pidfd"}};
    expect_words(ordered({clone(), late}), {"late of a", "child.pidfd", "durable"});
    late.args = {{"pid", CTR_FORM_VALUE, 0, "child.pid"}};
    EXPECT_EQ(ordered({clone(), late}), "clone3 late");
}

TEST(Order, RefusesADescriptorInsideAText) {
    Step user = step("a", "user", CTR_ATTACH);
    user.args = {{"path", CTR_FORM_TEMPLATE, 0, "/proc/self/fd/${child.pidfd}"}};
    expect_words(ordered({clone(), user}), {"user of a", "child.pidfd", "argument path"});
}

} // namespace
