// SPDX-License-Identifier: MIT
//
// The shell form of a kind of step: stock kinds have one, a third party's may do without.
#include "launch/run.hpp"
#include "launch/shell.hpp"
#include "support/plan_fixture.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace {

using namespace plan_fixture;

TEST(ShellForm, AllStockKindsHaveOne) {
    std::size_t kinds = 0;
    const Planning planning;
    for (const auto &plugin : planning.catalog().plugins()) {
        const auto entry = plugin->load(core::launch::host_table());
        ASSERT_TRUE(entry.ok()) << entry.error().text();
        for (auto each = entry.value()->kinds; each != nullptr && *each != nullptr; ++each, ++kinds) {
            EXPECT_NE((*each)->shell, nullptr) << (*each)->name;
            EXPECT_EQ((*each)->undo == nullptr, (*each)->shell_undo == nullptr) << (*each)->name;
        }
    }
    EXPECT_GT(kinds, 60U);
}

TEST(ShellForm, TheScriptSaysWhichStepsItLeavesOutAndWhoseTheyAre) {
    Planning planning;
    planning.directories = {CTR_TEST_EXTRA_DIR "/confiner"};
    core::Json spec = core::cli::run_spec(run_options()).value();
    spec["ctr"]["confiner"] = 1;
    const auto plan = planning.plan(spec);
    ASSERT_TRUE(plan.ok()) << plan.error().text();
    const auto kinds = [&](const std::string &plugin, const std::string &kind) -> const ctr_step_kind * {
        if (core::plugin::Plugin *owner = planning.catalog().find(plugin); owner != nullptr) return owner->kind(kind);
        return nullptr;
    };
    const auto script = core::launch::shell_script(plan.value(), kinds);
    ASSERT_TRUE(script.ok()) << script.error().text();
    EXPECT_NE(script.value().find("confiner.slack: the plugin confiner has no shell form of it"), std::string::npos);
}

} // namespace
