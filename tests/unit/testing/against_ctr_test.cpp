// SPDX-License-Identifier: MIT
//
// The fake host says what ctr says: the same plugins, as they were built, plan in both, and the steps are compared; the
// plugin of mirror/, which writes down all that a host tells it, is carried out in both.
#include "support/plan_fixture.hpp"

#include "config/config.hpp"
#include "launch/block.hpp"
#include "launch/run.hpp"
#include "sys/machine.hpp"

#include <ctr/ext/storage.h>
#include <ctr/testing/directory.hpp>
#include <ctr/testing/host.hpp>

#include <algorithm>
#include <utility>

namespace {

using namespace core;
using ctr::testing::Running;
using plan_fixture::run_options;
using Lines = std::vector<std::string>;

// ---- planning

std::string words(const std::vector<std::string> &all) {
    std::string out;
    for (const auto &each : all)
        out += " " + each;
    return out;
}

/// All of a step but its process; of ctr's and of the fake's.
template <typename Step> std::string line_of(const Step &step) {
    std::string out = step.kind + " phase " + std::to_string(step.phase) + " until " + std::to_string(step.lifetime);
    for (const auto &arg : step.args)
        out += " | " + arg.name + " " + std::to_string(arg.form) + " " + std::to_string(arg.integer) + " " + arg.text;
    for (const auto &output : step.outputs)
        out += " -> " + output.name + " " + std::to_string(output.type) + " " + output.value;
    return out + " needs" + words(step.needs) + " after" + words(step.after) + " gives" + words(step.gives) + " # " +
           step.note;
}

/// Gives plugins the fake's table, and at the end ctr's again: they stay loaded, for other tests.
class Lent {
public:
    explicit Lent(std::vector<const ctr_plugin_entry *> entries) : entries_(std::move(entries)) {
        for (const auto *each : entries_)
            EXPECT_EQ(each->load(ctr::testing::host()), 0);
    }
    ~Lent() {
        for (const auto *each : entries_)
            EXPECT_EQ(each->load(launch::host_table()), 0);
    }
    Lent(const Lent &) = delete;
    Lent &operator=(const Lent &) = delete;

private:
    const std::vector<const ctr_plugin_entry *> entries_;
};

/// What ctr gives the plugin in such a plan, for the fake.
ctr::testing::Planning fake_of(const plan_fixture::Planning &given, const Json &spec, const config::Config &config,
                               const plan::Plan &plan, const std::string &id) {
    ctr::testing::Planning fake;
    fake.spec = spec;
    if (const auto section = config.sections.find(id); section != config.sections.end()) fake.config = section->second;
    fake.operation = given.operation;
    fake.answers = given.machine;
    fake.names["id"] = given.id;
    for (const auto &[slot, driver] : plan.drivers) {
        fake.names["driver." + slot] = driver;
        const auto *entry = given.catalog().find(driver)->load(launch::host_table()).value();
        if (entry->extension != nullptr) fake.extensions[{slot, CTR_EXT_STORAGE}] = entry->extension(CTR_EXT_STORAGE);
    }
    return fake;
}

/// The plugins that took part in ctr's plan plan again, each in the fake. Gives how many did.
std::size_t expect_same_steps(const plan_fixture::Planning &given, const Json &spec) {
    const auto planned = given.plan(spec);
    if (!planned.ok()) return ADD_FAILURE() << planned.error().text(), 0;
    const plan::Plan &plan = planned.value();
    const config::Config config = config::parse_config(given.config, "test.json").value();
    std::vector<const ctr_plugin_entry *> entries;
    for (const plan::PluginUse &use : plan.plugins)
        entries.push_back(given.catalog().find(use.id)->load(launch::host_table()).value());
    std::vector<ctr::testing::Planning> fakes;
    for (const auto *entry : entries)
        fakes.push_back(fake_of(given, spec, config, plan, entry->id));

    std::map<std::string, ctr_process> processes;
    Lines by_ctr, by_fake;
    for (const plan::Step &step : plan.steps) {
        processes[step.kind] = step.process;
        if (step.plugin != plan::core_plugin) by_ctr.push_back(line_of(step));
    }
    std::vector<const ctr_plugin_entry *> asked = entries; // of drivers extensions are called
    for (const auto &[slot, driver] : plan.drivers)
        asked.push_back(given.catalog().find(driver)->load(launch::host_table()).value());
    const Lent lent(asked);
    for (std::size_t i = 0; i < entries.size(); ++i) {
        EXPECT_EQ(fakes[i].plan(*entries[i]), 0) << entries[i]->id << ": " << fakes[i].text();
        for (const auto &step : fakes[i].steps) {
            by_fake.push_back(line_of(step));
            EXPECT_EQ(step.process.value_or(processes[step.kind]), processes[step.kind]) << step.kind;
        }
        for (const std::string &question : fakes[i].questions)
            EXPECT_EQ(plan.machine.count(question), 1U) << entries[i]->id << " asked " << question;
    }
    std::sort(by_ctr.begin(), by_ctr.end());
    std::sort(by_fake.begin(), by_fake.end());
    EXPECT_EQ(by_fake, by_ctr);
    return entries.size();
}

std::size_t expect_same_steps(const plan_fixture::Planning &given, const cli::RunOptions &options) {
    return expect_same_steps(given, cli::run_spec(options).value());
}

TEST(AgainstCtr, StockPluginsPlanTheSame) {
    EXPECT_GE(expect_same_steps({}, run_options()), 9U) << "plugins of a usual container";
    plan_fixture::Planning v2;
    v2.machine = plan_fixture::machine_v2();
    auto options = run_options();
    options.memory = std::int64_t{64} << 20;
    options.tty = true;
    options.read_only = true;
    options.volumes = {cli::parse_volume("/srv/data:/data:ro").value()};
    options.tmpfs = {cli::parse_tmpfs("/tmp:size=16m").value()};
    options.cap_add = {"CAP_NET_ADMIN"};
    options.user = "1000:1000";
    options.sysctls = {{"net.ipv4.ip_unprivileged_port_start", "0"}};
    EXPECT_GE(expect_same_steps(v2, options), 9U);
    plan_fixture::Planning directory;
    directory.drivers = {{"storage", "rootfs"}, {"network", "none"}};
    directory.config = R"({"seccomp": "off"})";
    options.image.clear();
    options.layers.clear();
    options.rootfs = "/srv/root";
    options.network = "none";
    EXPECT_GE(expect_same_steps(directory, options), 8U);
}

TEST(AgainstCtr, SoDoesAPluginThatUsesADriversExtension) {
    plan_fixture::Planning removal;
    removal.operation = CTR_OP_IMAGE_REMOVE;
    const auto options = run_options();
    removal.machine["file:/var/lib/ctr/images/example%2Fbase%3Alatest.json"] = "{}";
    EXPECT_GE(
        expect_same_steps(removal, Json{{"ctr", {{"remove", {{"name", options.image}, {"layers", options.layers}}}}}}),
        1U);
}

/// mirror/ beside the stock plugins, with this in its section of the config.
plan_fixture::Planning with_mirror(const Json &section) {
    plan_fixture::Planning planning;
    planning.directories = {CTR_TEST_MIRROR_DIR};
    planning.config = Json{{"mirror", section}}.dump();
    return planning;
}

Json odd_values(const std::string &to) {
    return {{"to", to},
            {"list", {"a", -1, 18446744073709551615U, 1.5, true, nullptr, -9223372036854775807 - 1, 1e300, ""}},
            {"a/b", 1},
            {"m~n", 2},
            {"~2", 3},
            {"", {{"", 4}}},
            {" ", 5},
            {"empty", Json::object()},
            {"none", Json::array()},
            {"null", nullptr},
            {"deep", {{"er", {{{"x", "y"}}}}}}};
}

TEST(AgainstCtr, APluginIsToldTheSame) {
    EXPECT_GE(expect_same_steps(with_mirror(odd_values("/nowhere")), run_options()), 10U) << "with mirror";
}

TEST(AgainstCtr, WhatIsRefusedIsRefusedInTheSameWords) {
    for (const char *wrong : {"phase", "clone", "child", "started", "template", "dollar", "empty value", "NUL",
                              "value name", "no value", "twice", "silence", "exception", "first of two", "refusal"}) {
        const auto given = with_mirror({{"wrong", wrong}});
        const Json spec = cli::run_spec(run_options()).value();
        const auto planned = given.plan(spec);
        ASSERT_FALSE(planned.ok()) << wrong;
        ctr::testing::Planning fake;
        fake.config = {{"wrong", wrong}};
        const auto *entry = given.catalog().find("mirror")->load(launch::host_table()).value();
        const Lent lent({entry});
        EXPECT_EQ(fake.plan(*entry), -1) << wrong;
        EXPECT_EQ(fake.failure.message, planned.error().message) << wrong;
        EXPECT_EQ(fake.failure.hint, planned.error().hint) << wrong;
        EXPECT_EQ(fake.failure.path, planned.error().path) << wrong;
        EXPECT_EQ(fake.failure.syscall, planned.error().syscall) << wrong;
        EXPECT_EQ(fake.failure.errno_value, planned.error().errno_value) << wrong;
        EXPECT_EQ(static_cast<int>(fake.failure.error_class), static_cast<int>(planned.error().error_class)) << wrong;
    }
}

TEST(AgainstCtr, AnUnknownQuestionIsRefusedInTheSameWords) {
    const auto given = with_mirror({{"wrong", "question"}});
    ctr::testing::Planning fake;
    fake.config = {{"wrong", "question"}};
    const auto *entry = given.catalog().find("mirror")->load(launch::host_table()).value();
    const Lent lent({entry});
    EXPECT_EQ(fake.plan(*entry), -1);
    const auto answer = sys::RealMachine().ask("weather:/");
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(fake.failure.message, answer.error().message);
    EXPECT_EQ(fake.failure.hint, answer.error().hint);
}

// ---- carrying out

/// mirror/'s steps, as ctr carries them out (core/launch, without the child), and in the fake.
class Both : public testing::Test {
protected:
    Both() {
        plan_ = given_.plan(cli::run_spec(run_options()).value()).value();
        entry_ = given_.catalog().find("mirror")->load(launch::host_table()).value();
        block_ = launch::Block::pack(plan_, [](const std::string &, const std::string &) { return nullptr; });
    }
    const plan::Step &step_of(const std::string &kind) const { return *plan_.find(kind); }
    const ctr_step_kind &kind(const std::string &name) const { return *ctr::testing::detail::kind_of(entry_, name); }
    /// Empty, or the error.
    std::string in_ctr(unsigned context, const std::string &name,
                       const std::function<int(ctr_run *, ctr_shell *)> &call) {
        const auto index = static_cast<std::uint32_t>(&step_of(name) - plan_.steps.data());
        ctr_run run;
        run.context = context;
        run.block = block_.get();
        launch::begin_step(&run, index);
        const auto around = launch::calling(run, &shell_);
        const int code = call(&run, &shell_);
        if (run.root_fd >= 0) ::close(run.root_fd);
        if (code == 0 && !run.failed) return "";
        return run.failed ? launch::to_error(run.error).message + "|" + run.error.path : "without a word";
    }
    static ctr::testing::Step copy_of(const plan::Step &step) {
        ctr::testing::Step copy(step.kind);
        for (const auto &arg : step.args)
            copy.args.push_back({arg.name, arg.form, arg.integer, arg.text});
        for (const auto &output : step.outputs)
            copy.outputs.push_back({output.name, output.type, output.value});
        return copy;
    }
    /// What a step has written since the last time.
    std::string written() {
        std::string text = directory_.read("out");
        std::filesystem::remove(directory_.path() + "/out");
        return text;
    }
    ctr::testing::TemporaryDirectory directory_;
    const plan_fixture::Planning given_ = with_mirror(odd_values(directory_.path() + "/out"));
    plan::Plan plan_;
    const ctr_plugin_entry *entry_ = nullptr;
    std::unique_ptr<launch::Block> block_;
    ctr_shell shell_;
};

TEST_F(Both, AStepReadsTheSameAndItsUndoToo) {
    const auto apply = [&](const char *name) {
        return in_ctr(CTR_IN_PARENT, name, [&](ctr_run *run, ctr_shell *) { return kind(name).apply(run); });
    };
    EXPECT_EQ(apply("mirror.give"), "");
    EXPECT_EQ(apply("mirror.read"), "");
    const std::string applied = written();
    const auto undo = [&](unsigned context) {
        return in_ctr(context, "mirror.read", [&](ctr_run *run, ctr_shell *) { return kind("mirror.read").undo(run); });
    };
    EXPECT_EQ(undo(CTR_IN_UNDO), "");
    const std::string undone = written();
    EXPECT_NE(applied.find("/x/dir/7/$"), std::string::npos) << applied;
    EXPECT_NE(undone.find("given -1 to undo"), std::string::npos) << undone;

    const Lent lent({entry_});
    Running fake(*entry_);
    const auto give = copy_of(step_of("mirror.give")), read = copy_of(step_of("mirror.read"));
    EXPECT_EQ(fake.apply(give), 0) << fake.text();
    EXPECT_EQ(fake.apply(read), 0) << fake.text();
    EXPECT_EQ(written(), applied);
    EXPECT_EQ(fake.undo(read), 0) << fake.text();
    EXPECT_EQ(written(), undone);
    EXPECT_EQ(fake.in(CTR_IN_CALL, read, kind("mirror.read").undo), 0);
    EXPECT_EQ(written(), undone);
}

TEST_F(Both, AnUndoWithoutAnythingRecordedReadsTheSame) {
    EXPECT_EQ(
        in_ctr(CTR_IN_UNDO, "mirror.read", [&](ctr_run *run, ctr_shell *) { return kind("mirror.read").undo(run); }),
        "");
    const std::string undone = written();
    const Lent lent({entry_});
    Running fake(*entry_);
    EXPECT_EQ(fake.undo(copy_of(step_of("mirror.read"))), 0) << fake.text();
    EXPECT_EQ(written(), undone);
}

TEST_F(Both, TheScriptIsTheSame) {
    const auto print = [&](int (*function)(ctr_run *, ctr_shell *)) {
        shell_.text.clear();
        EXPECT_EQ(in_ctr(CTR_IN_SHELL, "mirror.read", function), "");
        return shell_.text;
    };
    const std::string shell = print(kind("mirror.read").shell), undo = print(kind("mirror.read").shell_undo);
    EXPECT_NE(shell.find("$mirror_text"), std::string::npos) << shell;
    const Lent lent({entry_});
    Running fake(*entry_);
    const auto read = copy_of(step_of("mirror.read"));
    EXPECT_EQ(fake.shell(read), shell);
    EXPECT_EQ(fake.shell_undo(read), undo);
}

TEST_F(Both, AnOutputThatWasNotDeclaredIsTheSameError) {
    const auto wrong = kind("mirror.give").undo; // it gives what it must not
    const std::string by_ctr =
        in_ctr(CTR_IN_PARENT, "mirror.give", [&](ctr_run *run, ctr_shell *) { return wrong(run); });
    EXPECT_NE(by_ctr, "");
    const Lent lent({entry_});
    Running fake(*entry_);
    EXPECT_EQ(fake.in(CTR_IN_PARENT, copy_of(step_of("mirror.give")), wrong), -1);
    EXPECT_EQ(fake.failure.message + "|" + fake.failure.path, by_ctr);
    EXPECT_EQ(fake.failure.error_class, CTR_E_INTERNAL);
}

TEST_F(Both, TheRootIsTheOneThatWasSet) {
    const auto inside = kind("mirror.inside").apply;
    EXPECT_EQ(in_ctr(CTR_IN_CHILD, "mirror.give", [&](ctr_run *run, ctr_shell *) { return inside(run); }), "");
    const Lent lent({entry_});
    Running fake(*entry_);
    EXPECT_EQ(fake.apply(ctr::testing::Step("mirror.inside")), 0) << fake.text();
    EXPECT_TRUE(fake.root.valid());
}

TEST(Words, AreQuotedAsCtrQuotesThem) {
    const std::string mark = "\x01", value = mark + "bridge.address\x02";
    for (const std::string &word :
         {std::string("plain"), std::string(), std::string("two words"), std::string("it's"), std::string("'"),
          std::string("$HOME"), std::string("a\"b"), std::string("\\"), std::string("*"), std::string("~"),
          std::string("a=b"), std::string("-x"), std::string("a\nb"), std::string("ü ü"), value, "/x/" + value + "/y",
          "it's " + value + value + "'"}) {
        EXPECT_EQ(ctr::testing::detail::shell_word(word), launch::shell_quote(word)) << word;
        EXPECT_EQ(ctr::testing::detail::shell_lines(word), launch::shell_text(word)) << word;
    }
}

} // namespace
