// SPDX-License-Identifier: MIT
//
// OCI hooks: when, where and with what each of the six is run, and what happens if one fails.
#include "container/container.hpp"
#include "fixture/sandbox.hpp"
#include "spec/claims.hpp"

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

using namespace fixture;
using core::Json;
using core::container::Container;

namespace {

constexpr const char *all_hooks[] = {"prestart",       "createRuntime", "createContainer",
                                     "startContainer", "poststart",     "poststop"};

bool is_inside(const std::string &name) { return name == "startContainer"; }

class Hooks : public SystemTest {
protected:
    void SetUp() override {
        SystemTest::SetUp();
        std::filesystem::create_directories(record);
        std::filesystem::create_directories(bundle);
        ::unlink(log.c_str());
        spec = Json::parse(R"({"ociVersion": "1.3.0", "process": {"user": {"uid": 0, "gid": 0},
            "args": ["/bin/sh", "-c", "echo program >> /record/log; readlink /proc/self/ns/mnt"], "env": ["PATH=/bin"], "cwd": "/"},
            "root": {}, "hostname": "boxed", "annotations": {"a \"word\"": "costs $5"},
            "linux": {"namespaces": [{"type": "pid"}, {"type": "ipc"}, {"type": "uts"}, {"type": "mount"}, {"type": "network"}]}})");
        spec["root"]["path"] = box.rootfs();
        spec["mounts"] = {{{"destination", "/proc"}, {"type", "proc"}},
                          {{"destination", "/record"}, {"type", "bind"}, {"source", record}, {"options", {"bind"}}}};
    }
    /// One hook: busybox, which looks at argv[0]. Inside, the record is elsewhere.
    Json hook(const std::string &name, const std::string &script, int timeout = 20) const {
        std::string text = script;
        const std::string mark = "LOG", to = is_inside(name) ? "/record/log" : log;
        for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + to.size()))
            text.replace(at, mark.size(), to);
        return {{"path", "/bin/busybox"}, {"args", {"sh", "-c", text}}, {"env", {"A=1 $x"}}, {"timeout", timeout}};
    }
    void add(const std::string &name, const std::string &script, int timeout = 20) {
        spec["hooks"][name].push_back(hook(name, script, timeout));
    }
    Ran run(const std::vector<std::string> &options = {"--rm"}) const {
        write_text(bundle + "/config.json", spec.dump());
        std::vector<std::string> words = {"run", "--bundle", bundle, "--network", "none", "--name", "hooked"};
        words.insert(words.end(), options.begin(), options.end());
        return box.ctr(words);
    }
    std::string logged() const { return ::access(log.c_str(), F_OK) == 0 ? read_text(log) : ""; }
    /// The n'th line, from 0, that the hook wrote after "== NAME".
    std::string line(const std::string &name, int n) const {
        std::istringstream all(logged());
        std::string text;
        while (std::getline(all, text) && text != "== " + name)
            ;
        while (n-- >= 0)
            do
                if (!std::getline(all, text)) return "(nothing)";
            while (text == "program"); // which writes when it likes, beside poststart
        return text;
    }
    std::string record = box.dir() + "/record", log = record + "/log", bundle = box.dir() + "/bundle";
    Json spec;
};

class Failing : public Hooks, public testing::WithParamInterface<const char *> {};
INSTANTIATE_TEST_SUITE_P(Hook, Failing,
                         testing::Values("prestart", "createRuntime", "createContainer", "startContainer", "poststart"),
                         [](const auto &each) { return std::string(each.param); });

} // namespace

TEST_F(Hooks, RunInTheirOrderAndNamespacesWithTheState) {
    for (const char *name : all_hooks)
        add(name, std::string("{ echo '== ") + name +
                      "'; readlink /proc/self/ns/mnt; readlink /proc/self/ns/uts; cat; echo; pwd; grep SigBlk "
                      "/proc/self/status; } >> LOG");
    const Ran ran = run();
    ASSERT_STATUS(ran, 0);
    std::string order, text;
    for (std::istringstream all(logged()); std::getline(all, text);)
        if (text.rfind("== ", 0) == 0 || text == "program") order += text + "\n";
    const auto at = [&](const char *what) { return order.find(what); };
    EXPECT_EQ(order.substr(0, at("== startContainer")), "== prestart\n== createRuntime\n== createContainer\n");
    EXPECT_LT(at("== startContainer"), at("program")); // poststart and the program run side by side
    EXPECT_LT(at("== startContainer"), at("== poststart"));
    EXPECT_EQ(order.substr(at("== poststop")), "== poststop\n") << order;

    const std::string own_mnt = command({"readlink", "/proc/self/ns/mnt"}).out,
                      own_uts = command({"readlink", "/proc/self/ns/uts"}).out;
    std::string pid;
    for (const std::string name : all_hooks) {
        const bool in_container = name == "createContainer" || name == "startContainer";
        EXPECT_EQ(line(name, 0) + "\n" == own_mnt, !in_container) << name;
        EXPECT_EQ(line(name, 1) + "\n" == own_uts, !in_container) << name;
        EXPECT_EQ(line(name, 0) + "\n", in_container ? ran.out : own_mnt) << name;
        const Json state = Json::parse(line(name, 2), nullptr, false);
        ASSERT_TRUE(state.is_object()) << name << ": " << logged();
        EXPECT_EQ(state["ociVersion"], "1.3.0");
        EXPECT_EQ(state["id"], "hooked");
        EXPECT_EQ(state["bundle"], bundle);
        EXPECT_EQ(state["annotations"], spec["annotations"]);
        const char *status = name == "poststop"         ? "stopped"
                             : name == "poststart"      ? "running"
                             : name == "startContainer" ? "created"
                                                        : "creating";
        EXPECT_EQ(state["status"], status) << name;
        if (name == "poststop") {
            EXPECT_FALSE(state.contains("pid"));
        } else {
            EXPECT_GT(state.value("pid", 0), 1) << name;
            if (pid.empty()) pid = state["pid"].dump();
            EXPECT_EQ(state["pid"].dump(), pid) << name << ": not the pid on the machine";
        }
        EXPECT_EQ(line(name, 3), is_inside(name) ? "/" : name == "createContainer" ? box.rootfs() : bundle) << name;
        EXPECT_EQ(line(name, 4), "SigBlk:\t0000000000000000") << name;
    }
}

TEST_F(Hooks, EachHookOfAListRunsInItsOrder) {
    for (const char *name : all_hooks)
        for (const char *which : {"1", "2", "3"})
            add(name, std::string("echo ") + name + " " + which + " >> LOG");
    spec["process"]["args"] = {"/bin/true"};
    ASSERT_STATUS(run(), 0);
    std::string expected;
    for (const std::string name : all_hooks)
        for (const char *which : {"1", "2", "3"})
            expected += name + " " + which + "\n";
    EXPECT_EQ(logged(), expected);
}

TEST_F(Hooks, GetTheirOwnEnvironmentAndNoOtherDescriptors) {
    spec["process"]["args"] = {"/bin/true"};
    for (const char *name : {"createRuntime", "createContainer", "startContainer"}) {
        Json env = hook(name, "");
        env["args"] = {"env"};
        spec["hooks"][name] = Json::array({env});
    }
    EXPECT_EQ(run().out, "A=1 $x\nA=1 $x\nA=1 $x\n");
    for (const char *name : {"createRuntime", "createContainer", "startContainer"}) {
        Json fds = hook(name, "");
        fds["args"] = {"ls", "/proc/self/fd"};
        fds.erase("env");
        spec["hooks"][name] = Json::array({fds});
    }
    EXPECT_EQ(run().out, "0\n1\n2\n3\n0\n1\n2\n3\n0\n1\n2\n3\n"); // 3 is the directory
}

TEST_F(Hooks, WithoutOneOfTheirOwnTheyHaveTheirRunnersEnvironmentOrTheProgramsAndRunWhereItWill) {
    spec["process"]["args"] = {"/bin/true"};
    spec["process"]["env"] = {"PATH=/bin", "WHOSE=old", "WHOSE=program", "HOME="};
    spec["process"]["user"] = {{"uid", 1234}, {"gid", 2345}};
    spec["process"]["cwd"] = "/tmp";
    for (const char *name : {"createRuntime", "createContainer", "startContainer"}) {
        Json one = hook(name, "echo $WHOSE $HOME; pwd");
        one.erase("env");
        spec["hooks"][name] = Json::array({one});
    }
    ::setenv("WHOSE", "runner", 1);
    ::setenv("HOME", "/home/runner", 1);
    const std::string ran = run().out;
    ::unsetenv("WHOSE");
    EXPECT_EQ(ran,
              "runner /home/runner\n" + bundle + "\nprogram /\n" + box.rootfs() + "\nprogram /home/worker\n/tmp\n");
}

TEST_F(Hooks, WriteToTheFilesThatCrunsAnnotationsName) {
    const std::string out = box.dir() + "/hooks.out", err = box.dir() + "/hooks.err";
    spec["process"]["args"] = {"/bin/true"};
    spec["annotations"] = {{"run.oci.hooks.stdout", out}, {"run.oci.hooks.stderr", err}};
    std::string all, errors;
    for (const std::string name : all_hooks) {
        add(name, "echo " + name + "; echo E" + name + " >&2");
        all += name + "\n";
        errors += "E" + name + "\n";
    }
    const Ran ran = run();
    EXPECT_STATUS(ran, 0);
    EXPECT_EQ(ran.out, "");
    EXPECT_EQ(read_text(out), all);
    EXPECT_EQ(read_text(err), errors);
    ::unlink(out.c_str());
    ::unlink(err.c_str());
}

TEST_F(Hooks, CreateContainerSeesTheRootWhereTheBundleSays) {
    add("createContainer",
        "mount -t tmpfs none " + box.rootfs() + "/home && echo from the hook > " + box.rootfs() + "/home/made");
    spec["process"]["args"] = {"/bin/cat", "/home/made"};
    const Ran ran = run();
    EXPECT_STATUS(ran, 0);
    EXPECT_EQ(ran.out, "from the hook\n");
    EXPECT_FALSE(std::filesystem::exists(box.rootfs() + "/home/made"));
}

TEST_F(Hooks, StartContainerHasNoMoreThanTheProgram) {
    spec["process"]["user"] = {{"uid", 1234}, {"gid", 2345}};
    spec["process"]["args"] = {"/bin/sh", "-c", "grep -E '^(Uid|Cap|NoNewPrivs)' /proc/self/status"};
    spec["process"]["capabilities"] = {{"bounding", {"CAP_KILL"}}, {"permitted", {"CAP_KILL"}}};
    spec["linux"]["seccomp"] = {
        {"defaultAction", "SCMP_ACT_ALLOW"},
        {"syscalls", {{{"names", {"clone3", "memfd_create", "pipe2"}}, {"action", "SCMP_ACT_ERRNO"}}}}};
    add("startContainer", "grep -E '^(Uid|Cap|NoNewPrivs)' /proc/self/status");
    for (const bool no_new_privs : {false, true}) {
        spec["process"]["noNewPrivileges"] = no_new_privs;
        const Ran ran = run();
        ASSERT_STATUS(ran, 0);
        EXPECT_EQ(ran.out.substr(0, ran.out.size() / 2), ran.out.substr(ran.out.size() / 2));
        EXPECT_HAS(ran.out, "Uid:\t1234");
        EXPECT_HAS(ran.out, "CapBnd:\t0000000000000020");
        EXPECT_HAS(ran.out, no_new_privs ? "NoNewPrivs:\t1" : "NoNewPrivs:\t0");
    }
}

TEST_F(Hooks, WorkInAUserNamespace) {
    spec["linux"]["namespaces"].push_back({{"type", "user"}});
    for (const char *map : {"uidMappings", "gidMappings"})
        spec["linux"][map] = Json::array({{{"containerID", 0}, {"hostID", 0}, {"size", 5000}}});
    spec["process"]["args"] = {"/bin/true"};
    for (const char *name : all_hooks)
        add(name, std::string("echo ") + name + " >> LOG");
    ASSERT_STATUS(run(), 0);
    EXPECT_EQ(logged(), "prestart\ncreateRuntime\ncreateContainer\nstartContainer\npoststart\npoststop\n");
}

TEST_P(Failing, StopsTheContainerSaysWhyAndRunsPoststop) {
    const std::string name = GetParam();
    spec["process"]["args"] = {"/bin/sleep", "1000"};
    add(name, "true");
    add(name, "echo the reason >&2; exit 7");
    add(name, "echo not reached >> LOG");
    add("poststop", "echo poststop >> LOG");
    const Ran ran = run({});
    EXPECT_STATUS(ran, 125);
    EXPECT_LT(ran.seconds, 30) << "the program was waited for";
    EXPECT_HAS(ran.err, "/hooks/" + name + "/1: /bin/busybox: the OCI hook failed with exit status 7");
    EXPECT_HAS(ran.err, "it said: the reason");
    EXPECT_EQ(logged(), "poststop\n");
    EXPECT_EQ(box.ctr({"ps", "-a"}).out.find("hooked"), std::string::npos);
}

TEST_P(Failing, IsKilledWhenItsTimeIsOver) {
    const std::string name = GetParam();
    spec["process"]["args"] = {"/bin/sleep", "1000"};
    Json sleeping = hook(name, "", 1);
    sleeping["args"] = {"sleep", "1000"};
    spec["hooks"][name] = Json::array({sleeping});
    const Ran ran = run();
    EXPECT_STATUS(ran, 125);
    EXPECT_GE(ran.seconds, 1);
    EXPECT_LT(ran.seconds, 30) << "the OCI hook was waited for";
    EXPECT_HAS(ran.err, "/hooks/" + name +
                            "/0: /bin/busybox: the OCI hook was killed, it did not end within its timeout of 1 s");
}

TEST_P(Failing, IsSaidToBeMissing) {
    const std::string name = GetParam();
    spec["process"]["args"] = {"/bin/sleep", "1000"};
    spec["hooks"][name] = {{{"path", "/nowhere/hook"}}};
    const Ran ran = run();
    EXPECT_STATUS(ran, 125);
    EXPECT_HAS(ran.err, "/hooks/" + name + "/0: /nowhere/hook: the OCI hook could not be started");
    EXPECT_HAS(ran.err, "No such file or directory (ENOENT)");
}

TEST_F(Hooks, AFailingPoststopIsAWarningAndTheOthersRun) {
    spec["process"]["args"] = {"/bin/true"};
    add("poststop", "echo the reason >&2; kill -9 $$");
    add("poststop", "echo second >> LOG");
    const Ran ran = run();
    EXPECT_STATUS(ran, 0);
    EXPECT_HAS(ran.err, "/hooks/poststop/0: /bin/busybox: the OCI hook was killed by signal 9 (it said: the reason)");
    EXPECT_EQ(logged(), "second\n");
}

TEST_F(Hooks, PoststopWaitsForTheRemoval) {
    spec["process"]["args"] = {"/bin/true"};
    add("poststop", "echo removed >> LOG");
    ASSERT_STATUS(run({}), 0);
    EXPECT_EQ(logged(), "");
    EXPECT_STATUS(box.ctr({"rm", "hooked"}), 0);
    EXPECT_EQ(logged(), "removed\n");
}

TEST_F(Hooks, PoststopRunsAfterAFailedCreate) {
    spec["process"]["args"] = {"/bin/missing"};
    add("poststop", "cat >> LOG");
    EXPECT_STATUS(run(), 127);
    EXPECT_HAS(logged(), "\"status\":\"stopped\"");
}

TEST_F(Hooks, PoststopRunsWhenCtrWasKilled) {
    spec["process"]["args"] = {"/bin/sleep", "1000"};
    add("poststart", "echo started >> LOG");
    add("poststop", "echo recovered >> LOG");
    write_text(bundle + "/config.json", spec.dump());
    std::vector<std::string> words = box.ctr_words();
    for (const char *word : {"run", "--rm", "--network", "none", "--name", "hooked", "--bundle"})
        words.push_back(word);
    words.push_back(bundle);
    Running running(words);
    ASSERT_TRUE(eventually([&] { return logged() == "started\n"; }));
    signal_one(running.pid(), SIGKILL);
    running.wait();
    EXPECT_STATUS(box.ctr({"recover"}), 0);
    EXPECT_EQ(logged(), "started\nrecovered\n");
}

TEST_F(Hooks, StartContainerHooksAreUnderTheContainersFilter) {
    // Files of the image: with and without no_new_privs the filter is loaded at another place among the steps, and one
    // hook more stands behind.
    for (const bool no_new_privs : {true, false}) {
        ::unlink(log.c_str());
        spec.erase("hooks");
        const Json caps = {"CAP_CHOWN", "CAP_DAC_OVERRIDE"};
        spec["process"]["capabilities"] = {{"bounding", caps}, {"effective", caps}, {"permitted", caps}};
        spec["process"]["noNewPrivileges"] = no_new_privs;
        const Json refused = {"mkdir", "mkdirat", "close_range", "clone3", "pipe2"};
        spec["linux"]["seccomp"] = {{"defaultAction", "SCMP_ACT_ALLOW"},
                                    {"syscalls", {{{"names", refused}, {"action", "SCMP_ACT_ERRNO"}}}}};
        spec["process"]["args"] = {"/bin/sh", "-c", "grep -E '^(Seccomp|NoNewPrivs|Cap...):' /proc/self/status"};
        add("startContainer",
            "mkdir /tmp/made 2>> LOG; grep -E '^(Seccomp|NoNewPrivs|Cap...):' /proc/self/status >> LOG");
        add("startContainer", "echo second >> LOG");
        const Ran ran = run();
        EXPECT_STATUS(ran, 0);
        EXPECT_EQ(logged(),
                  "mkdir: can't create directory '/tmp/made': Operation not permitted\n" + ran.out + "second\n");
        EXPECT_HAS(ran.out, "Seccomp:\t2");
    }
}

TEST_F(Hooks, ThatLeaveAProcessBehindAreNotWaitedFor) {
    spec["process"]["args"] = {"/bin/true"};
    add("createRuntime", "sleep 1000 > /dev/null & echo $! >> LOG; echo half >&2");
    const Ran ran = run();
    EXPECT_STATUS(ran, 0);
    EXPECT_HAS(ran.err, "half");
    const int left = std::stoi("0" + logged());
    ASSERT_GT(left, 1);
    EXPECT_EQ(signal_one(left, SIGKILL), 0) << "it had ended already";
}

TEST_F(Hooks, GoWithCreateStartAndDeleteInThreeProcesses) {
    for (const char *name : all_hooks)
        add(name, std::string("{ echo '== ") + name + "'; cat; echo; } >> LOG");
    spec["process"]["args"] = {"/bin/sleep", "1000"};
    spec["ctr"]["bundle"] = bundle;
    const auto apart = [&](const std::function<bool(core::container::Engine &)> &work) {
        const pid_t pid = ::fork();
        if (pid == 0) {
            core::config::Config config = core::config::parse_config(read_text(box.config()), box.config()).value();
            config.data_root = box.data_root("overlay");
            config.run_root = box.run_root();
            core::container::Engine engine(std::move(config), {{CTR_BUILD_DIR "/lib/ctr/plugins", true}},
                                           core::spec::oci_vocabulary());
            ::_exit(work(engine) ? 0 : 1);
        }
        int status = 0;
        ::waitpid(pid, &status, 0);
        return WIFEXITED(status) && WEXITSTATUS(status) == 0;
    };
    const auto good = [](const auto &result) {
        if (!result.ok()) std::fprintf(stderr, "%s\n", result.error().text().c_str());
        return result.ok();
    };
    ASSERT_TRUE(apart([&](auto &engine) {
        core::container::CreateRequest request;
        request.id = "hooked";
        request.drivers = {{"storage", "rootfs"}, {"network", "none"}};
        request.meta = {{"rm", false}};
        request.spec = spec;
        request.own_gate = true;
        auto container = Container::create(engine, std::move(request));
        return good(container) && good(container.value()->commit());
    }));
    EXPECT_EQ(logged().find("== startContainer"), std::string::npos);
    const std::string pid = Json::parse(line("createContainer", 0))["pid"].dump();
    ASSERT_TRUE(apart([&](auto &engine) { return good(core::container::start(engine, "hooked")); }));
    for (const char *name : {"startContainer", "poststart"})
        EXPECT_EQ(Json::parse(line(name, 0))["pid"].dump(), pid) << name;
    EXPECT_EQ(line("poststop", 0), "(nothing)");
    ASSERT_TRUE(apart([&](auto &engine) { return good(core::container::remove(engine, "hooked", true)); }));
    EXPECT_EQ(Json::parse(line("poststop", 0))["status"], "stopped");
}
