// SPDX-License-Identifier: MIT
//
// A plugin's step fails in any phase: nothing is left, and one error says what, where, why and what to do.
#include "fixture/sandbox.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>

using namespace fixture;

namespace {

class Failure : public SystemTest {
protected:
    Ran run_sabotaged(const std::string &section, const std::string &storage, const std::vector<std::string> &program,
                      const std::vector<std::string> &options = {}) const {
        return command(words(section, storage, program, options));
    }
    std::vector<std::string> words(const std::string &section, const std::string &storage,
                                   const std::vector<std::string> &program,
                                   const std::vector<std::string> &options) const {
        const std::string config = box.dir() + "/sabotage.json";
        write_text(config, "{\"cgroup-v1\": {\"parent\": \"" + box.cgroup_parent() +
                               "\"}, \"undo_timeout\": 2, \"saboteur\": " + section + "}\n");
        std::vector<std::string> all = box.ctr_words(storage);
        all[2] = config;
        all.insert(all.end(), {"--plugin-dir", CTR_BUILD_DIR "/tests/system/saboteur"});
        std::vector<std::string> more = {"--name", "victim"};
        more.insert(more.end(), options.begin(), options.end());
        const std::vector<std::string> rest = box.run_words({storage, "bridge"}, more, program);
        all.insert(all.end(), rest.begin(), rest.end());
        return all;
    }
};

class InPhase : public Failure, public testing::WithParamInterface<const char *> {};
INSTANTIATE_TEST_SUITE_P(Phase, InPhase,
                         testing::Values("prepare", "attach", "isolate", "mounts", "pivot", "confine", "started"),
                         [](const auto &each) { return std::string(each.param); });

} // namespace

TEST_P(InPhase, AFailingStepLeavesNothingAndIsExplained) {
    const std::string phase = GetParam();
    for (const std::string storage : {"overlay", "btrfs"}) {
        const Snapshot before = box.snapshot();
        const Ran ran = run_sabotaged("{\"fail\": \"" + phase + "\"}", storage, {"/bin/sleep", "1000"});
        EXPECT_STATUS(ran, 125);
        EXPECT_LT(ran.seconds, 30) << "the program was waited for";
        EXPECT_HAS(ran.err, "of saboteur, phase " + phase);
        EXPECT_HAS(ran.err, "sabotage");
        EXPECT_HAS(ran.err, "No space left on device");
        EXPECT_HAS(ran.err, "ENOSPC");
        EXPECT_HAS(ran.err, "hint: this was on purpose");
        EXPECT_EQ(ran.err.find("ctr: "), ran.err.rfind("ctr: ")) << "more than one error:\n" << ran.err;
        EXPECT_EQ(box.left_since(before), "");
    }
}

TEST_F(Failure, ARefusedPlanChangesNothing) {
    const Ran ran = run_sabotaged("{\"fail\": \"plan\"}", "overlay", {"/bin/true"});
    EXPECT_STATUS(ran, 125);
    EXPECT_HAS(ran.err, "/saboteur/fail");
    EXPECT_HAS(ran.err, "refused on purpose");
}

TEST_F(Failure, AConfigThatIsWrongIsRefusedByThePathOfTheKey) {
    const Ran ran = run_sabotaged("{\"fial\": \"plan\"}", "overlay", {"/bin/true"});
    EXPECT_STATUS(ran, 125);
    EXPECT_HAS(ran.err, "/saboteur/fial");
}

TEST_F(Failure, AStepThatDoesNotSayWhyIsCalledABug) {
    const Ran ran = run_sabotaged("{\"fail\": \"silent\"}", "overlay", {"/bin/true"});
    EXPECT_STATUS(ran, 125);
    EXPECT_HAS(ran.err, "bug of the plugin");
}

TEST_F(Failure, AProgramThatCannotStartUndoesOtherPluginsStepsToo) {
    EXPECT_STATUS(run_sabotaged("{}", "overlay", {"/bin/missing"}), 127);
    EXPECT_STATUS(run_sabotaged("{}", "overlay", {"/bin/true"}), 0);
}

TEST_F(Failure, AnUndoThatFailsIsNamedAndRecoverFinishesIt) {
    const Ran ran = run_sabotaged("{\"fail\": \"undo\"}", "overlay", {"/bin/true"});
    EXPECT_STATUS(ran, 0); // the program's own
    EXPECT_HAS(ran.err, "not all could be taken back");
    EXPECT_HAS(ran.err, "unsabotage");
    // All but this step is taken back: the others did not wait for it.
    EXPECT_TRUE(std::filesystem::is_empty(box.run_root() + "/plugins/bridge/ctr0/refs"));
    const std::string blocked = box.data_root("overlay") + "/sabotage-victim-attach";
    EXPECT_TRUE(std::filesystem::exists(blocked));
    write_text(blocked + ".let-undo", "");
    // The stored plan is enough, but for the plugin's code.
    const Ran without = box.ctr({"recover"});
    EXPECT_STATUS(without, 125);
    EXPECT_HAS(without.err, "saboteur");
    EXPECT_STATUS(box.ctr({"--plugin-dir", CTR_BUILD_DIR "/tests/system/saboteur", "recover"}), 0);
    std::filesystem::remove(blocked + ".let-undo");
}

class Ending : public Failure, public testing::WithParamInterface<const char *> {};
INSTANTIATE_TEST_SUITE_P(By, Ending, testing::Values("exit", "_exit", "quick_exit"),
                         [](const auto &each) { return std::string(each.param[0] == '_' ? "at_once" : each.param); });

TEST_P(Ending, TheProcessInACallbackOfTheParentIsNoSuccess) {
    for (const char *where : {"plan", "prepare", "attach", "started"}) {
        const Ran ran = run_sabotaged(std::string(R"({"end": ")") + where + R"(", "how": ")" + GetParam() + "\"}",
                                      "overlay", {"/bin/true"});
        EXPECT_STATUS(ran, 125) << where;
        EXPECT_HAS(ran.err, "plugin saboteur");
        EXPECT_HAS(ran.err, "ended the process instead of returning");
        box.ctr({"--plugin-dir", CTR_BUILD_DIR "/tests/system/saboteur", "recover"});
    }
}

TEST_F(Failure, EndingTheProcessInAStepOfTheChildIsNoSuccess) {
    for (const char *where : {"isolate", "mounts", "pivot", "confine"}) {
        const Ran ran = run_sabotaged(std::string(R"({"end": ")") + where + "\"}", "overlay", {"/bin/true"});
        EXPECT_STATUS(ran, 125) << where;
        EXPECT_HAS(ran.err, "first process");
    }
}

/// The undo of one step of a container whose ctr is gone crashes, hangs or ends the process.
class BadUndo : public Failure, public testing::WithParamInterface<const char *> {
protected:
    /// With the plugin there, and the same config.
    Ran ctr(std::vector<std::string> rest, bool with_plugin = true) const {
        std::vector<std::string> all = box.ctr_words();
        if (with_plugin) {
            all[2] = box.dir() + "/sabotage.json";
            all.insert(all.end(), {"--plugin-dir", CTR_BUILD_DIR "/tests/system/saboteur"});
        }
        all.insert(all.end(), rest.begin(), rest.end());
        return command(all);
    }
    Ran another() const { return ctr(box.run_words({"overlay", "none"}, {}, {"/bin/echo", "other"}), false); }
};
INSTANTIATE_TEST_SUITE_P(That, BadUndo, testing::Values("abort", "hang", "close_and_hang", "_exit", "exit"),
                         [](const auto &each) {
                             return std::string(each.param[0] == '_' ? "ends_at_once" : each.param);
                         });

TEST_P(BadUndo, KeepsItsOwnStepAndNothingElse) {
    const std::string section = std::string(R"({"end": "undo", "how": ")") + GetParam() + "\"}";
    Running victim(words(section, "overlay", {"/bin/sleep", "1000"}, {}));
    ASSERT_TRUE(eventually([&] { return box.ctr({"ps"}).out.find("running") != std::string::npos; }));
    signal_one(victim.pid(), SIGKILL);
    victim.wait();
    const std::string blocked = box.data_root("overlay") + "/sabotage-victim-attach";
    ASSERT_TRUE(std::filesystem::exists(blocked));

    const Ran asked = ctr({"recover"});
    EXPECT_STATUS(asked, 125);
    EXPECT_LT(asked.seconds, 30);
    EXPECT_HAS(asked.err, "victim: undo of step");
    EXPECT_HAS(asked.err, "saboteur.parent of saboteur, phase attach");
    EXPECT_HAS(asked.err, "ctr recover");
    // What was made before and after it is taken back, the rest is there to be tried again.
    EXPECT_FALSE(std::filesystem::exists(box.data_root("overlay") + "/sabotage-victim-prepare"));
    EXPECT_TRUE(std::filesystem::is_empty(box.run_root() + "/plugins/bridge/ctr0/refs"));
    EXPECT_TRUE(std::filesystem::exists(blocked));

    // Later runs do not wait for it a second time.
    const double before = now();
    EXPECT_STATUS(another(), 0);
    EXPECT_LT(now() - before, 20);
    EXPECT_STATUS(ctr({"rm", "-f", "victim"}), 125);
    EXPECT_HAS(ctr({"rm", "-f", "victim"}, false).err, "the plugin saboteur is missing");

    write_text(blocked + ".let-undo", "");
    EXPECT_STATUS(ctr({"recover"}), 0);
    EXPECT_FALSE(std::filesystem::exists(blocked));
    EXPECT_EQ(box.ctr({"ps", "-a", "-q"}).out, "");
    std::filesystem::remove(blocked + ".let-undo");
}

TEST_F(Failure, WhatARemovalWithoutThePluginLeftRecoverFinishes) {
    std::vector<std::string> all = words("{}", "overlay", {"/bin/true"}, {});
    all.erase(std::find(all.begin(), all.end(), "--rm"));
    ASSERT_STATUS(command(all), 0);
    const Ran gone = box.ctr({"rm", "victim"});
    EXPECT_STATUS(gone, 125);
    EXPECT_HAS(gone.err, "the plugin saboteur is missing");
    EXPECT_HAS(gone.err, "install it again");
    EXPECT_STATUS(box.ctr({"recover"}), 125);
    EXPECT_STATUS(box.ctr({"--plugin-dir", CTR_BUILD_DIR "/tests/system/saboteur", "recover"}), 0);
    EXPECT_EQ(box.ctr({"ps", "-a", "-q"}).out, "");
}

TEST_F(Failure, TheTwoProcessesPassValuesAndDescriptorsBothWays) {
    const std::string report = box.dir() + "/report";
    std::filesystem::remove(report);
    EXPECT_STATUS(run_sabotaged("{\"report\": \"" + report + "\"}", "overlay", {"/bin/true"}), 0);
    EXPECT_EQ(read_text(report), "hello 4711\nagain\n");
}
