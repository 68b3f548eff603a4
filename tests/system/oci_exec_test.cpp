// SPDX-License-Identifier: MIT
//
// ctr-oci exec: by flags, by a process object, into created and paused containers; what it gives back and that it
// leaves nothing.
#include "fixture/oci.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <unistd.h>

using namespace fixture;

namespace {

class OciExec : public OciTest {
protected:
    /// In the container "one".
    Ran exec(Words options, const Words &program) const {
        options.insert(options.begin(), "exec");
        options.push_back("one");
        options.insert(options.end(), program.begin(), program.end());
        return oci(options);
    }
    Ran sh(const Words &options, const std::string &script) const { return exec(options, {"/bin/sh", "-c", script}); }
    /// Its status as a process, by the names in /proc/self/status.
    std::string field(const Words &options, const std::string &name) const {
        return sh(options, "grep '^" + name + ":' /proc/self/status | cut -f2-").out;
    }
    void expect_255(const Ran &ran, const std::string &why) const {
        EXPECT_STATUS(ran, 255);
        EXPECT_HAS(unquoted(ran.err), why);
    }
};

} // namespace

TEST_F(OciExec, ItGivesTheProgramsStatusAndOutput) {
    start("one", "sleep 1000");
    const Ran ran = sh({}, "echo out; echo err >&2; exit 9");
    EXPECT_STATUS(ran, 9);
    EXPECT_EQ(ran.out, "out\n");
    EXPECT_EQ(ran.err, "err\n");
    EXPECT_STATUS(sh({}, "kill -9 $$"), 128 + SIGKILL);
    EXPECT_STATUS(sh({}, "exit 255"), 255);
    EXPECT_EQ(oci({"exec", "one", "cat"}, {}, "some text").out, "some text");
    EXPECT_EQ(sh({}, "hostname; readlink /proc/self/ns/pid").out,
              "ctr\n" +
                  command({"readlink", "/proc/" + std::to_string(state("one")["pid"].get<int>()) + "/ns/pid"}).out);
    EXPECT_EQ(exec({}, {"echo", "-x", "--cwd", "--", "-e"}).out, "-x --cwd -- -e\n")
        << "the program's words are its own";
    remove("one");
}

TEST_F(OciExec, WhatCannotRunGives255) {
    start("one", "sleep 1000");
    expect_255(exec({}, {"nothing"}), "exec: \"nothing\": executable file not found in $PATH");
    expect_255(exec({}, {"/bin/nothing"}), "no such file or directory");
    expect_255(exec({}, {"/etc/plain"}), "permission denied");
    expect_255(exec({}, {}), "process args cannot be empty");
    expect_255(exec({"--cwd", "relative"}, {"true"}), "cwd");
    expect_255(exec({"--cwd", "/etc/passwd"}, {"true"}), "/etc/passwd");
    expect_255(exec({"-e", "NOEQUALS"}, {"true"}), "env");
    EXPECT_EQ(status("one"), "running") << "the container does not suffer";
    remove("one");
}

TEST_F(OciExec, Flags) {
    Bundle made = bundle("one", "sleep 1000");
    made.config["process"]["noNewPrivileges"] = false;
    made.config["process"]["env"].push_back("WHAT=container");
    made.config["process"]["user"]["additionalGids"] = {10};
    start("one", made);
    EXPECT_EQ(sh({"--cwd", "/tmp"}, "pwd").out, "/tmp\n");
    EXPECT_EQ(sh({"-e", "A=1", "--env", "B=2 3", "--env=C=", "-e", "WHAT=exec"}, "echo \"$A,$B,$C,$WHAT\"").out,
              "1,2 3,,exec\n");
    EXPECT_EQ(sh({}, "echo $WHAT").out, "container\n");
    EXPECT_EQ(sh({"-u", "1000:1001"}, "id -u; id -g").out, "1000\n1001\n");
    EXPECT_EQ(sh({"-u", "1000"}, "id -u; id -g; id -G").out, "1000\n0\n0 10\n");
    EXPECT_EQ(sh({"-u", "2147483647:2147483646"}, "id -u; id -g").out, "2147483647\n2147483646\n");
    EXPECT_EQ(sh({"-g", "20", "--additional-gids", "30"}, "id -G").out, "0 10 20 30\n");
    EXPECT_EQ(field({}, "NoNewPrivs"), "0\n");
    EXPECT_EQ(field({"--no-new-privs"}, "NoNewPrivs"), "1\n");
    remove("one");
}

TEST_F(OciExec, ALaterVariableOfTheSameNameCountsAndAnEmptyHomeIsNone) {
    Bundle made = bundle("one", "mkdir -p /tmp/special; printf '#!/bin/sh\\nexit 0\\n' > /tmp/special/only-here; chmod "
                                "755 /tmp/special/only-here; env > /out/text; sleep 1000");
    for (const char *each : {"WHO=first", "WHO=container", "HOME=/given", "HOME="})
        made.config["process"]["env"].push_back(each);
    start("one", made);
    ASSERT_TRUE(eventually([&] { return out().find("WHO=container\n") != std::string::npos; })) << out();
    EXPECT_EQ(out().find("WHO=first"), std::string::npos) << out();
    EXPECT_HAS(out(), "HOME=/root\n");
    EXPECT_EQ(sh({}, "env | grep ^WHO=; echo $HOME").out, "WHO=container\n/root\n");
    EXPECT_EQ(sh({"-e", "WHO=x", "-e", "WHO=exec"}, "env | grep ^WHO=").out, "WHO=exec\n");
    EXPECT_EQ(sh({"-u", "1234"}, "echo $HOME").out, "/home/worker\n");
    EXPECT_EQ(sh({"-e", "HOME=/a", "-e", "HOME="}, "echo $HOME").out, "/root\n");
    EXPECT_EQ(sh({"-e", "HOME=", "-e", "HOME=/a"}, "echo $HOME").out, "/a\n");
    EXPECT_STATUS(exec({}, {"only-here"}), 255);
    EXPECT_STATUS(exec({"-e", "PATH=/tmp/special"}, {"only-here"}), 0) << "PATH of the exec is searched";
    remove("one");
}

TEST_F(OciExec, TheProgramHasNoMoreGroupsThanTheKernelAndAsManyAsItAllows) {
    Bundle made = bundle("one", "grep ^Groups: /proc/self/status | wc -w > /out/text; sleep 1000");
    for (int i = 0; i < 1000; ++i)
        made.config["process"]["user"]["additionalGids"].push_back(3000 + i % 999);
    start("one", made);
    EXPECT_TRUE(wrote("1001\n")) << out();
    EXPECT_EQ(sh({}, "grep ^Groups: /proc/self/status | wc -w").out, "1001\n");
    remove("one");
}

TEST_F(OciExec, UsersAreNumbersAndNothingElse) {
    start("one", "sleep 1000");
    for (const char *wrong :
         {"1:2x", "", "4294967296", "4294967295", "-1", " 1", "1 ", "1:", ":1", "1:2:3", "0x0", "+1", "root", "1:-1",
          "1:4294967295", "2147483648", "0:2147483648", "18446744073709551616"}) {
        const Ran ran = sh({"-u", wrong}, "echo ran");
        EXPECT_STATUS(ran, 255) << wrong;
        EXPECT_EQ(ran.out, "") << wrong;
    }
    for (const char *wrong : {"-1", "x", "", "4294967295", "1,2"})
        EXPECT_STATUS(sh({"--additional-gids", wrong}, "true"), 255) << wrong;
    remove("one");
}

TEST_F(OciExec, MoreCapabilitiesAreNotInheritable) {
    Bundle made = bundle("one", "sleep 1000");
    made.config["process"]["capabilities"] = {
        {"bounding", {"CAP_KILL"}}, {"effective", {"CAP_KILL"}}, {"permitted", {"CAP_KILL"}}};
    start("one", made);
    constexpr const char *none = "0000000000000000\n", *kill = "0000000000000020\n", *both = "0000000000200020\n";
    EXPECT_EQ(field({}, "CapEff"), kill);
    for (const char *set : {"CapBnd", "CapEff", "CapPrm"})
        EXPECT_EQ(field({"--cap", "CAP_SYS_ADMIN"}, set), both) << set;
    for (const char *set : {"CapInh", "CapAmb"}) {
        EXPECT_EQ(field({"--cap", "CAP_SYS_ADMIN"}, set), none) << set;
        EXPECT_EQ(field({}, set), none) << set;
    }
    remove("one");
}

TEST_F(OciExec, OfMoreCapabilitiesThoseThatAreInheritableAlreadyAreAmbient) {
    Bundle made = bundle("one", "sleep 1000");
    made.config["process"]["capabilities"] = {{"bounding", {"CAP_KILL", "CAP_SYS_ADMIN"}},
                                              {"effective", {"CAP_KILL"}},
                                              {"permitted", {"CAP_KILL"}},
                                              {"inheritable", {"CAP_SYS_ADMIN"}}};
    start("one", made);
    EXPECT_EQ(field({}, "CapAmb"), "0000000000000000\n");
    EXPECT_EQ(field({"--cap", "CAP_SYS_ADMIN"}, "CapAmb"), "0000000000200000\n");
    EXPECT_EQ(field({"--cap", "SYS_ADMIN", "-u", "1234"}, "CapEff"), "0000000000200000\n") << "so it survives execve";
    EXPECT_EQ(field({"--cap", "CAP_CHOWN"}, "CapAmb"), "0000000000000000\n");
    remove("one");
}

TEST_F(OciExec, AnAmbientCapabilityThatCannotBeGivenIsNamed) {
    Bundle made = bundle("one", "grep CapAmb /proc/self/status");
    const Json two = {"CAP_KILL", "CAP_CHOWN"};
    made.config["process"]["capabilities"] = {
        {"bounding", two}, {"effective", two}, {"permitted", two}, {"inheritable", {"CAP_KILL"}}, {"ambient", two}};
    const Ran ran = run(made);
    EXPECT_EQ(ran.out, "CapAmb:\t0000000000000020\n");
    EXPECT_HAS(ran.err, "ambient");
    EXPECT_HAS(ran.err, "CAP_CHOWN");
    EXPECT_EQ(ran.err.find("CAP_KILL"), std::string::npos) << ran.err;
}

TEST_F(OciExec, AProcessObjectWithoutEnvironmentHasTheContainers) {
    Bundle made = bundle("one", "sleep 1000");
    made.config["process"]["env"] = {"PATH=/bin", "A=container"};
    start("one", made);
    const std::string file = box.dir() + "/process.json";
    Json process = {{"args", {"env"}}, {"cwd", "/"}, {"user", {{"uid", 0}, {"gid", 0}}}};
    write_text(file, process.dump());
    EXPECT_EQ(oci({"exec", "-p", file, "one"}).out, "PATH=/bin\nA=container\nHOME=/root\n");
    process["args"] = {"/bin/env"};
    process["env"] = Json::array();
    write_text(file, process.dump());
    EXPECT_EQ(oci({"exec", "-p", file, "one"}).out, "HOME=/root\n") << "an empty one is empty";
    remove("one");
}

TEST_F(OciExec, AProcessObject) {
    start("one", "sleep 1000");
    const std::string file = box.dir() + "/process.json";
    Json process = {{"args", {"/bin/sh", "-c", "id -u; pwd; echo $A"}},
                    {"cwd", "/tmp"},
                    {"user", {{"uid", 12}, {"gid", 0}}},
                    {"env", {"A=b", "PATH=/bin"}}};
    write_text(file, process.dump());
    EXPECT_EQ(oci({"exec", "-p", file, "one"}).out, "12\n/tmp\nb\n");
    EXPECT_EQ(oci({"exec", "--process", file, "one"}).out, "12\n/tmp\nb\n");
    process["args"] = {"/bin/grep", "CapEff", "/proc/self/status"};
    process["user"]["uid"] = 0;
    write_text(file, process.dump());
    EXPECT_EQ(oci({"exec", "-p", file, "one"}).out, sh({}, "grep CapEff /proc/self/status").out)
        << "what confines and is left out is the container's";
    for (const auto &[pointer, value] : {std::pair{"/cwd", Json("relative")},
                                         {"/args", Json::array()},
                                         {"/args", Json("text")},
                                         {"/user/uid", Json(-1)},
                                         {"/user/uid", Json("0")},
                                         {"/env/0", Json("x")}}) {
        Json wrong = process;
        wrong[Json::json_pointer(pointer)] = value;
        write_text(file, wrong.dump());
        expect_255(oci({"exec", "-p", file, "one"}), pointer);
    }
    write_text(file, "{");
    expect_255(oci({"exec", "-p", file, "one"}), file);
    expect_255(oci({"exec", "-p", file + "-not-there", "one"}), file);
    remove("one");
}

TEST_F(OciExec, DetachedWithAPidFile) {
    start("one", "sleep 1000");
    const std::string file = box.dir() + "/exec-pid";
    EXPECT_STATUS(exec({"-d", "--pid-file", file}, {"/bin/sh", "-c", "echo ran > /out/text; exec sleep 1000"}), 0);
    EXPECT_TRUE(wrote("ran\n"));
    const std::string pid = read_text(file);
    EXPECT_TRUE(eventually([&] {
        return read_text("/proc/" + pid + "/cmdline") == std::string("sleep\0"
                                                                     "1000\0",
                                                                     11);
    }));
    const Json pids = Json::parse(oci({"ps", "-f", "json", "one"}).out);
    EXPECT_NE(std::find(pids.begin(), pids.end(), std::stoi(pid)), pids.end()) << "it is in the container's cgroup";
    EXPECT_STATUS(exec({"-d", "--pid-file", "/not/there/pid"}, {"/bin/sh", "-c", "echo bad > /out/text"}), 255);
    EXPECT_EQ(out(), "ran\n") << "who could not be told of is not run";
    remove("one");
    EXPECT_TRUE(eventually([&] { return !std::filesystem::exists("/proc/" + pid); })) << "it ends with the container";
}

TEST_F(OciExec, InACgroupBelow) {
    start("one", "sleep 1000");
    std::filesystem::create_directory(cgroup("one", "pids") + "/sub");
    expect_255(exec({"--cgroup", "../.."}, {"true"}), "--cgroup");
    expect_255(exec({"--cgroup", "a/../../.."}, {"true"}), "--cgroup");
    const Ran ran = sh({"--cgroup", "sub"}, "true");
    // Present in one hierarchy only: either it is made in all, or refused by name.
    if (ran.status != 0) expect_255(ran, "sub");
    for (const auto &hierarchy : std::filesystem::directory_iterator("/sys/fs/cgroup")) {
        std::error_code ignored;
        const std::string own = hierarchy.path().string() + box.cgroup_parent() + "/one";
        std::filesystem::create_directory(own + "/sub", ignored);
        // A new cpuset is empty.
        for (const std::string file : {"cpuset.cpus", "cpuset.mems"})
            if (std::filesystem::exists(own + "/sub/" + file, ignored))
                std::ofstream(own + "/sub/" + file) << read_text(own + "/" + file);
    }
    ASSERT_STATUS(exec({"-d", "--cgroup", "sub"}, {"sleep", "1000"}), 0);
    EXPECT_TRUE(
        eventually([&] { return lines_of(read_text(cgroup("one", "pids") + "/sub/cgroup.procs")).size() == 1; }));
    EXPECT_EQ(Json::parse(oci({"ps", "-f", "json", "one"}).out).size(), 2U) << "it is one of the container's";
    remove("one"); // with what is below
}

TEST_F(OciExec, IntoACreatedContainer) {
    create("one", "echo started > /out/text; sleep 1000");
    EXPECT_EQ(sh({}, "echo here").out, "here\n");
    EXPECT_EQ(status("one"), "created");
    ASSERT_STATUS(oci({"start", "one"}), 0);
    EXPECT_TRUE(wrote("started\n"));
    remove("one");
}

TEST_F(OciExec, IntoAPausedContainerOnlyWhenAsked) {
    start("one", "sleep 1000");
    ASSERT_STATUS(oci({"pause", "one"}), 0);
    expect_255(exec({}, {"true"}), "cannot exec in a paused container");
    Running waits(oci_words({"exec", "--ignore-paused", "one", "/bin/sh", "-c", "echo thawed"}));
    ::usleep(300000);
    EXPECT_EQ(status("one"), "paused");
    ASSERT_STATUS(oci({"resume", "one"}), 0);
    const Ran thawed = waits.wait();
    EXPECT_STATUS(thawed, 0);
    EXPECT_EQ(thawed.out, "thawed\n");
    remove("one");
}

TEST_F(OciExec, ItIsConfinedLikeTheContainer) {
    start("one", "sleep 1000");
    const std::string of_init = command({"grep", "-E", "^(Cap|NoNewPrivs|Seccomp:)",
                                         "/proc/" + std::to_string(state("one")["pid"].get<int>()) + "/status"})
                                    .out;
    EXPECT_EQ(sh({}, "grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status").out, of_init);
    EXPECT_EQ(sh({}, "ulimit -n").out, "1024\n");
    EXPECT_EQ(sh({}, "grep -c . /proc/sysrq-trigger; echo > /proc/sys/kernel/domainname").out.find("ran"),
              std::string::npos);
    EXPECT_NE(sh({}, "echo x > /proc/sys/kernel/hostname").status, 0);
    remove("one");
}

TEST_F(OciExec, AProcessOfAnExecEndsWithTheContainersInit) {
    start("one", "sleep 1000");
    Running running(oci_words({"exec", "one", "/bin/sh", "-c", "echo up; exec sleep 1000"}));
    ASSERT_TRUE(eventually([&] { return running.printed() == "up\n"; }));
    EXPECT_EQ(Json::parse(oci({"ps", "-f", "json", "one"}).out).size(), 2U);
    ASSERT_STATUS(oci({"kill", "one", "KILL"}), 0);
    EXPECT_STATUS(running.wait(), 137);
    EXPECT_TRUE(becomes("one", "stopped"));
    remove("one");
}

TEST_F(OciExec, ManyAtOnce) {
    start("one", "sleep 1000");
    std::vector<std::unique_ptr<Running>> all;
    for (int i = 0; i < 16; ++i)
        all.push_back(
            std::make_unique<Running>(oci_words({"exec", "one", "/bin/sh", "-c", "exit " + std::to_string(i)})));
    for (int i = 0; i < 16; ++i)
        EXPECT_STATUS(all[static_cast<std::size_t>(i)]->wait(), i);
    remove("one");
}
