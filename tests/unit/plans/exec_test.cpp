// SPDX-License-Identifier: MIT
//
// One more program in a container that is there: its plan is made from the container's own description, with the
// program's /process in it.
#include "support/plan_fixture.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace {

using namespace plan_fixture;
using core::Json;

Planning for_exec() {
    Planning planning;
    planning.operation = CTR_OP_EXEC;
    planning.asked = {"/process"};
    for (const char *each : {"cpuset", "cpu", "cpuacct", "blkio", "memory", "devices", "freezer", "pids"})
        planning.machine[std::string("exists:/sys/fs/cgroup/") + each + "/ctr/littlebox/tasks"] = "yes";
    return planning;
}

/// The description of `ctr run`'s container, for `date`.
Json description() {
    Json spec = core::cli::run_spec(run_options()).value();
    spec["process"] = {
        {"args", {"/bin/date"}}, {"cwd", "/"}, {"user", {{"uid", 0}, {"gid", 0}}}, {"env", {"PATH=/bin"}}};
    spec["ctr"]["cgroup"] = "/ctr/littlebox";
    return spec;
}

TEST(ExecPlan, JoinsAndConfinesAsTheContainerWas) {
    expect_golden(for_exec().plan(description()), CTR_TEST_GOLDEN_DIR, "exec");
}

TEST(ExecPlan, WhatConfinesTheContainerDoesSoWhoeverCarriesItOut) {
    Planning planning = for_exec();
    planning.directories = {CTR_TEST_EXTRA_DIR "/confiner"};
    Json spec = description();
    spec["ctr"]["confiner"] = 1234;
    spec["linux"]["personality"] = {{"domain", "LINUX32"}};
    const auto plan = planning.plan(spec);
    ASSERT_TRUE(plan.ok()) << plan.error().text();
    EXPECT_NE(plan.value().find("confiner.slack"), nullptr);
    EXPECT_NE(plan.value().find("seccomp.load"), nullptr);
    EXPECT_NE(plan.value().find("process.personality"), nullptr);
    EXPECT_EQ(plan.value().find("mount"), nullptr) << "that was done when the container was created";
}

TEST(ExecPlan, AConfinementWhosePluginHasGoneIsAnError) {
    Planning planning = for_exec();
    Json spec = description();
    spec["ctr"]["confiner"] = 1234;
    expect_refused(planning.plan(spec), {"/ctr/confiner", "no plugin carries it out"});
    planning.without = {"seccomp"};
    expect_refused(planning.plan(description()), {"/ctr/seccomp"});
    planning.config = R"({"seccomp": "off"})";
    EXPECT_TRUE(planning.plan(description()).ok());
}

TEST(ExecPlan, WhatIsAskedOfTheProgramItselfMustBeCarriedOutNow) {
    Planning planning = for_exec();
    planning.without = {"security"};
    Json spec = description();
    spec["process"]["apparmorProfile"] = "tight";
    expect_refused(planning.plan(spec), {"/process/apparmorProfile", "no plugin carries it out"});
    // A plugin that only creates containers does nothing for an exec.
    planning.asked = {"/process", "/mounts"};
    expect_refused(planning.plan(description()), {"/mounts", "does not for the operation exec"});
}

} // namespace
