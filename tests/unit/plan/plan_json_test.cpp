// SPDX-License-Identifier: MIT
#include "plan/plan_json.hpp"

#include "base/json_writer.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace {

using namespace core;

plan::Plan example() {
    plan::Plan out;
    out.id = "web";
    out.drivers = {{"storage", "overlay"}};
    out.plugins = {{"overlay", "0.1.0", "/lib/overlay.so"}};
    plan::Step step;
    step.plugin = "overlay";
    step.kind = "overlay.mount";
    step.lifetime = CTR_UNTIL_DELETE;
    step.has_undo = true;
    step.note = "layers on layers";
    step.args = {{"mode", CTR_FORM_INT, -5, ""},
                 {"text", CTR_FORM_STRING, 0, "a \"b\"\n"},
                 {"raw", CTR_FORM_BYTES, 0, std::string("\0\xff\x10", 3)},
                 {"path", CTR_FORM_TEMPLATE, 0, "/x/${net.address}/$$"},
                 {"fd", CTR_FORM_VALUE, 0, "child.pidfd"}};
    step.outputs = {{"fd", CTR_TYPE_FD, "rootfs"}, {"address", CTR_TYPE_STRING, "net.address"}};
    step.needs = {"a"};
    step.after = {"b"};
    step.gives = {"c"};
    step.wait_for = 1;
    out.steps = {step, step};
    out.steps[1].outputs.clear();
    out.steps[1].phase = CTR_CONFINE;
    out.steps[1].process = CTR_PROCESS_CHILD;
    for (const plan::Output &output : step.outputs)
        out.values[output.value] = output.type;
    return out;
}

TEST(PlanJson, IsReadBackAsItWas) {
    const plan::Plan before = example();
    const auto after = plan::from_json(Json::parse(plan::to_json(before).dump()));
    ASSERT_TRUE(after.ok()) << after.error().text();
    EXPECT_EQ(plan::to_json(before), plan::to_json(after.value()));
    const plan::Step &step = after.value().steps[0];
    EXPECT_EQ(step.arg("raw")->text, std::string("\0\xff\x10", 3));
    EXPECT_EQ(step.arg("mode")->integer, -5);
    EXPECT_EQ(step.arg("path")->form, CTR_FORM_TEMPLATE);
    EXPECT_EQ(step.wait_for, 1U);
    EXPECT_EQ(step.lifetime, CTR_UNTIL_DELETE);
    EXPECT_EQ(after.value().values, before.values);
}

TEST(PlanJson, StoredHasAllStepsButNotWhatOnlyTheChildMustKnow) {
    plan::Plan before = example();
    before.machine["cgroup1"] = "writable";
    before.steps.push_back(before.steps[1]);
    before.steps[2].phase = CTR_PIVOT;
    JsonWriter out;
    plan::write(out, before, plan::Form::stored);
    const auto after = plan::from_json(Json::parse(out.take()));
    ASSERT_TRUE(after.ok()) << after.error().text();
    const std::vector<plan::Step> &steps = after.value().steps;
    ASSERT_EQ(steps.size(), 3U);
    EXPECT_EQ(steps[0].args.size(), 5U) << "a parent's: its undo needs them";
    EXPECT_EQ(steps[1].args.size(), 5U) << "behind the gate: another process may log them when it opens it";
    EXPECT_EQ(steps[2].args.size(), 0U);
    EXPECT_EQ(steps[2].kind, before.steps[2].kind);
    EXPECT_EQ(steps[2].wait_for, 1U);
    EXPECT_TRUE(steps[0].has_undo);
    EXPECT_EQ(steps[0].note + steps[1].note, "");
    EXPECT_TRUE(steps[0].gives.empty());
    EXPECT_TRUE(after.value().machine.empty());
    EXPECT_EQ(after.value().values, before.values);
}

TEST(PlanJson, OfSomethingElseIsAnErrorAndNoException) {
    for (
        const char *text :
        {"{}", "[]", "null", R"({"plan": 1})", R"({"plan": "x"})",
         R"({"plan": 1, "id": "a", "operation": 1, "drivers": {}, "plugins": [], "steps": [{}]})",
         R"({"plan": 1, "id": "a", "operation": 1, "drivers": {}, "plugins": [], "steps": [{"plugin": "p", "kind": "k", "process": "nobody", "phase": "prepare"}]})"})
        EXPECT_FALSE(plan::from_json(Json::parse(text)).ok()) << text;
}

TEST(PlanJson, OfAnotherFormatSaysSo) {
    const auto result = plan::from_json(Json::parse(R"({"plan": 2})"));
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().error_class, CTR_E_UNSUPPORTED);
}

TEST(Template, IsSplitIntoTextAndValues) {
    const auto pieces = plan::split_template("a$$b${x.y}c");
    ASSERT_TRUE(pieces);
    ASSERT_EQ(pieces->size(), 3U);
    EXPECT_EQ((*pieces)[0].text, "a$b");
    EXPECT_TRUE((*pieces)[1].is_value);
    EXPECT_EQ((*pieces)[1].text, "x.y");
    EXPECT_EQ((*pieces)[2].text, "c");
    for (const char *bad : {"$", "$x", "${", "${}", "a${x"})
        EXPECT_FALSE(plan::split_template(bad)) << bad;
}

} // namespace
