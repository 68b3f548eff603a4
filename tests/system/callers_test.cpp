// SPDX-License-Identifier: MIT
//
// Odd callers: what a process has from its caller, and did not ask for, harms neither ctr nor the container.
#include "fixture/oci.hpp"

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

using namespace fixture;

namespace {

class OddCallers : public OciTest {
protected:
    /// ctr-oci, called by a shell that does `before` first.
    Ran after(const std::string &before, const Words &words, const std::string &redirections = {}) const {
        std::string script = before + "; exec";
        for (const std::string &word : oci_words(words))
            script += " '" + word + "'";
        return command({"/bin/bash", "-c", script + " " + redirections});
    }
    /// Nothing may be left of a container that could not be run.
    void nothing_left() const { EXPECT_EQ(oci({"list", "-q"}).out, ""); }
};

/// Signals blocked and ignored as the caller has them, for what is called meanwhile.
class Dispositions {
public:
    Dispositions(std::initializer_list<int> blocked, std::initializer_list<int> ignored) : ignored_(ignored) {
        sigset_t set;
        ::sigemptyset(&set);
        for (const int signal : blocked)
            ::sigaddset(&set, signal);
        ::sigprocmask(SIG_BLOCK, &set, &mask_);
        for (const int signal : ignored)
            ::signal(signal, SIG_IGN);
    }
    ~Dispositions() {
        for (const int signal : ignored_)
            ::signal(signal, SIG_DFL);
        ::sigprocmask(SIG_SETMASK, &mask_, nullptr);
    }

private:
    std::vector<int> ignored_;
    sigset_t mask_{};
};

} // namespace

TEST_F(OddCallers, AnEmptyEnvironmentIsEnough) {
    const Bundle made = bundle("one", "exit 3");
    made.write();
    Words words = oci_words({"run", "-b", made.dir, "one"});
    words.insert(words.begin(), {"env", "-i"});
    EXPECT_STATUS(command(words), 3);
    start("two", "sleep 1000");
    words = oci_words({"exec", "two", "/bin/sh", "-c", "exit 4"});
    words.insert(words.begin(), {"env", "-i"});
    EXPECT_STATUS(command(words), 4);
    remove("two");
}

TEST_F(OddCallers, SigchldIgnored) {
    Bundle made = bundle("one", "exit 7");
    for (const char *when : {"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"})
        made.config["hooks"][when] = {{{"path", "/bin/true"}}};
    made.own_root();
    made.write();
    start("two", "sleep 1000");
    for (const auto &[words, expected] : {std::pair(Words{"run", "-b", made.dir, "one"}, 7),
                                          std::pair(Words{"exec", "two", "/bin/sh", "-c", "exit 5"}, 5)}) {
        Words argv = {"env", "--ignore-signal=CHLD"};
        const Words call = oci_words(words);
        argv.insert(argv.end(), call.begin(), call.end());
        EXPECT_STATUS(command(argv), expected);
    }
    remove("two");
    nothing_left();
}

TEST_F(OddCallers, BlockedAndIgnoredSignals) {
    const Bundle made = bundle("one", "grep -E 'Sig(Blk|Ign)' /proc/self/status; trap 'exit 9' TERM; echo > /out/up; "
                                      "while :; do sleep 0.1; done");
    made.write();
    const Dispositions odd({SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGUSR1, SIGALRM}, {SIGHUP, SIGPIPE, SIGXFSZ});
    Running running(oci_words({"run", "-b", made.dir, "one"}));
    ASSERT_TRUE(eventually([&] { return out("up") == "\n"; })) << describe(running.wait(1));
    signal_one(running.pid(), SIGTERM);
    const Ran ran = running.wait();
    EXPECT_STATUS(ran, 9);
    EXPECT_HAS(ran.out, "SigBlk:\t0000000000000000");
    nothing_left();
}

TEST_F(OddCallers, ClosedStandardDescriptorsInAnyCombination) {
    const Bundle made = bundle("one", "exit 3");
    made.write();
    start("two", "sleep 1000");
    for (int closed = 1; closed < 8; ++closed) {
        std::string redirections;
        for (int fd = 0; fd < 3; ++fd)
            if ((closed >> fd & 1) != 0) redirections += " " + std::to_string(fd) + ">&-";
        EXPECT_STATUS(after("true", {"run", "-b", made.dir, "one"}, redirections), 3) << redirections;
        EXPECT_STATUS(after("true", {"exec", "two", "/bin/sh", "-c", "exit 4"}, redirections), 4) << redirections;
    }
    // What was closed is the null device, and nothing of ctr's own.
    const Bundle looks = bundle("looks", "for i in 0 1 2; do readlink /proc/self/fd/$i; done > /out/text");
    looks.write();
    after("true", {"run", "-b", looks.dir, "one"}, "<&- >&- 2>&-");
    EXPECT_EQ(out(), "/dev/null\n/out/text\n/dev/null\n");
    remove("two");
}

TEST_F(OddCallers, LowLimitsAreSaidAndLeaveNothing) {
    const Bundle made = bundle("one", "exit 3");
    made.write();
    for (const int files : {5, 8, 12, 16, 20}) {
        const Ran ran = after("ulimit -n " + std::to_string(files), {"run", "-b", made.dir, "one"});
        if (ran.status == 3) continue;
        EXPECT_STATUS(ran, 1);
        EXPECT_HAS(ran.err, "EMFILE");
        nothing_left();
    }
    for (const char *limit : {"ulimit -u 0", "ulimit -l 0", "ulimit -s 64", "ulimit -c 0"})
        EXPECT_STATUS(after(limit, {"run", "-b", made.dir, "one"}), 3) << limit;
}

TEST_F(OddCallers, ADeletedWorkingDirectory) {
    const Bundle made = bundle("one", "exit 3");
    made.write();
    EXPECT_STATUS(after("mkdir -p " + box.dir() + "/gone; cd " + box.dir() + "/gone; rmdir " + box.dir() + "/gone",
                        {"run", "-b", made.dir, "one"}),
                  3);
}

TEST_F(OddCallers, TheUmaskChangesNothing) {
    const std::string state = box.dir() + "/umask-state";
    const Bundle made = bundle("one", "umask");
    made.write();
    for (const char *mask : {"0", "0777", "0077"}) {
        const std::string call = "umask " + std::string(mask);
        Words words = {
            CTR_BUILD_DIR "/bin/ctr-oci", "--root", state, "--config-file", box.config(), "run", "-b", made.dir, "one"};
        std::string script = call + "; exec";
        for (const std::string &word : words)
            script += " '" + word + "'";
        const Ran ran = command({"/bin/bash", "-c", script});
        EXPECT_STATUS(ran, 0) << mask;
        EXPECT_EQ(ran.out, "0022\n") << "the container's own is not the caller's";
        struct stat st {};
        ASSERT_EQ(::stat((state + "/containers").c_str(), &st), 0);
        EXPECT_EQ(st.st_mode & 0022U, 0U) << mask << ": writable by others";
        EXPECT_EQ(st.st_mode & 0700U, 0700U) << mask;
        std::filesystem::remove_all(state);
    }
    // What is made for the caller has the mode that he wants.
    const std::string spec = box.dir() + "/umask-spec";
    must({"mkdir", "-p", spec});
    EXPECT_STATUS(command({"/bin/bash", "-c", "umask 0077; cd " + spec + "; " CTR_BUILD_DIR "/bin/ctr-oci spec"}), 0);
    struct stat st {};
    ASSERT_EQ(::stat((spec + "/config.json").c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 0777U, 0600U);
    std::filesystem::remove_all(spec);
}

TEST_F(OddCallers, AProcThatIsNotOursIsSaid) {
    const Bundle made = bundle("one", "exit 3");
    made.write();
    std::string call;
    for (const std::string &word : oci_words({"run", "-b", made.dir, "one"}))
        call += " '" + word + "'";
    const auto in_mount_namespace = [](const std::string &script) {
        return command({"unshare", "-m", "--propagation", "private", "/bin/bash", "-c", script});
    };
    for (const char *proc : {"mount -t tmpfs none /proc", "umount -l /proc"}) {
        const Ran ran = in_mount_namespace(std::string(proc) + "; exec" + call);
        EXPECT_TRUE(ran.status == 1 || ran.status == 127) << describe(ran);
        EXPECT_HAS(ran.err, "/proc");
    }
    // Of another pid namespace: pids there are those of strangers.
    const Ran foreign = command({"unshare", "-pf", "/bin/bash", "-c", "true;" + call});
    EXPECT_STATUS(foreign, 1);
    EXPECT_HAS(foreign.err, "another pid namespace");
    nothing_left();
}

TEST_F(OddCallers, WithoutANullDeviceNothingOfTheMachineIsStdin) {
    const Bundle made = bundle("one", "cat; readlink /proc/self/fd/0 > /out/text");
    made.write();
    std::string call;
    for (const std::string &word : oci_words({"run", "-b", made.dir, "one"}))
        call += " '" + word + "'";
    const Ran ran = command({"unshare", "-m", "--propagation", "private", "/bin/bash", "-c",
                             "mount -t tmpfs none /dev; exec" + call + " <&-"});
    EXPECT_STATUS(ran, 0);
    EXPECT_EQ(ran.out, "");
    EXPECT_HAS(out(), "memfd:null");
}
