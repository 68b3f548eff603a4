// SPDX-License-Identifier: MIT
//
// ctr-oci beside runc and crun: what was found to differ when the three ran the same bundles, and commands of crun's
// that runc does not have.
#include "fixture/oci.hpp"

#include "fixture/receiver.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace fixture;

namespace {

class OciCompat : public OciTest {
protected:
    Ran sh(const std::string &script, const std::string &id = "one") const {
        return oci({"exec", id, "/bin/sh", "-c", script});
    }
    Ran mounts(const std::string &verb, const Json &list, const std::string &id = "one") const {
        return oci({"mounts", verb, id, "-"}, {}, list.dump());
    }
    /// A directory of the machine with one file.
    std::string source() const {
        const std::string dir = box.dir() + "/source";
        std::filesystem::create_directories(dir);
        write_text(dir + "/file", "content\n");
        return dir;
    }
    static Json bind(const std::string &from, const std::string &to, Json options = {"rbind"}) {
        return {{"destination", to}, {"type", "bind"}, {"source", from}, {"options", std::move(options)}};
    }
    static Json tmpfs(const std::string &to, Json options = Json::array()) {
        return {{"destination", to}, {"type", "tmpfs"}, {"source", "tmpfs"}, {"options", std::move(options)}};
    }
};

} // namespace

// ---- mounts add, mounts remove --------------------------------------------------------------------------------------

TEST_F(OciCompat, MountsAreAddedToARunningContainerAndRemoved) {
    Bundle made = bundle("one", "sleep 60");
    made.own_root();
    start("one", made);
    const Json list = {bind(source(), "/added/dir"), bind(source() + "/file", "/added/one", {"bind", "ro", "nosuid"}),
                       tmpfs("/added/tmp", {"size=64k", "mode=700", "noexec"})};
    ASSERT_STATUS(mounts("add", list), 0);
    EXPECT_EQ(sh("cat /added/dir/file /added/one").out, "content\ncontent\n");
    EXPECT_EQ(sh("stat -c %a /added/tmp; echo x > /added/tmp/x && cat /added/tmp/x").out, "700\nx\n");
    EXPECT_NE(sh("echo x > /added/one").status, 0) << "it is read-only";
    const std::string table = sh("cat /proc/self/mountinfo").out;
    EXPECT_HAS(table, " /added/one ro,nosuid,");
    EXPECT_HAS(table, " /added/tmp rw,noexec,relatime - tmpfs tmpfs rw,size=64k,mode=700");
    // What is made in one is seen in the other: it is the machine's directory.
    EXPECT_STATUS(sh("echo y > /added/dir/new"), 0);
    EXPECT_EQ(read_text(source() + "/new"), "y\n");
    EXPECT_EQ(read_text("/proc/self/mountinfo").find("/added/"), std::string::npos) << "the machine sees none of it";

    ASSERT_STATUS(mounts("remove", list), 0);
    EXPECT_EQ(sh("cat /proc/self/mountinfo").out.find("/added/"), std::string::npos);
    EXPECT_EQ(sh("cat /added/dir/file 2>/dev/null; ls /added").out, "dir\none\ntmp\n") << "the mount points stay";
    EXPECT_REFUSED(mounts("remove", list), "nothing is mounted there");
    EXPECT_EQ(status("one"), "running");
    remove("one");
    std::filesystem::remove_all(source());
}

TEST_F(OciCompat, MountsOfACreatedContainerAreThereWhenItStarts) {
    Bundle made = bundle("one", "cat /added/file > /out/text; sleep 60");
    made.own_root();
    create("one", made);
    write_text(box.dir() + "/mounts.json",
               Json{{"ociVersion", "1.3.0"}, {"mounts", {bind(source(), "/added")}}}.dump());
    ASSERT_STATUS(oci({"mounts", "add", "one", box.dir() + "/mounts.json"}), 0) << "a whole config.json is as good";
    ASSERT_STATUS(oci({"start", "one"}), 0);
    EXPECT_TRUE(wrote("content\n"));
    remove("one");
    std::filesystem::remove(box.dir() + "/mounts.json");
    std::filesystem::remove_all(source());
}

TEST_F(OciCompat, MountsInAUserNamespace) {
    Bundle made = bundle("one", "sleep 60");
    const std::string own = made.own_root();
    must({"chown", "-R", "100000:100000", own});
    made.config["linux"]["namespaces"].push_back({{"type", "user"}});
    made.config["linux"]["uidMappings"] = {{{"containerID", 0}, {"hostID", 100000}, {"size", 65536}}};
    made.config["linux"]["gidMappings"] = made.config["linux"]["uidMappings"];
    start("one", made);
    const std::string from = source(); // its way is closed to the container's root
    ::chmod(from.c_str(), 0755);
    ASSERT_STATUS(mounts("add", {bind(from, "/added"), tmpfs("/added-tmp")}), 0);
    EXPECT_EQ(sh("cat /added/file; echo x > /added-tmp/x && cat /added-tmp/x").out, "content\nx\n");
    ASSERT_STATUS(mounts("remove", {{{"destination", "/added"}}, {{"destination", "/added-tmp"}}}), 0);
    EXPECT_EQ(sh("cat /added/file /added-tmp/x 2>/dev/null").out, "");
    remove("one");
    std::filesystem::remove_all(from);
}

TEST_F(OciCompat, AFailedMountTakesTheOthersBack) {
    Bundle made = bundle("one", "sleep 60");
    made.own_root();
    start("one", made);
    EXPECT_REFUSED(mounts("add", {tmpfs("/added"), bind("/not/there", "/other")}), "/not/there");
    EXPECT_EQ(sh("cat /proc/self/mountinfo").out.find("/added"), std::string::npos);
    // What planning can see is refused before anything happens.
    EXPECT_REFUSED(mounts("add", {tmpfs("/added"), tmpfs("/proc/sys")}), "nothing can be mounted on /proc/sys");
    EXPECT_EQ(sh("ls -d /added").out, "/added\n");
    EXPECT_REFUSED(mounts("add", Json::array({{{"type", "tmpfs"}}})), "/mounts/0/destination");
    EXPECT_REFUSED(mounts("add", Json::object()), "array of mounts");
    EXPECT_REFUSED(oci({"mounts", "swap", "one", "-"}), "expected add or remove");
    EXPECT_REFUSED(mounts("add", Json::array({tmpfs("/added")}), "none"), "does not exist");
    ASSERT_STATUS(oci({"kill", "one", "KILL"}), 0);
    ASSERT_TRUE(becomes("one", "stopped"));
    EXPECT_REFUSED(mounts("add", Json::array({tmpfs("/added")})), "container not running");
    remove("one");
}

TEST_F(OciCompat, ALinkOfTheContainerCannotHaveItsProtectionTakenOff) {
    Bundle made = bundle("one", "sleep 60");
    made.own_root();
    start("one", made);
    ASSERT_STATUS(mounts("add", Json::array({tmpfs("/added/sys")})), 0);
    ASSERT_STATUS(sh("mv /added /moved && ln -s /proc /added"), 0);
    EXPECT_REFUSED(mounts("remove", Json::array({{{"destination", "/added/sys"}}})), "without symbolic links");
    EXPECT_HAS(sh("cat /proc/self/mountinfo").out, " /proc/sys ro,");
    EXPECT_REFUSED(mounts("remove", Json::array({{{"destination", "/"}}})), "the container's root stays");
    remove("one");
}

// ---- the view from inside -------------------------------------------------------------------------------------------

TEST_F(OciCompat, ARootsOwnDevGetsTheDefaultDevices) {
    Bundle made = bundle("one", "for d in null zero full random urandom tty; do [ -c /dev/$d ] && echo $d; done; "
                                "readlink /dev/fd; readlink /dev/ptmx; cat /dev/mine");
    const std::string own = made.own_root();
    Json kept = Json::array();
    for (const Json &mount : made.config["mounts"])
        if (mount["destination"].get<std::string>().rfind("/dev", 0) != 0) kept.push_back(mount);
    made.config["mounts"] = kept;
    std::filesystem::create_directories(own + "/dev");
    write_text(own + "/dev/mine", "mine\n");
    std::filesystem::create_symlink("/elsewhere", own + "/dev/fd");
    const Ran ran = run(made);
    EXPECT_STATUS(ran, 0);
    EXPECT_EQ(ran.out, "null\nzero\nfull\nrandom\nurandom\ntty\n/elsewhere\npts/ptmx\nmine\n")
        << "what the root has there stays";
    EXPECT_STATUS(run(made), 0) << "and once more, now that they are there";
}

TEST_F(OciCompat, OptionsOfAFileSystemOnABindMountAreSaidAndLeftOut) {
    Bundle made = bundle("one", "grep ' /mnt ' /proc/self/mountinfo");
    made.own_root();
    made.config["mounts"].push_back(
        bind(source(), "/mnt", {"rbind", "sync", "dirsync", "lazytime", "mand", "iversion", "size=1m", "ro"}));
    const Ran ran = run(made);
    EXPECT_STATUS(ran, 0);
    EXPECT_HAS(ran.out, " /mnt ro,");
    for (const char *option : {"sync", "dirsync", "lazytime", "mand", "iversion", "size=1m"})
        EXPECT_HAS(unquoted(ran.err), "options: \"" + std::string(option) + "\" belongs to the file system");
    made.config["mounts"].back()["options"] = {"rbind", "nonsense"};
    EXPECT_REFUSED(run(made), "nonsense");
    std::filesystem::remove_all(source());
}

TEST_F(OciCompat, ATerminalOfAnExecLeavesTheConsoleAlone) {
    start("one", "sleep 60");
    const std::string before = sh("cat /proc/self/mountinfo").out;
    Receiver receiver(box.dir() + "/socket");
    ASSERT_STATUS(oci({"exec", "-d", "-t", "--console-socket", receiver.path(), "one", "/bin/sh", "-c",
                       "tty; echo here; sleep 1"}),
                  0);
    const int master = receiver.take();
    ASSERT_GE(master, 0);
    EXPECT_HAS(read_terminal(master, "here"), "/dev/pts/0");
    EXPECT_EQ(sh("cat /proc/self/mountinfo").out, before);
    EXPECT_NE(sh("ls /dev/console").status, 0);
    ::close(master);
    remove("one");
}

// ---- signals --------------------------------------------------------------------------------------------------------

TEST_F(OciCompat, ACreatedContainerHearsTheSignalsThatEndPrograms) {
    for (const char *signal : {"TERM", "INT", "HUP", "QUIT"}) {
        create("one", "echo started > /out/text");
        ASSERT_STATUS(oci({"kill", "one", signal}), 0);
        EXPECT_TRUE(becomes("one", "stopped")) << signal;
        EXPECT_REFUSED(oci({"start", "one"}), "has stopped");
        ASSERT_STATUS(oci({"delete", "one"}), 0);
    }
    EXPECT_EQ(out(), "");
    // Others do nothing, and the program has them as ever.
    create("one", "trap 'echo usr1 > /out/text' USR1; trap 'echo term > /out/text; exit' TERM; echo up > /out/text; "
                  "while :; do sleep 0.05; done");
    ASSERT_STATUS(oci({"kill", "one", "WINCH"}), 0);
    EXPECT_EQ(status("one"), "created");
    ASSERT_STATUS(oci({"start", "one"}), 0);
    EXPECT_TRUE(wrote("up\n"));
    ASSERT_STATUS(oci({"kill", "one", "USR1"}), 0);
    EXPECT_TRUE(wrote("usr1\n"));
    ASSERT_STATUS(oci({"kill", "one", "TERM"}), 0);
    EXPECT_TRUE(wrote("term\n"));
    EXPECT_TRUE(becomes("one", "stopped"));
    remove("one");
}

TEST_F(OciCompat, SignalsHaveTheirOtherNames) {
    start("one", "trap 'echo io > /out/text' IO; echo up > /out/text; while :; do sleep 0.05; done");
    ASSERT_TRUE(wrote("up\n"));
    ASSERT_STATUS(oci({"kill", "one", "SIGIO"}), 0);
    EXPECT_TRUE(wrote("io\n"));
    remove("one");
}

// ---- a start that fails ---------------------------------------------------------------------------------------------

TEST_F(OciCompat, AFailedStartDestroysAndRunsPoststopAtOnce) {
    for (const char *failing : {"startContainer", "poststart"}) {
        std::filesystem::remove(out_dir + "/hooks");
        Bundle made = bundle("one", "sleep 60");
        made.config["hooks"] = {
            {failing, {{{"path", "/bin/sh"}, {"args", {"sh", "-c", "exit 3"}}}}},
            {"poststop",
             {{{"path", "/bin/sh"},
               {"args", {"sh", "-c", "cat >> " + out_dir + "/hooks; echo >> " + out_dir + "/hooks"}}}}}};
        create("one", made);
        EXPECT_REFUSED(oci({"start", "one"}), std::string("/hooks/") + failing + "/0");
        const auto told = lines_of(out("hooks"));
        ASSERT_EQ(told.size(), 1U) << "poststop did not run by itself";
        EXPECT_EQ(Json::parse(told[0])["status"], "stopped");
        EXPECT_FALSE(std::filesystem::exists(cgroup("one", "pids"))) << "what create made is gone";
        EXPECT_EQ(status("one"), "gone") << "its name is free";
        EXPECT_REFUSED(oci({"delete", "one"}), "does not exist");
        EXPECT_EQ(lines_of(out("hooks")).size(), 1U) << "poststop ran twice";
    }
}

/// The same with and without a user namespace, and with runc: bind mounts are made before these hooks run, and follow
/// the machine where it shares.
TEST_F(OciCompat, WhatAHookMountsBelowASourceIsSeenWhereTheMachineShares) {
    const std::string shared = box.dir() + "/shared";
    std::filesystem::create_directories(shared);
    must({"mount", "-t", "tmpfs", "shared", shared});
    must({"mount", "--make-shared", shared});
    std::filesystem::create_directories(shared + "/source");
    for (const bool user : {false, true}) {
        Bundle made = bundle("one", "cat /mnt/file");
        const std::string own = made.own_root();
        made.config["mounts"].push_back(bind(shared + "/source", "/mnt"));
        made.config["hooks"]["prestart"] = {
            {{"path", "/bin/sh"},
             {"args",
              {"sh", "-c", "mount -t tmpfs x " + shared + "/source && echo hooked > " + shared + "/source/file"}},
             {"env", {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}}}};
        if (user) {
            must({"chown", "-R", "100000:100000", own});
            made.config["linux"]["namespaces"].push_back({{"type", "user"}});
            made.config["linux"]["uidMappings"] = {{{"containerID", 0}, {"hostID", 100000}, {"size", 65536}}};
            made.config["linux"]["gidMappings"] = made.config["linux"]["uidMappings"];
        }
        EXPECT_EQ(run(made).out, "hooked\n") << user;
        must({"umount", shared + "/source"});
    }
    must({"umount", shared});
    std::filesystem::remove_all(shared);
}

// ---- commands -------------------------------------------------------------------------------------------------------

TEST_F(OciCompat, AnExecGoesIntoTheCgroupsOfSingleControllers) {
    Bundle one = bundle("one", "sleep 60");
    one.config["linux"]["namespaces"].push_back({{"type", "cgroup"}});
    start("one", one);
    std::filesystem::create_directory(cgroup("one", "pids") + "/sub");
    std::filesystem::create_directory(cgroup("one", "memory") + "/other");
    const auto where = [&](Words options, const std::string &controller) {
        options.insert(options.begin(), "exec");
        options.insert(options.end(), {"one", "cat", "/proc/1/cgroup", "/proc/self/cgroup"});
        const Ran ran = oci(options);
        EXPECT_STATUS(ran, 0);
        std::string last;
        for (const std::string &line : lines_of(ran.out))
            if (line.find(":" + controller + ":") != std::string::npos) last = line.substr(line.rfind(':') + 1);
        return last;
    };
    EXPECT_EQ(where({"--cgroup", "pids:sub"}, "pids"), "/sub");
    EXPECT_EQ(where({"--cgroup", "pids:sub"}, "memory"), "/");
    EXPECT_EQ(where({"--cgroup", "pids:/sub/", "--cgroup", "memory,freezer:"}, "pids"), "/sub");
    EXPECT_EQ(where({"--cgroup", "pids:sub", "--cgroup", "memory:other"}, "memory"), "/other");
    const auto refused = [&](Words options, const std::string &why) {
        options.insert(options.begin(), "exec");
        options.insert(options.end(), {"one", "true"});
        const Ran ran = oci(options);
        EXPECT_STATUS(ran, 255);
        EXPECT_HAS(ran.err, why);
    };
    refused({"--cgroup", "nothing:sub"}, "unknown controller nothing");
    refused({"--cgroup", "pids:../.."}, "is not a sub cgroup path");
    refused({"--cgroup", "pids:missing"}, "/missing");
    refused({"--cgroup", "pids:sub", "--cgroup", "sub"}, "needs a controller");
    remove("one");
}

TEST_F(OciCompat, AProcessObjectSaysItselfWhetherItMayGainPrivileges) {
    start("one", "sleep 60"); // with noNewPrivileges
    Json process = {{"args", {"grep", "NoNewPrivs", "/proc/self/status"}}, {"cwd", "/"}, {"env", {"PATH=/bin"}}};
    const std::string file = box.dir() + "/process.json";
    write_text(file, process.dump());
    EXPECT_EQ(oci({"exec", "-p", file, "one"}).out, "NoNewPrivs:\t0\n");
    process["noNewPrivileges"] = true;
    write_text(file, process.dump());
    EXPECT_EQ(oci({"exec", "-p", file, "one"}).out, "NoNewPrivs:\t1\n");
    EXPECT_EQ(oci({"exec", "one", "grep", "NoNewPrivs", "/proc/self/status"}).out, "NoNewPrivs:\t1\n");
    std::filesystem::remove(file);
    remove("one");
}

TEST_F(OciCompat, WordsThatScriptsLookFor) {
    EXPECT_HAS(oci({"exec", "none", "true"}).err, "exec failed: ");
    start("one", "sleep 60");
    EXPECT_EQ(Json::parse(oci({"list", "-f", "json"}).out)[0]["owner"], "root");
    EXPECT_REFUSED(oci({"ps", "one", "-o", "comm"}), "couldn't find PID field in ps output");
    EXPECT_HAS(unquoted(oci({"exec", "--cwd", "/none", "one", "true"}).err),
               "chdir to cwd (\"/none\") set in config.json failed: no such file or directory: ");
    EXPECT_EQ(oci({"events", "--stats", "one"}).out.rfind("{\"type\":\"stats\",\"id\":\"one\",\"data\":{", 0), 0U);
    EXPECT_REFUSED(oci({"update", "-r", "-", "one"}, {}, R"({"unified": {"pids.max": "10"}})"),
                   "cannot use unified on cgroup v1");
    Bundle wrong = bundle("two", "true");
    wrong.config["linux"]["resources"]["unified"] = {{"pids.max", "10"}};
    EXPECT_REFUSED(run(wrong), "invalid configuration: cannot use unified on cgroup v1");
    wrong = bundle("two", "true");
    wrong.config["hooks"]["createRuntime"] = {{{"path", "/bin/true"}}, {{"path", "/bin/false"}}};
    EXPECT_REFUSED(run(wrong), "error running createRuntime hook #1: ");
    EXPECT_EQ(lines_of(oci({"-h"}).out)[0], "NAME:");
    EXPECT_HAS(oci({"create", "-h"}).out, "   ctr-oci create [OPTIONS] ID\n\nOPTIONS:\n   --bundle DIR, -b DIR ");
    EXPECT_REFUSED(oci({"update", "--l3-cache-schema", "L3:0=f", "one"}), "/linux/intelRdt");
    EXPECT_REFUSED(oci({"update", "--mem-bw-schema", "MB:0=50", "one"}), "made without it");
    ASSERT_STATUS(oci({"pause", "one"}), 0);
    EXPECT_HAS(oci({"exec", "one", "true"}).err, "exec failed: cannot exec in a paused container");
    remove("one");
}
