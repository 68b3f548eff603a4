// SPDX-License-Identifier: MIT
//
// The fake host's table: every function is there, and is legal where sdk/include/ctr/contexts.h says.
// tests/system/contexts_test.cpp asks the same of ctr.
#include "../../system/plugins/caller/calls.hpp"
#include "../../system/plugins/caller/functions.hpp"

#include <ctr/testing/descriptors.hpp>
#include <ctr/testing/host.hpp>

#include <cstring>
#include <gtest/gtest-spi.h>

namespace caller {
CTR_CHILD int use_nothing(ctr_run *, int) { return 0; }
} // namespace caller

namespace {

using caller::Function;
using caller::functions;
using caller::handles;
using ctr::testing::Planning;
using ctr::testing::Running;
using ctr::testing::Said;
using ctr::testing::Step;

const char *called = ""; // the function that the callbacks below call

int call_in_plan(ctr::Plan plan) {
    handles.plan = plan.raw();
    caller::call_by_name(called);
    return 0;
}
int call_in_step(ctr_run *run) {
    handles.run = run;
    caller::call_by_name(called);
    return 0;
}
int call_in_shell(ctr_run *run, ctr_shell *shell) {
    handles.shell = shell;
    return call_in_step(run);
}

constexpr ctr_step_kind in_parent = {sizeof(ctr_step_kind), CTR_PROCESS_PARENT, "caller.parent", call_in_step,
                                     call_in_step,          call_in_shell,      call_in_shell};
constexpr ctr_step_kind in_child = {
    sizeof(ctr_step_kind), CTR_PROCESS_CHILD, "caller.child", call_in_step, nullptr, call_in_shell, nullptr};
constexpr const ctr_step_kind *kinds[] = {&in_parent, &in_child, nullptr};
constexpr ctr_plugin_entry entry = {sizeof(ctr_plugin_entry),
                                    CTR_ABI_VERSION,
                                    "caller",
                                    "1.0.0",
                                    ctr::detail::load,
                                    ctr::detail::plan_trampoline<call_in_plan>,
                                    kinds,
                                    nullptr};

Step step(const char *kind) {
    Step made(kind);
    made.arg("number", 1).output("number", CTR_TYPE_INT, "caller.number");
    return made.output("text", CTR_TYPE_STRING, "caller.text").output("fd", CTR_TYPE_FD, "caller.fd");
}

/// What the test was told, and what the plugin's callback has come to.
struct Outcome {
    int code = 0;
    Said said;
    std::vector<std::string> failures;
};

int carry_out(Running &running, unsigned context) {
    switch (context) {
    case CTR_IN_PARENT: return running.apply(step("caller.parent"));
    case CTR_IN_CHILD: return running.apply(step("caller.child"));
    case CTR_IN_UNDO: return running.undo(step("caller.parent"));
    case CTR_IN_SHELL: running.shell(step("caller.parent")); return running.failed ? -1 : 0;
    default: return running.in(context, step("caller.parent"), call_in_step);
    }
}

Outcome call(const char *function, unsigned context) {
    called = function;
    Outcome out;
    ::testing::TestPartResultArray told;
    {
        const ::testing::ScopedFakeTestPartResultReporter reporter(
            ::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &told);
        if (context == CTR_IN_PLAN) {
            Planning planning;
            out.code = planning.plan(entry);
            out.said = planning;
        } else {
            Running running(entry);
            running.spawn = [](const ctr_spawn &, ctr_spawned &) { return 0; };
            out.code = carry_out(running, context);
            out.said = running;
        }
    }
    for (int i = 0; i < told.size(); ++i)
        out.failures.emplace_back(told.GetTestPartResult(i).message());
    return out;
}

TEST(Table, HasEveryFunction) {
    const auto *const table = ctr::testing::host();
    EXPECT_EQ(table->size, sizeof(ctr_host));
    EXPECT_EQ(table->abi, CTR_ABI_VERSION);
    EXPECT_STRNE(table->version, "");
    constexpr std::size_t first = offsetof(ctr_host, operation), pointer = sizeof(void (*)());
    static_assert((sizeof(ctr_host) - first) % pointer == 0);
    for (std::size_t at = first; at < sizeof(ctr_host); at += pointer) {
        void *function = nullptr;
        std::memcpy(&function, reinterpret_cast<const char *>(table) + at, pointer);
        EXPECT_NE(function, nullptr) << "number " << (at - first) / pointer;
    }
}

TEST(Table, EachFunctionIsLegalWhereContextsSay) {
    for (const Function &function : functions)
        for (const unsigned context :
             {CTR_IN_PLAN, CTR_IN_PARENT, CTR_IN_CHILD, CTR_IN_UNDO, CTR_IN_SHELL, CTR_IN_CALL}) {
            const Outcome out = call(function.name, context);
            const std::string where = function.name + (" in " + std::to_string(context));
            if ((function.contexts & context) != 0) {
                EXPECT_EQ(out.failures, std::vector<std::string>()) << where;
                EXPECT_FALSE(out.said.failed && out.said.failure.error_class == CTR_E_CONTEXT) << where;
                continue;
            }
            ASSERT_EQ(out.failures.size(), 1U) << where;
            EXPECT_NE(out.failures[0].find(function.name), std::string::npos) << out.failures[0];
            EXPECT_NE(out.failures[0].find("it is legal in"), std::string::npos) << out.failures[0];
            EXPECT_EQ(out.code, -1) << where << ": the callback said 0, and fails all the same";
            EXPECT_EQ(out.said.failure.error_class, CTR_E_CONTEXT) << where;
            EXPECT_EQ(out.said.failure.syscall, function.name);
        }
}

TEST(Table, ADescriptorIsTakenOnFailureToo) {
    for (const char *function : {"output_fd", "set_root"})
        for (const unsigned context : {CTR_IN_PARENT, CTR_IN_CHILD, CTR_IN_UNDO}) {
            const auto before = ctr::testing::open_descriptors();
            call(function, context);
            EXPECT_EQ(ctr::testing::open_descriptors(), before) << function << " in " << context;
        }
}

TEST(Table, AHandleOfAnEarlierCallIsToldApart) {
    Running kept(entry);
    called = "arg_count";
    ASSERT_EQ(kept.apply(step("caller.parent")), 0);
    Running other;
    EXPECT_NONFATAL_FAILURE(
        EXPECT_EQ(other.in(CTR_IN_PARENT, step("caller.parent"),
                           [](ctr_run *) { return ctr::host->arg_count(handles.run, "x") == 0 ? 0 : 1; }),
                  -1),
        "with a handle that this callback did not get");
    EXPECT_EQ(other.failure.error_class, CTR_E_CONTEXT);
    EXPECT_NONFATAL_FAILURE(ctr::host->arg_count(handles.run, "x"), "no callback");
}

TEST(Table, AKindThatThePluginDoesNotHaveFailsTheTest) {
    Running running(entry);
    EXPECT_NONFATAL_FAILURE(running.apply(Step("caller.nothing")), "has no kind caller.nothing");
}

TEST(Table, AProgramThatNoTestExpectedFailsIt) {
    Running running(entry);
    called = "spawn";
    EXPECT_NONFATAL_FAILURE(running.apply(step("caller.parent")), "Running::spawn");
}

} // namespace
