// SPDX-License-Identifier: MIT
//
// The packed plan and the running half of the host's table: what a step reads in each context.
#include "launch/block.hpp"

#include "launch/run.hpp"

#include <cstring>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace {

using namespace core;
using launch::Block;

const ctr_step_kind *no_code(const std::string &, const std::string &) { return nullptr; }
std::string text(ctr_str s) { return std::string(s.data, s.len); }
ctr_str str(const char *s) { return {s, std::strlen(s)}; }

/// One parent step that gives four values and one that uses them.
class BlockTest : public testing::Test {
protected:
    BlockTest() {
        plan::Step giver, user;
        giver.plugin = user.plugin = "p";
        giver.kind = "p.give";
        giver.outputs = {
            {"n", CTR_TYPE_INT, "p.number"}, {"s", CTR_TYPE_STRING, "p.string"}, {"f", CTR_TYPE_FD, "p.fd"}};
        user.kind = "p.use";
        user.args = {{"int", CTR_FORM_INT, -42, ""},
                     {"str", CTR_FORM_STRING, 0, "first"},
                     {"str", CTR_FORM_STRING, 0, "second"},
                     {"path", CTR_FORM_TEMPLATE, 0, "/x/${p.string}/${p.number}/$$"},
                     {"number", CTR_FORM_VALUE, 0, "p.number"},
                     {"string", CTR_FORM_VALUE, 0, "p.string"},
                     {"fd", CTR_FORM_VALUE, 0, "p.fd"},
                     {"raw", CTR_FORM_BYTES, 0, std::string("a\0b", 3)}};
        plan.steps = {giver, user};
        plan.values = {{"p.number", CTR_TYPE_INT}, {"p.string", CTR_TYPE_STRING}, {"p.fd", CTR_TYPE_FD}};
        block = Block::pack(plan, no_code);
        run.block = block.get();
        in(CTR_IN_PARENT);
    }
    void in(unsigned context) {
        run.context = context;
        calling.emplace(plugin::Callback{context, &run, nullptr, refuse});
    }
    static void refuse(void *run, const ctr_error *error) { launch::report(static_cast<ctr_run *>(run), error); }
    void give() {
        launch::begin_step(&run, 0);
        EXPECT_EQ(host->output_int(&run, "n", -7), 0);
        EXPECT_EQ(host->output_str(&run, "s", str("dir")), 0);
    }
    std::string arg(const char *name, std::size_t index = 0) { return text(host->arg_str(&run, name, index)); }

    const ctr_host *host = launch::host_table();
    plan::Plan plan;
    std::unique_ptr<Block> block;
    ctr_run run;
    std::optional<plugin::Calling> calling;
};

TEST_F(BlockTest, ArgumentsThatAlternateAreFoundInAnyOrder) {
    plan.steps[1].args.clear();
    for (const char *each : {"0", "1", "2", "3"})
        for (const char *name : {"a", "b"})
            plan.steps[1].args.push_back({name, CTR_FORM_STRING, 0, std::string(name) + each});
    plan.steps.push_back(plan.steps[1]);
    plan.steps[2].args = {{"b", CTR_FORM_STRING, 0, "other"}};
    block = Block::pack(plan, no_code);
    run.block = block.get();
    launch::begin_step(&run, 1);
    EXPECT_EQ(arg("a", 0) + arg("b", 0) + arg("a", 1) + arg("b", 1), "a0b0a1b1");
    EXPECT_EQ(arg("b", 2) + arg("b", 3) + arg("b", 3) + arg("b", 1) + arg("b", 0), "b2b3b3b1b0");
    EXPECT_EQ(arg("a", 3) + arg("a", 4) + arg("a", 3), "a3a3");
    char name[2] = "b"; // the same place, another name
    EXPECT_EQ(arg(name, 2), "b2");
    name[0] = 'a';
    EXPECT_EQ(arg(name, 3), "a3");
    EXPECT_EQ(host->arg_count(&run, "a"), 4U);
    launch::begin_step(&run, 2);
    EXPECT_EQ(arg("b") + arg("b", 1) + arg("a", 3), "other");
}

TEST_F(BlockTest, ArgumentsAreReadByNameAndIndex) {
    launch::begin_step(&run, 1);
    EXPECT_EQ(host->arg_count(&run, "str"), 2U);
    EXPECT_EQ(host->arg_count(&run, "nothing"), 0U);
    EXPECT_EQ(arg("str", 1), "second");
    EXPECT_EQ(arg("str", 2), "");
    EXPECT_EQ(arg("raw"), std::string("a\0b", 3));
    EXPECT_EQ(arg("int"), "-42");
    std::int64_t number = 0;
    EXPECT_EQ(host->arg_int(&run, "int", 0, &number), 0);
    EXPECT_EQ(number, -42);
    EXPECT_NE(host->arg_int(&run, "str", 0, &number), 0);
}

TEST_F(BlockTest, TemplatesAreFilledWithWhatStepsGave) {
    give();
    launch::begin_step(&run, 1);
    EXPECT_EQ(arg("path"), "/x/dir/-7/$");
    EXPECT_EQ(arg("string"), "dir");
    EXPECT_EQ(arg("number"), "-7");
}

TEST_F(BlockTest, ATemplateWithAHoleIsEmptyAndNoOtherPath) {
    in(CTR_IN_UNDO);
    launch::begin_step(&run, 1);
    EXPECT_EQ(arg("path"), "");
    std::int64_t number = 0;
    EXPECT_NE(host->arg_int(&run, "number", 0, &number), 0);
}

TEST_F(BlockTest, InShellValuesAreMarksThatBecomeVariables) {
    in(CTR_IN_SHELL);
    launch::begin_step(&run, 1);
    EXPECT_EQ(launch::shell_quote(arg("path")), "/x/\"$p_string\"/\"$p_number\"'/$'");
    EXPECT_EQ(launch::shell_text(arg("number")), "${p_number}");
}

TEST_F(BlockTest, TheLongestValueFitsIntoATemplateAndALongerOneIsRefused) {
    launch::begin_step(&run, 0);
    const std::string longest(CTR_VALUE_MAX, 'x'), longer(CTR_VALUE_MAX + 1, 'x');
    EXPECT_EQ(host->output_str(&run, "s", {longest.data(), longest.size()}), 0);
    EXPECT_EQ(host->output_int(&run, "n", INT64_MIN), 0);
    launch::begin_step(&run, 1);
    EXPECT_EQ(arg("path"), "/x/" + longest + "/-9223372036854775808/$");
    launch::begin_step(&run, 0);
    EXPECT_NE(host->output_str(&run, "s", {longer.data(), longer.size()}), 0);
    EXPECT_TRUE(run.failed);
}

TEST_F(BlockTest, AHandleThatTheCallbackDidNotGetIsNotFollowed) {
    auto *const gone = reinterpret_cast<ctr_run *>(0x40);
    std::int64_t number = 0;
    EXPECT_EQ(host->arg_int(gone, "int", 0, &number), -1);
    EXPECT_TRUE(run.failed) << "the step that runs is told";
    EXPECT_EQ(run.error.error_class, static_cast<unsigned>(CTR_E_CONTEXT));
    EXPECT_STREQ(run.error.syscall, "arg_int");
    run.failed = false;
    EXPECT_EQ(host->arg_int(nullptr, "int", 0, &number), -1);
    EXPECT_TRUE(run.failed);
    run.failed = false;
    EXPECT_EQ(host->operation(reinterpret_cast<ctr_plan *>(&run)), -1);
    EXPECT_TRUE(run.failed);
    run.failed = false;
    calling.reset();
    launch::begin_step(&run, 1);
    EXPECT_EQ(host->arg_int(&run, "int", 0, &number), -1) << "no callback is running";
    EXPECT_FALSE(run.failed);
}

TEST_F(BlockTest, OutputsMustBeDeclaredAndOfTheirType) {
    launch::begin_step(&run, 0);
    EXPECT_NE(host->output_int(&run, "s", 1), 0);
    EXPECT_TRUE(run.failed);
    launch::begin_step(&run, 0);
    EXPECT_NE(host->output_int(&run, "other", 1), 0);
    EXPECT_NE(std::string(run.error.path).find("other"), std::string::npos);
}

TEST_F(BlockTest, OwnsTheDescriptorsThatStepsGave) {
    const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC), refused = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    launch::begin_step(&run, 0);
    EXPECT_EQ(host->output_fd(&run, "f", fd), 0);
    EXPECT_NE(host->output_fd(&run, "n", refused), 0);
    EXPECT_EQ(::fcntl(refused, F_GETFD), -1) << "a refused descriptor is closed too";
    launch::begin_step(&run, 1);
    EXPECT_EQ(host->arg_fd(&run, "fd", 0), fd);
    block.reset();
    EXPECT_EQ(::fcntl(fd, F_GETFD), -1);
}

TEST_F(BlockTest, FunctionsAreRefusedOutsideTheirContexts) {
    give();
    in(CTR_IN_UNDO);
    launch::begin_step(&run, 1);
    EXPECT_EQ(host->arg_fd(&run, "fd", 0), -1);
    EXPECT_TRUE(run.failed);
    EXPECT_EQ(run.error.error_class, std::uint32_t{CTR_E_CONTEXT});
    EXPECT_STREQ(run.error.syscall, "arg_fd");

    launch::begin_step(&run, 0);
    EXPECT_NE(host->output_int(&run, "n", 1), 0) << "an undo gives nothing";
    launch::begin_step(&run, 0);
    std::int64_t number = 0;
    EXPECT_EQ(host->recorded_int(&run, "n", &number), 0) << "but reads what its step gave";
    EXPECT_EQ(number, -7);

    in(CTR_IN_CHILD);
    launch::begin_step(&run, 0);
    EXPECT_NE(host->recorded_int(&run, "n", &number), 0);
    launch::begin_step(&run, 0);
    host->log(&run, CTR_LOG_WARN, "not in the child");
    EXPECT_TRUE(run.failed);
    in(CTR_IN_PARENT);
    launch::begin_step(&run, 0);
    EXPECT_EQ(host->root_fd(&run), -1);
    EXPECT_TRUE(run.failed);
}

TEST_F(BlockTest, TheFirstErrorIsTheOneReported) {
    launch::begin_step(&run, 0);
    const ctr_error first = {sizeof(ctr_error), CTR_E_SYSTEM, ENOENT, "first", "do this", "mount", "/x"};
    const ctr_error second = {sizeof(ctr_error), CTR_E_INVALID, 0, "second", nullptr, nullptr, nullptr};
    EXPECT_EQ(host->fail(&run, &first), -1);
    EXPECT_EQ(host->fail(&run, &second), -1);
    const Error error = launch::to_error(run.error);
    EXPECT_EQ(error.message, "first");
    EXPECT_EQ(error.errno_value, ENOENT);
    EXPECT_EQ(error.hint, "do this");
}

TEST_F(BlockTest, AnOverlongErrorIsCutAndNotOverrun) {
    launch::begin_step(&run, 0);
    const std::string endless(100000, 'e');
    const ctr_error error = {sizeof(ctr_error), CTR_E_SYSTEM,   0, endless.c_str(), endless.c_str(),
                             endless.c_str(),   endless.c_str()};
    host->fail(&run, &error);
    EXPECT_EQ(std::string(run.error.message).size(), sizeof run.error.message - 1);
    EXPECT_EQ(std::string(run.error.path).size(), sizeof run.error.path - 1);
}

TEST(Block, MarksTheStepsThatTheOtherProcessWaitsFor) {
    plan::Plan plan;
    plan::Step parent, child;
    parent.plugin = child.plugin = "p";
    parent.kind = "p.attach";
    parent.phase = CTR_ATTACH;
    child.kind = "p.isolate";
    child.phase = CTR_ISOLATE;
    child.process = CTR_PROCESS_CHILD;
    plan.steps = {parent, parent, child};
    plan.steps[2].wait_for = 1;
    const auto block = Block::pack(plan, no_code);
    EXPECT_FALSE(block->steps[0].announce);
    EXPECT_TRUE(block->steps[1].announce);
    EXPECT_FALSE(block->steps[2].announce);
}

TEST(ShellQuote, LeavesPlainWordsAndQuotesTheRest) {
    EXPECT_EQ(launch::shell_quote("plain-word_1.2/@x=y:z,%+"), "plain-word_1.2/@x=y:z,%+");
    EXPECT_EQ(launch::shell_quote(""), "''");
    EXPECT_EQ(launch::shell_quote("a b"), "'a b'");
    EXPECT_EQ(launch::shell_quote("$(reboot) `x` \"y\" \\"), "'$(reboot) `x` \"y\" \\'");
    EXPECT_EQ(launch::shell_quote("it's"), "it\\'s");
    EXPECT_EQ(launch::shell_quote("~"), "'~'");
    EXPECT_EQ(launch::shell_quote("a\nb"), "'a\nb'");
    EXPECT_EQ(launch::shell_quote("x\x01"
                                  "net.address\x02"
                                  "y z"),
              "x\"$net_address\"'y z'");
    EXPECT_EQ(launch::shell_quote("a\x1b[b\u009bc"), "a\"$(printf '\\033')\"'[b'\"$(printf '\\302\\233')\"c");
    EXPECT_EQ(launch::shell_quote("Gr\u00fc"), "'Gr\u00fc'");
}

} // namespace
