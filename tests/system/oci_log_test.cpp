// SPDX-License-Identifier: MIT
//
// ctr-oci: what goes where when something fails. Engines read the last line of the level error of --log FILE, people
// standard error.
#include "fixture/oci.hpp"

#include <cstdio>
#include <sys/stat.h>

using namespace fixture;

namespace {

class OciLog : public OciTest {
protected:
    std::string file = box.dir() + "/log";

    void SetUp() override {
        std::remove(file.c_str());
        OciTest::SetUp();
    }
};

/// The lines of a JSON log; each must be one.
std::vector<Json> parsed(const std::string &text) {
    std::vector<Json> all;
    for (const std::string &line : lines_of(text)) {
        all.push_back(Json::parse(line, nullptr, false));
        EXPECT_TRUE(all.back().is_object()) << line;
    }
    return all;
}

} // namespace

TEST_F(OciLog, JsonLinesEndWithTheError) {
    const Ran ran = oci({"state", "none"}, {"--log", file, "--log-format", "json"});
    EXPECT_STATUS(ran, 1);
    const auto lines = parsed(read_text(file));
    ASSERT_FALSE(lines.empty());
    for (const Json &line : lines)
        for (const char *member : {"level", "msg", "time"})
            EXPECT_TRUE(line.at(member).is_string()) << line;
    EXPECT_EQ(lines.back()["level"], "error");
    EXPECT_HAS(lines.back()["msg"].get<std::string>(), "container does not exist");
    EXPECT_HAS(ran.err, "container does not exist");
    EXPECT_EQ(ran.out, "");
}

TEST_F(OciLog, TextLinesEndWithTheError) {
    EXPECT_STATUS(oci({"state", "none"}, {"--log", file}), 1);
    const std::string last = last_line(read_text(file));
    EXPECT_EQ(last.rfind("time=\"", 0), 0U) << last;
    EXPECT_HAS(last, "\" level=error msg=\"");
    EXPECT_HAS(last, "container does not exist");
}

TEST_F(OciLog, WithoutAFileTheLinesAreOnStandardError) {
    const Ran text = oci({"state", "none"});
    EXPECT_HAS(last_line(text.err), "level=error msg=\"");
    const Ran json = oci({"state", "none"}, {"--log-format", "json"});
    EXPECT_EQ(parsed(json.err).back()["level"], "error");
    EXPECT_EQ(oci({"state", "none"}, {"--log", "/dev/stderr", "--log-format", "json"}).err.find("{\"level\""), 0U);
}

TEST_F(OciLog, TheLogIsAppendedTo) {
    write_text(file, "before\n");
    EXPECT_STATUS(oci({"state", "none"}, {"--log", file}), 1);
    EXPECT_EQ(lines_of(read_text(file)).front(), "before");
    EXPECT_GT(lines_of(read_text(file)).size(), 1U);
}

TEST_F(OciLog, GlobalOptionsTakeAnEqualsSignToo) {
    EXPECT_STATUS(oci({"state", "none"}, {"--log=" + file, "--log-format=json"}), 1);
    EXPECT_EQ(parsed(read_text(file)).back()["level"], "error");
}

TEST_F(OciLog, VersionAndHelpAreSaid) {
    const Ran version = oci({"--version"});
    EXPECT_STATUS(version, 0);
    EXPECT_EQ(version.out.rfind("runc version ", 0), 0U) << version.out;
    EXPECT_HAS(version.out, "ctr-oci");
    EXPECT_HAS(version.out, "spec: ");
    EXPECT_HAS(oci({"--help"}).out, "update");
    EXPECT_HAS(oci({"exec", "--help"}).out, "--process");
}

TEST_F(OciLog, SuccessSaysNothingUnlessDebugged) {
    const Bundle quiet = bundle("one", "true");
    quiet.write();
    const Ran ran = oci({"run", "-b", quiet.dir, "one"}, {"--log", file, "--log-format", "json"});
    EXPECT_STATUS(ran, 0);
    EXPECT_EQ(read_text(file), "");
    EXPECT_EQ(ran.err, "");
    EXPECT_STATUS(oci({"run", "-b", quiet.dir, "one"}, {"--debug", "--log", file, "--log-format", "json"}), 0);
    const auto lines = parsed(read_text(file));
    ASSERT_FALSE(lines.empty()) << "--debug tells what is done";
    for (const Json &line : lines)
        EXPECT_EQ(line["level"], "debug");
}

TEST_F(OciLog, AFailedCreateHasOneErrorAndItIsTheLastLine) {
    Bundle wrong = bundle("one", "true");
    wrong.config["mounts"].push_back(
        {{"destination", "/mnt"}, {"type", "bind"}, {"source", "/not/there"}, {"options", {"rbind"}}});
    wrong.write();
    const Ran ran = oci({"create", "-b", wrong.dir, "one"}, {"--debug", "--log", file, "--log-format", "json"});
    EXPECT_STATUS(ran, 1);
    int errors = 0;
    const auto lines = parsed(read_text(file));
    for (const Json &line : lines)
        errors += line["level"] == "error" ? 1 : 0;
    EXPECT_EQ(errors, 1);
    ASSERT_FALSE(lines.empty());
    EXPECT_EQ(lines.back()["level"], "error");
    EXPECT_HAS(lines.back()["msg"].get<std::string>(), "/not/there");
}

TEST_F(OciLog, NamesFromOutsideCannotForgeALine) {
    Bundle evil = bundle("one", "true");
    evil.program({"/bin/x\n{\"level\":\"error\",\"msg\":\"forged\"}\ntime=\"x\" level=error \x1b[2J"});
    evil.write();
    EXPECT_STATUS(oci({"run", "-b", evil.dir, "one"}, {"--log", file, "--log-format", "json"}), 1);
    for (const Json &line : parsed(read_text(file)))
        EXPECT_NE(line["msg"], "forged");
    std::remove(file.c_str());
    EXPECT_STATUS(oci({"run", "-b", evil.dir, "one"}, {"--log", file}), 1);
    for (const std::string &line : lines_of(read_text(file)))
        EXPECT_EQ(line.rfind("time=\"2", 0), 0U) << line;
    EXPECT_EQ(read_text(file).find('\x1b'), std::string::npos);
}

TEST_F(OciLog, ALogThatCannotBeWrittenIsAnError) {
    EXPECT_REFUSED(oci({"list"}, {"--log", "/not/there/log"}), "/not/there/log");
}

TEST_F(OciLog, ADebugLogTellsEachStepWithItsArguments) {
    Bundle made = bundle("one", "true");
    made.config["process"]["env"].push_back("PASSWORD=secret");
    made.write();
    ASSERT_STATUS(oci({"run", "-b", made.dir, "one"}, {"--debug", "--log", file, "--log-format", "json"}), 0);
    const std::string text = read_text(file);
    std::string all;
    for (const Json &line : parsed(text))
        all += line["msg"].get<std::string>() + "\n";
    EXPECT_HAS(all, "run -b " + made.dir + " one");              // the command line
    EXPECT_HAS(all, "core: planned create of one: ");            // drivers and plugins
    EXPECT_HAS(all, "(rootfs.open of rootfs, phase prepare): "); // the parent's steps
    EXPECT_HAS(all, "done: step ");                              // the child's
    EXPECT_HAS(all, "(mount.new of mounts, phase mounts): target=/proc");
    EXPECT_HAS(all, "behind the gate: step ");
    EXPECT_HAS(all, "(execve of core, phase confine): arg=/bin/sh");
    EXPECT_HAS(all, "undo of step ");
    EXPECT_HAS(all, "run: exit status 0");
    EXPECT_HAS(all, "env=PASSWORD=...");
    start("two", "sleep 60");
    ASSERT_STATUS(oci({"exec", "-e", "A=secret", "--env=B=secret", "two", "true"}, {"--debug", "--log", file}), 0);
    remove("two");
    EXPECT_HAS(read_text(file), "exec -e A=... --env=B=... two true");
    EXPECT_EQ(read_text(file).find("secret"), std::string::npos) << "environments may have passwords";
    for (const Json &line : parsed(text))
        EXPECT_EQ(line["level"], "debug") << line;
}

TEST_F(OciLog, TheLevelSaysWhatIsWritten) {
    Bundle made = bundle("one", "true");
    for (const char *set : {"bounding", "effective"})
        made.config["process"]["capabilities"][set].push_back("CAP_FLY");
    made.write();
    const auto log_at = [&](const std::string &level) {
        EXPECT_STATUS(oci({"run", "-b", made.dir, "one"}, {"--log-level", level}), 0);
        return oci({"run", "-b", made.dir, "one"}, {"--log-level", level}).err;
    };
    EXPECT_EQ(log_at("error"), "");
    const std::string warnings = log_at("warning");
    EXPECT_HAS(warnings, "ignoring unknown or unavailable capabilities: [CAP_FLY]");
    EXPECT_EQ(lines_of(warnings).size(), 1U) << warnings;
    EXPECT_HAS(log_at("debug"), "step 2 (");
    EXPECT_REFUSED(oci({"list"}, {"--log-level", "loud"}), "--log-level loud");
}

TEST_F(OciLog, ErrorsBeforeTheCommandAreLoggedToo) {
    EXPECT_STATUS(oci({"fly"}, {"--log", file, "--log-format", "json"}), 3);
    EXPECT_EQ(parsed(read_text(file)).back()["level"], "error");
    std::remove(file.c_str());
    EXPECT_STATUS(oci({"list"}, {"--log", file, "--log-format", "json", "--rootless", "perhaps"}), 1);
    EXPECT_EQ(parsed(read_text(file)).back()["level"], "error");
}

// docs/engines.md, "Words that are an interface".
TEST_F(OciLog, WordsThatEnginesAndScriptsLookForAreThere) {
    const auto said = [](const Ran &ran) { return unquoted(ran.err); };
    const Ran version = oci({"--version"});
    EXPECT_EQ(version.out.rfind("runc version 1.", 0), 0U) << version.out;
    EXPECT_HAS(version.out, "\ncommit: ");
    EXPECT_HAS(version.out, "\nspec: 1.3.0");
    for (const Words &words :
         {Words{"state", "none"}, Words{"kill", "none"}, Words{"delete", "none"}, Words{"start", "none"}})
        EXPECT_HAS(said(oci(words)), "does not exist");
    EXPECT_HAS(said(oci({"run", "-b", out_dir, "x"})), "JSON specification file config.json not found");

    start("one", "trap exit TERM; while :; do sleep 0.1; done");
    const std::string dir = bundle("one", "").dir;
    EXPECT_HAS(said(oci({"create", "-b", dir, "one"})), "container with given ID already exists");
    EXPECT_HAS(said(oci({"start", "one"})), "cannot start an already running container");
    EXPECT_HAS(said(oci({"delete", "one"})), "cannot delete container one that is not stopped");
    EXPECT_HAS(said(oci({"resume", "one"})), "container not paused");
    EXPECT_HAS(said(oci({"exec", "one"})), "process args cannot be empty");
    EXPECT_HAS(said(oci({"exec", "one", "nosuch"})),
               "exec failed: unable to start container process: exec: \"nosuch\": executable file not found in $PATH");
    EXPECT_HAS(said(oci({"exec", "one", "/no/such"})), "exec: \"/no/such\": no such file or directory");
    EXPECT_HAS(said(oci({"exec", "one", "/etc"})), "exec: \"/etc\": permission denied");
    ASSERT_STATUS(oci({"pause", "one"}), 0);
    EXPECT_HAS(said(oci({"exec", "one", "true"})), "cannot exec in a paused container");
    ASSERT_STATUS(oci({"resume", "one"}), 0);
    ASSERT_STATUS(oci({"kill", "one", "KILL"}), 0);
    ASSERT_TRUE(becomes("one", "stopped"));
    EXPECT_HAS(said(oci({"kill", "one"})), "container not running");
    EXPECT_HAS(said(oci({"exec", "one", "true"})), "cannot exec in a stopped container");
    EXPECT_HAS(said(oci({"pause", "one"})), "container not running or created");
    EXPECT_HAS(said(oci({"start", "one"})), "cannot start a container that has stopped");
    remove("one");

    Bundle wrong = bundle("two", "true");
    wrong.config["hooks"]["createRuntime"] = {{{"path", "/bin/false"}}};
    wrong.write();
    EXPECT_HAS(said(oci({"create", "-b", wrong.dir, "two"})), "error running createRuntime hook #0");
    wrong = bundle("two", "true");
    wrong.config["process"]["terminal"] = true;
    wrong.write();
    EXPECT_HAS(said(oci({"create", "-b", wrong.dir, "two"})),
               "cannot allocate tty if runc will detach without setting console socket");
}
