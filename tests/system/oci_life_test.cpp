// SPDX-License-Identifier: MIT
//
// ctr-oci: the life of a container in the five operations of runtime.md, `run`, what `state`, `list` and `ps` tell of
// it, and what is refused.
#include "fixture/oci.hpp"

#include <csignal>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

using namespace fixture;

namespace {
class OciLife : public OciTest {};

int number(const Json &json) { return json.get<int>(); }
} // namespace

TEST_F(OciLife, CreateStartKillDeleteEachInAProcessOfItsOwn) {
    create("one", "echo started > /out/text; sleep 1000");
    Json now = state("one");
    EXPECT_EQ(now["status"], "created");
    EXPECT_EQ(now["id"], "one");
    EXPECT_EQ(now["ociVersion"], "1.3.0");
    EXPECT_EQ(now["bundle"], box.dir() + "/bundles/one");
    EXPECT_EQ(now["rootfs"], box.rootfs());
    EXPECT_EQ(signal_one(number(now["pid"]), 0), 0);
    EXPECT_EQ(out(), "") << "the program must not run before start";
    ASSERT_STATUS(oci({"start", "one"}), 0);
    EXPECT_EQ(status("one"), "running");
    EXPECT_TRUE(wrote("started\n"));
    EXPECT_EQ(state("one")["pid"], now["pid"]) << "start does not change the process";
    ASSERT_STATUS(oci({"kill", "one", "KILL"}), 0);
    EXPECT_TRUE(becomes("one", "stopped"));
    EXPECT_EQ(state("one")["pid"], 0);
    ASSERT_STATUS(oci({"delete", "one"}), 0);
    EXPECT_EQ(status("one"), "gone");
}

TEST_F(OciLife, RunGivesTheProgramsStatus) {
    EXPECT_STATUS(run(bundle("one", "echo out; echo err >&2; exit 0")), 0);
    const Ran ran = run(bundle("one", "echo out; echo err >&2; exit 7"));
    EXPECT_STATUS(ran, 7);
    EXPECT_EQ(ran.out, "out\n");
    EXPECT_EQ(ran.err, "err\n");
    Bundle killed = bundle("one", "kill -9 $$");
    killed.config["linux"]["namespaces"].erase(0); // without a pid namespace, so that it can kill itself
    EXPECT_STATUS(run(killed), 128 + SIGKILL);
}

TEST_F(OciLife, RunReadsItsStandardInput) {
    const Bundle cat = bundle("one", "cat");
    cat.write();
    EXPECT_EQ(oci({"run", "-b", cat.dir, "one"}, {}, "some text").out, "some text");
}

TEST_F(OciLife, RunForwardsSignals) {
    const Bundle traps = bundle("one", "trap 'exit 33' TERM; echo ready > /out/text; while :; do sleep 0.05; done");
    traps.write();
    Running running(oci_words({"run", "-b", traps.dir, "one"}));
    ASSERT_TRUE(wrote("ready\n"));
    signal_one(running.pid(), SIGTERM);
    EXPECT_STATUS(running.wait(), 33);
}

TEST_F(OciLife, ADetachedRunStaysAfterItsCaller) {
    const Bundle sleeps = bundle("one", "echo up > /out/text; sleep 1000");
    sleeps.write();
    ASSERT_STATUS(oci({"run", "-d", "-b", sleeps.dir, "--pid-file", box.dir() + "/pid", "one"}), 0);
    EXPECT_EQ(status("one"), "running");
    EXPECT_TRUE(wrote("up\n"));
    EXPECT_EQ(read_text(box.dir() + "/pid"), std::to_string(number(state("one")["pid"])))
        << "without a newline, as runc";
    remove("one");
}

TEST_F(OciLife, KeepLeavesAStoppedContainer) {
    ASSERT_STATUS(run(bundle("one", "exit 3"), {"--keep"}), 3);
    EXPECT_EQ(status("once"), "stopped");
    EXPECT_STATUS(oci({"delete", "once"}), 0);
}

TEST_F(OciLife, TheBundleIsTheWorkingDirectoryUnlessSaid) {
    bundle("here", "echo here").write();
    const std::string script = "cd " + box.dir() + "/bundles/here && exec " CTR_BUILD_DIR "/bin/ctr-oci --root " +
                               root + " --config-file " + box.config() + " run one";
    const Ran ran = command({"/bin/sh", "-c", script});
    EXPECT_STATUS(ran, 0);
    EXPECT_EQ(ran.out, "here\n");
}

TEST_F(OciLife, AnotherConfigOfTheSameBundle) {
    Bundle other = bundle("one", "echo config");
    other.write();
    other.shell("echo other");
    write_text(other.dir + "/other.json", other.config.dump());
    EXPECT_EQ(oci({"run", "-b", other.dir, "-f", other.dir + "/other.json", "one"}).out, "other\n");
}

TEST_F(OciLife, StateTellsOfAnInitKilledFromOutside) {
    start("one", "sleep 1000");
    signal_one(number(state("one")["pid"]), SIGKILL);
    EXPECT_TRUE(becomes("one", "stopped"));
    EXPECT_HAS(oci({"list"}).out, "stopped");
    EXPECT_REFUSED(oci({"kill", "one", "TERM"}), "container not running");
    EXPECT_STATUS(oci({"delete", "one"}), 0);
    // The same for one that never started.
    create("two", "true");
    signal_one(number(state("two")["pid"]), SIGKILL);
    EXPECT_TRUE(becomes("two", "stopped"));
    EXPECT_REFUSED(oci({"start", "two"}), "stopped");
    EXPECT_STATUS(oci({"delete", "two"}), 0);
}

TEST_F(OciLife, ListTellsInATableAndInJson) {
    EXPECT_EQ(Json::parse(oci({"list", "--format", "json"}).out), Json::array());
    EXPECT_EQ(oci({"list", "-q"}).out, "");
    EXPECT_EQ(lines_of(oci({"list"}).out).size(), 1U);
    Bundle noted = bundle("one", "sleep 1000");
    noted.config["annotations"] = {{"key", "value"}};
    create("one", noted);
    start("two", "sleep 1000");
    const auto lines = lines_of(oci({"list"}).out);
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(lines[0].substr(0, 36), "ID          PID         STATUS      ");
    EXPECT_HAS(lines[1], "created");
    EXPECT_HAS(lines[2], "running");
    const Json all = Json::parse(oci({"list", "--format", "json"}).out);
    ASSERT_EQ(all.size(), 2U);
    for (const char *member : {"ociVersion", "id", "pid", "status", "bundle", "rootfs", "created", "owner"})
        EXPECT_TRUE(all[0].contains(member)) << member;
    EXPECT_EQ(all[0]["annotations"], Json({{"key", "value"}}));
    EXPECT_EQ(state("one")["annotations"], Json({{"key", "value"}}));
    EXPECT_EQ(oci({"list", "--quiet"}).out, "one\ntwo\n");
    EXPECT_REFUSED(oci({"list", "--format", "xml"}), "format");
    remove("one");
    remove("two");
}

TEST_F(OciLife, PsListsTheProcesses) {
    start("one", "sleep 1001 & sleep 1002; true");
    ASSERT_TRUE(eventually([&] { return Json::parse(oci({"ps", "-f", "json", "one"}).out).size() == 3; }));
    const Json pids = Json::parse(oci({"ps", "--format", "json", "one"}).out);
    EXPECT_NE(std::find(pids.begin(), pids.end(), state("one")["pid"]), pids.end());
    const Ran table = oci({"ps", "one"});
    EXPECT_STATUS(table, 0);
    EXPECT_EQ(lines_of(table.out).size(), 4U) << table.out;
    EXPECT_HAS(table.out, "sleep 1001");
    // Once the shell's two children have become their programs.
    EXPECT_TRUE(eventually([&] {
        const auto names = lines_of(oci({"ps", "one", "-e", "-o", "pid,comm"}).out);
        return std::count_if(names.begin(), names.end(),
                             [](const std::string &line) { return line.ends_with(" sleep"); }) == 2;
    }));
    EXPECT_REFUSED(oci({"ps", "none"}), "does not exist");
    remove("one");
}

TEST_F(OciLife, DeleteTakesAPatternAndSoDoesKill) {
    for (const char *id : {"web1", "web2", "db1"})
        start(id, "sleep 1000");
    ASSERT_STATUS(oci({"kill", "--regex", "^web", "KILL"}), 0);
    EXPECT_TRUE(becomes("web1", "stopped") && becomes("web2", "stopped"));
    EXPECT_EQ(status("db1"), "running");
    ASSERT_STATUS(oci({"delete", "--regex", "^web[0-9]$"}), 0);
    EXPECT_EQ(oci({"list", "-q"}).out, "db1\n");
    remove("db1");
}

TEST_F(OciLife, SignalsByNumberAndName) {
    start("one", "for s in HUP INT USR1 USR2; do trap \"echo $s >> /out/text\" $s; done; echo ready > /out/ready; "
                 "while :; do sleep 0.02; done");
    ASSERT_TRUE(wrote("ready\n", "ready"));
    std::string expected;
    for (const auto &[word, name] :
         {std::pair{"1", "HUP"}, {"INT", "INT"}, {"SIGUSR1", "USR1"}, {"usr2", "USR2"}, {"sighup", "HUP"}}) {
        ASSERT_STATUS(oci({"kill", "one", word}), 0);
        expected += std::string(name) + "\n";
        EXPECT_TRUE(wrote(expected)) << out();
    }
    for (const char *wrong : {"NONE", "65", "SIG", "9x", ""})
        EXPECT_REFUSED(oci({"kill", "one", wrong}), "signal");
    EXPECT_EQ(status("one"), "running");
    remove("one");
}

TEST_F(OciLife, KillAllReachesEveryProcess) {
    start("one", "sleep 1001 & sleep 1002 & wait; echo waited > /out/text; sleep 1000");
    ASSERT_TRUE(eventually([&] { return Json::parse(oci({"ps", "-f", "json", "one"}).out).size() == 3; }));
    ASSERT_STATUS(oci({"kill", "--all", "one", "KILL"}), 0);
    EXPECT_TRUE(becomes("one", "stopped"));
    remove("one");
}

TEST_F(OciLife, DeleteEndsWhatInitLeftRunningWithoutAPidNamespace) {
    Bundle shares = bundle("one", "sleep 1000 & echo $! > /out/pid; exit 0");
    shares.config["linux"]["namespaces"].erase(0);
    start("one", shares);
    EXPECT_TRUE(becomes("one", "stopped"));
    const int orphan = std::stoi("0" + out("pid"));
    ASSERT_GT(orphan, 1);
    EXPECT_STATUS(oci({"delete", "one"}), 0);
    EXPECT_TRUE(eventually([&] { return read_text("/proc/" + std::to_string(orphan) + "/cmdline").empty(); }));
}

TEST_F(OciLife, DeletingACreatedContainerNeedsNoForce) {
    create("one", "echo ran > /out/text");
    EXPECT_STATUS(oci({"delete", "one"}), 0);
    EXPECT_EQ(out(), "");
}

TEST_F(OciLife, WhatDoesNotFitTheStateIsRefused) {
    create("one", "sleep 1000");
    const Words again = {"create", "-b", box.dir() + "/bundles/one", "one"};
    EXPECT_REFUSED(oci(again), "container with given ID already exists");
    EXPECT_EQ(status("one"), "created") << "the first one is not touched";
    ASSERT_STATUS(oci({"start", "one"}), 0);
    EXPECT_REFUSED(oci({"start", "one"}), "cannot start an already running container");
    EXPECT_REFUSED(oci({"delete", "one"}), "cannot delete container one that is not stopped: running");
    EXPECT_REFUSED(oci({"resume", "one"}), "container not paused");
    EXPECT_EQ(status("one"), "running");
    ASSERT_STATUS(oci({"kill", "one", "KILL"}), 0);
    ASSERT_TRUE(becomes("one", "stopped"));
    EXPECT_REFUSED(oci({"kill", "one"}), "container not running");
    EXPECT_REFUSED(oci({"start", "one"}), "cannot start a container that has stopped");
    EXPECT_REFUSED(oci({"pause", "one"}), "container not running");
    EXPECT_REFUSED(oci({"update", "--memory", "64m", "one"}), "container not running");
    EXPECT_REFUSED(oci({"events", "--stats", "one"}), "not running");
    const Ran execed = oci({"exec", "one", "/bin/true"});
    EXPECT_STATUS(execed, 255);
    EXPECT_HAS(execed.err, "cannot exec in a stopped container");
    EXPECT_STATUS(oci({"delete", "one"}), 0);
}

TEST_F(OciLife, UnknownContainersAreErrors) {
    for (const Words &words : std::vector<Words>{{"state", "none"},
                                                 {"start", "none"},
                                                 {"kill", "none", "9"},
                                                 {"delete", "none"},
                                                 {"pause", "none"},
                                                 {"resume", "none"},
                                                 {"update", "--memory", "64m", "none"},
                                                 {"events", "--stats", "none"},
                                                 {"ps", "none"}})
        EXPECT_REFUSED(oci(words), "container does not exist");
    const Ran execed = oci({"exec", "none", "/bin/true"});
    EXPECT_STATUS(execed, 255);
    EXPECT_HAS(execed.err, "does not exist");
    EXPECT_STATUS(oci({"delete", "--force", "none"}), 0);
}

TEST_F(OciLife, IdsAreNamesAndNoPaths) {
    const Bundle any = bundle("one", "true");
    any.write();
    for (const std::string id : {"", ".", "..", "../x", "a/b", "-x", "a b", "a\nb", "\xc3\xa4", "a*"}) {
        const Ran ran = oci({"run", "-b", any.dir, "--", id});
        EXPECT_STATUS(ran, 1) << id;
        EXPECT_STATUS(oci({"delete", "--", id}), 1) << id;
    }
    EXPECT_STATUS(oci({"run", "-b", any.dir, std::string(2000, 'a')}), 1);
    EXPECT_STATUS(oci({"run", "-b", any.dir, "a_b+c.d-e9"}), 0);
}

TEST_F(OciLife, ABundleWithoutWhatIsNeeded) {
    EXPECT_REFUSED(oci({"create", "-b", box.dir() + "/nowhere", "one"}), "nowhere");
    std::filesystem::create_directories(box.dir() + "/bundles/empty");
    EXPECT_REFUSED(oci({"create", "-b", box.dir() + "/bundles/empty", "one"}), "config.json");
    Bundle lacks = bundle("lacks", "true");
    const Json whole = lacks.config;
    lacks.config.erase("process");
    EXPECT_REFUSED(run(lacks), "process");
    lacks.config = whole;
    lacks.config["root"]["path"] = "/nowhere";
    EXPECT_REFUSED(run(lacks), "/nowhere");
    lacks.config = whole;
    lacks.config.erase("root");
    EXPECT_REFUSED(run(lacks), "root");
    lacks.config = whole;
    lacks.config.erase("ociVersion");
    EXPECT_REFUSED(run(lacks), "ociVersion");
    lacks.config = whole;
    lacks.config["process"]["args"] = Json::array();
    EXPECT_REFUSED(run(lacks), "args");
    lacks.config = whole;
    lacks.config["process"]["cwd"] = "/not/there";
    EXPECT_STATUS(run(lacks), 0) << "runc makes a missing working directory";
    std::filesystem::remove_all(box.rootfs() + "/not");
    write_text(lacks.dir + "/config.json", "{ \"ociVersion\": ");
    EXPECT_REFUSED(oci({"create", "-b", lacks.dir, "one"}), "config.json");
}

TEST_F(OciLife, AProgramThatCannotBeExecutedIsNamed) {
    Bundle wrong = bundle("one", "");
    wrong.program({"nothing"});
    EXPECT_REFUSED(run(wrong), "exec: \"nothing\": executable file not found in $PATH");
    wrong.program({"/bin/nothing"});
    EXPECT_REFUSED(run(wrong), "exec: \"/bin/nothing\": no such file or directory");
    wrong.program({"/etc/plain"});
    EXPECT_REFUSED(run(wrong), "exec: \"/etc/plain\": permission denied");
    wrong.program({"/etc"});
    EXPECT_REFUSED(run(wrong), "exec: \"/etc\":");
    wrong.program({"/bin/not-a-program"});
    EXPECT_REFUSED(run(wrong), "exec: \"/bin/not-a-program\":");
    wrong.write();
    // Behind the gate, create succeeds and start says it.
    ASSERT_STATUS(oci({"create", "-b", wrong.dir, "one"}), 0);
    EXPECT_REFUSED(oci({"start", "one"}), "exec format error");
    EXPECT_EQ(status("one"), "gone");
}

TEST_F(OciLife, WordsThatAreNoCommandLine) {
    const Ran fly = oci({"fly", "one"});
    EXPECT_STATUS(fly, 3) << "as runc";
    EXPECT_HAS(fly.err, "No help topic for 'fly'");
    EXPECT_REFUSED(oci({"state"}), "\"state\" requires exactly 1 argument(s)");
    EXPECT_REFUSED(oci({"state", "a", "b"}), "\"state\" requires exactly 1 argument(s)");
    EXPECT_REFUSED(oci({"kill"}), "\"kill\" requires a minimum of 1 argument(s)");
    EXPECT_REFUSED(oci({"kill", "a", "9", "c"}), "\"kill\" requires a maximum of 2 argument(s)");
    for (const char *no : {"checkpoint", "restore"})
        EXPECT_REFUSED(oci({no, "one"}), std::string(no) + " is not supported");
    EXPECT_REFUSED(oci({"state", "../x"}), "invalid container ID format");
    EXPECT_REFUSED(oci({"state", ""}), "container id cannot be empty");
    EXPECT_REFUSED(oci({"run", "-b", out_dir, "x"}), "JSON specification file config.json not found");
    EXPECT_REFUSED(oci({"state", "--nothing", "a"}), "nothing");
    EXPECT_REFUSED(oci({"create", "--bundle"}), "bundle");
    EXPECT_REFUSED(oci({"list"}, {"--log-format", "xml"}), "log-format");
    const Ran version = oci({"--version"});
    EXPECT_STATUS(version, 0);
    EXPECT_HAS(version.out, "spec: 1.3.0");
    EXPECT_STATUS(oci({"--help"}), 0);
    EXPECT_STATUS(oci({"h"}), 0);
    EXPECT_STATUS(oci({"list"}, {"--criu", "/x"}), 0);
    EXPECT_HAS(oci({"list"}, {"--criu", "/x"}).err, "obsolete");
    EXPECT_STATUS(oci({"list"}, {"--log", "file:" + box.dir() + "/log"}), 0);
    EXPECT_REFUSED(oci({"list"}, {"--log", "journald:x"}), "journald:x");
    EXPECT_STATUS(oci({"list", "--format", ""}, {"--log", "", "--rootless", ""}), 0) << "an empty value says nothing";
    EXPECT_STATUS(oci({"create", "--help"}), 0);
}

TEST_F(OciLife, FeaturesTellWhatTheInstalledPluginsCan) {
    const Json features = Json::parse(oci({"features"}).out);
    EXPECT_EQ(features["ociVersionMax"], "1.3.0");
    EXPECT_EQ(features["hooks"].size(), 6U);
    for (const char *part : {"/apparmor", "/selinux", "/seccomp", "/intelRdt", "/mountExtensions/idmap", "/netDevices"})
        EXPECT_EQ(features["linux"].at(Json::json_pointer(part)).at("enabled"), true) << part;
    EXPECT_EQ(features["linux"]["memoryPolicy"]["modes"].size(), 7U);
    EXPECT_EQ(features["linux"]["namespaces"].size(), 8U);
}

TEST_F(OciLife, SpecWritesAConfigThatRuns) {
    const std::string dir = box.dir() + "/bundles/example";
    std::filesystem::create_directories(dir);
    ASSERT_STATUS(oci({"spec", "--bundle", dir}), 0);
    EXPECT_REFUSED(oci({"spec", "--bundle", dir}), "config.json exists");
    ASSERT_STATUS(oci({"spec", "-b", dir, "-f", "other.json"}), 0);
    EXPECT_EQ(read_text(dir + "/other.json"), read_text(dir + "/config.json"));
    Bundle example = {dir, Json::parse(read_text(dir + "/config.json"))};
    example.config["process"]["terminal"] = false;
    example.config["root"]["path"] = box.rootfs();
    example.program({"/bin/true"});
    EXPECT_STATUS(run(example), 0);
    std::filesystem::remove_all(dir);
}
