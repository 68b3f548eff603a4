// SPDX-License-Identifier: MIT
//
// Odd callers: what a process has from its caller, and did not ask for, harms neither ctr nor the container.
#include "fixture/oci.hpp"

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utility>

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
    // Without the document's own RLIMIT_NOFILE: a caller without CAP_SYS_RESOURCE cannot raise the limit that he
    // lowered. How far a start comes depends on what else is open; one that came so far would fail for that.
    Bundle made = bundle("one", "exit 3");
    made.config["process"].erase("rlimits");
    made.write();
    for (const int files : {5, 8, 12, 16, 20, 24, 32}) {
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

// ---- told to end before it is through -------------------------------------------------------------------------------

namespace {

class ToldToEnd : public OddCallers {
protected:
    const std::string hook = "sleep " + std::to_string(100000 + ::getpid());
    /// A bundle with a hook that writes its pid to `file`, one of the machine's and of the container's, and hangs.
    Bundle hanging(const std::string &when) const {
        Bundle made = bundle("one", "sleep 60");
        const std::string where = when == "startContainer" ? "/out" : out_dir;
        made.config["hooks"][when] = {
            {{"path", "/bin/sh"}, {"args", {"sh", "-c", "echo $$ > " + where + "/pid; exec " + hook}}}};
        made.own_root();
        made.write();
        std::filesystem::remove(out_dir + "/pid");
        return made;
    }
    bool hangs() const {
        return eventually([&] { return !out("pid").empty(); });
    }
    void all_gone() const {
        nothing_left();
        EXPECT_FALSE(std::filesystem::exists(cgroup("one", "pids")));
        EXPECT_TRUE(eventually([&] { return command({"pgrep", "-xf", hook}).out.empty(); }, 10));
    }
};

} // namespace

TEST_F(ToldToEnd, RunEndsAndTakesBack) {
    for (const char *when : {"prestart", "createRuntime", "createContainer", "startContainer", "poststart"}) {
        const Bundle made = hanging(when);
        for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGQUIT}) {
            std::filesystem::remove(out_dir + "/pid");
            Running running(oci_words({"run", "-b", made.dir, "one"}));
            ASSERT_TRUE(hangs()) << running.printed();
            signal_one(running.pid(), signal);
            const Ran ran = running.wait();
            EXPECT_STATUS(ran, 128 + signal) << when;
            EXPECT_HAS(ran.err, "what was done is taken back") << when;
            all_gone();
        }
    }
}

TEST_F(ToldToEnd, CreateOrStartEndsAndTheNameIsFree) {
    for (const std::string when : {"prestart", "createRuntime", "createContainer", "startContainer", "poststart"}) {
        const Bundle made = hanging(when);
        const bool at_start = when == "startContainer" || when == "poststart";
        if (at_start) {
            ASSERT_STATUS(oci({"create", "-b", made.dir, "one"}), 0);
        }
        Running running(at_start ? oci_words({"start", "one"}) : oci_words({"create", "-b", made.dir, "one"}));
        ASSERT_TRUE(hangs()) << running.printed();
        if (!at_start) {
            EXPECT_EQ(status("one"), "gone") << "it is not created yet";
        }
        signal_one(running.pid(), SIGTERM);
        EXPECT_STATUS(running.wait(), 128 + SIGTERM) << when;
        all_gone();
    }
}

TEST_F(ToldToEnd, APoststopHookThatHangsIsKilledAndTheRestGoesOn) {
    Bundle made = bundle("one", "exit 5");
    made.config["hooks"]["poststop"] = {
        {{"path", "/bin/sh"}, {"args", {"sh", "-c", "echo $$ > " + out_dir + "/pid; exec " + hook}}},
        {{"path", "/bin/sh"}, {"args", {"sh", "-c", "echo ran > " + out_dir + "/second"}}}};
    made.write();
    Running running(oci_words({"run", "-b", made.dir, "one"}));
    ASSERT_TRUE(hangs()) << running.printed();
    signal_one(running.pid(), SIGTERM);
    EXPECT_STATUS(running.wait(), 5);
    EXPECT_EQ(out("second"), "ran\n");
    all_gone();
}

TEST_F(ToldToEnd, ANameIsFreeAfterACreateThatWasKilled) {
    const Bundle made = hanging("createRuntime");
    Running running(oci_words({"create", "-b", made.dir, "one"}));
    ASSERT_TRUE(hangs()) << running.printed();
    signal_one(running.pid(), SIGKILL);
    running.wait();
    Bundle again = bundle("again", "exit 3");
    EXPECT_STATUS(run(again, {}, "one"), 3);
    all_gone();
}

TEST_F(OddCallers, AListOfARootThatDoesNotExistIsAnError) {
    const Ran ran = command({CTR_BUILD_DIR "/bin/ctr-oci", "--root", box.dir() + "/not-there", "list"});
    EXPECT_REFUSED(ran, "not-there");
}

// ---- the program's own place and name -------------------------------------------------------------------------------

TEST_F(OddCallers, ACopyOfTheProgramFindsItsInstallation) {
    const std::string copy = box.dir() + "/some-name";
    must({"cp", "-L", CTR_BUILD_DIR "/bin/ctr-oci", copy});
    const Ran version = command({copy, "--version"});
    EXPECT_STATUS(version, 0);
    EXPECT_EQ(version.out.rfind("runc version ", 0), 0U) << "by another name it is the engines'";
    const Bundle made = bundle("one", "exit 3");
    made.write();
    Words words = oci_words({"run", "-b", made.dir, "one"});
    words[0] = copy;
    EXPECT_STATUS(command(words), 3);
    for (const char *name : {"/ctr", "/ctr-0.1"}) {
        must({"cp", "-L", CTR_BUILD_DIR "/bin/ctr", box.dir() + name});
        EXPECT_HAS(command({box.dir() + name, "--version"}).out, "plugin ABI");
        std::filesystem::remove(box.dir() + name);
    }
    std::filesystem::remove(copy);
}

TEST_F(OddCallers, ALibraryThatOthersCouldHaveMadeIsNotLoaded) {
    // PREFIX/bin/ctr of a prefix that somebody else made: his library would run as root.
    const std::string prefix = box.dir() + "/prefix";
    for (const char *spoilt : {"", "/lib", "/lib/ctr", "/lib/ctr/libctr-core.so"}) {
        must({"mkdir", "-p", prefix + "/bin", prefix + "/lib/ctr"});
        must({"cp", "-L", CTR_BUILD_DIR "/bin/ctr-oci", prefix + "/bin/tool"});
        write_text(prefix + "/lib/ctr/libctr-core.so", "not a library\n");
        EXPECT_STATUS(command({prefix + "/bin/tool", "--version"}), 0) << "the installation's is taken instead";
        must({"cp", CTR_BUILD_DIR "/lib/ctr/libctr-core.so", prefix + "/lib/ctr/libctr-core.so"});
        must({"chmod", "o+w", prefix + spoilt});
        // Beside it there are no plugins: which library was loaded shows in what it finds.
        const Ran ran = command({prefix + "/bin/tool", "features"});
        EXPECT_STATUS(ran, 0);
        const Ran maps = command({"/bin/sh", "-c", "LD_DEBUG=files " + prefix + "/bin/tool --version 2>&1"});
        EXPECT_EQ(maps.out.find("calling init: " + prefix), std::string::npos) << spoilt;
        std::filesystem::remove_all(prefix);
    }
}

// ---- terminals of containers in the foreground ----------------------------------------------------------------------

namespace {

class Foreground : public OddCallers {
protected:
    Bundle terminal(const std::string &script) const {
        Bundle made = bundle("one", script);
        made.config["process"]["terminal"] = true;
        made.write();
        return made;
    }
    /// ctr-oci with these ends as its stdin and stdout; the test's are closed.
    static pid_t call(const Words &words, int input, int output) {
        std::vector<char *> pointers;
        for (const std::string &word : words)
            pointers.push_back(const_cast<char *>(word.c_str()));
        pointers.push_back(nullptr);
        const pid_t pid = ::fork();
        if (pid != 0) return pid;
        ::setsid();
        ::dup2(input, 0);
        ::dup2(output, 1);
        ::close_range(3, ~0U, 0);
        ::execv(pointers[0], pointers.data());
        ::_exit(126);
    }
    /// Its status, as shells report it; -1: it does not end within ten seconds.
    static int ends(pid_t pid) {
        int status = 0;
        if (eventually([&] { return ::waitpid(pid, &status, WNOHANG) == pid; }, 10))
            return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        signal_one(pid, SIGKILL);
        ::waitpid(pid, &status, 0);
        return -1;
    }
    bool is_up() const {
        return eventually([&] { return out("up") == "\n"; });
    }
    void TearDown() override {
        std::filesystem::remove(out_dir + "/up");
        OddCallers::TearDown();
    }
};

struct Ends {
    int reading = -1, writing = -1;
    explicit Ends(bool sockets = false) {
        int both[2];
        if ((sockets ? ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, both) : ::pipe2(both, O_CLOEXEC)) == 0)
            reading = both[0], writing = both[1];
    }
    ~Ends() {
        ::close(reading);
        ::close(writing);
    }
    Ends(const Ends &) = delete;
    Ends &operator=(const Ends &) = delete;
    /// Until nothing more fits.
    void fill() const {
        ::fcntl(writing, F_SETFL, O_NONBLOCK);
        const std::string much(4096, 'x');
        while (::write(writing, much.data(), much.size()) > 0) {
        }
    }
};

} // namespace

TEST_F(Foreground, WhoDoesNotReadStopsNeitherSignalsNorTheEnd) {
    // Input that the container does not take; output that nobody takes; both; through pipes and sockets.
    const Bundle made = terminal(
        "stty raw -echo; trap 'exit 9' TERM; echo > /out/up; while [ -e /out/up ]; do head -c 100000 /dev/zero; "
        "sleep 0.1; done; exit 5");
    for (const bool sockets : {false, true})
        for (const bool killed : {false, true}) {
            const Ends input(sockets), output(sockets);
            const pid_t pid = call(oci_words({"run", "-b", made.dir, "one"}), input.reading, output.writing);
            input.fill();
            ASSERT_TRUE(is_up());
            ::usleep(300000); // both are full now
            input.fill();
            if (killed) {
                ASSERT_STATUS(oci({"kill", "one", "KILL"}), 0);
            } else {
                signal_one(pid, SIGTERM);
                // The shell is in a write that nobody takes: its trap runs when the terminal is gone, or a foreground
                // command ends.
                ::usleep(200000);
                oci({"kill", "one", "KILL"});
            }
            EXPECT_GE(ends(pid), 0) << "it hangs";
            nothing_left();
            std::filesystem::remove(out_dir + "/up");
        }
}

TEST_F(Foreground, SignalsReachAContainerThatDoesNotReadItsTerminal) {
    const Bundle made = terminal("stty raw -echo; trap 'exit 9' TERM; echo > /out/up; while :; do sleep 0.1; done");
    const Ends input;
    const Ends output;
    const pid_t pid = call(oci_words({"run", "-b", made.dir, "one"}), input.reading, output.writing);
    ASSERT_TRUE(is_up());
    for (int i = 0; i < 20; ++i, ::usleep(20000))
        input.fill();
    signal_one(pid, SIGTERM);
    EXPECT_EQ(ends(pid), 9);
    nothing_left();
}

TEST_F(Foreground, AllThatWasPrintedArrivesThoughItIsTakenLate) {
    const Bundle made = terminal("stty raw; head -c 300000 /dev/zero; exit 5");
    const Ends input;
    Ends output;
    const pid_t pid = call(oci_words({"run", "-b", made.dir, "one"}), input.reading, output.writing);
    ::close(std::exchange(output.writing, -1));
    std::size_t all = 0;
    char buffer[65536];
    ::usleep(500000);
    for (ssize_t n; (n = ::read(output.reading, buffer, 5000)) > 0; ::usleep(1000))
        all += static_cast<std::size_t>(n);
    EXPECT_EQ(ends(pid), 5);
    EXPECT_EQ(all, 300000U);
}

TEST_F(Foreground, RealtimeSignalsArePassedOn) {
    const Bundle made = bundle("one", "trap 'exit 9' 37; echo > /out/up; while :; do sleep 0.1; done");
    made.write();
    const Ends input;
    const Ends output;
    const pid_t pid = call(oci_words({"run", "-b", made.dir, "one"}), input.reading, output.writing);
    ASSERT_TRUE(is_up());
    signal_one(pid, SIGRTMIN + 3);
    EXPECT_EQ(ends(pid), 9);
}

TEST_F(Foreground, TheTerminalsModesAreBackOnEveryEnd) {
    const Bundle made = terminal("echo > /out/up; while :; do sleep 0.1; done");
    for (const int signal : {SIGKILL, SIGTERM}) {
        const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        ASSERT_GE(master, 0);
        ASSERT_EQ(::grantpt(master) + ::unlockpt(master), 0);
        const int slave = ::open(::ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
        termios before{}, during{}, after{};
        ASSERT_EQ(::tcgetattr(slave, &before), 0);
        const pid_t pid = call(oci_words({"run", "-b", made.dir, "one"}), slave, slave);
        ASSERT_TRUE(is_up());
        EXPECT_TRUE(eventually([&] { return ::tcgetattr(slave, &during) == 0 && (during.c_lflag & ICANON) == 0; }, 5));
        if (signal == SIGTERM) signal_one(pid, SIGTERM); // passed on; the shell is deaf to it as the first process
        ASSERT_STATUS(oci({"kill", "one", "KILL"}), 0);
        EXPECT_EQ(ends(pid), 137);
        EXPECT_EQ(::tcgetattr(slave, &after), 0);
        EXPECT_EQ(before.c_lflag, after.c_lflag);
        EXPECT_EQ(before.c_oflag, after.c_oflag);
        ::close(slave);
        ::close(master);
        std::filesystem::remove(out_dir + "/up");
    }
}

// ---- NOTIFY_SOCKET --------------------------------------------------------------------------------------------------

namespace {

/// A service manager: keeps all that it hears.
class Manager {
public:
    explicit Manager(const std::string &path)
        : path_(path), fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
        sockaddr_un at{};
        at.sun_family = AF_UNIX;
        path.copy(at.sun_path, sizeof at.sun_path - 1);
        ::unlink(path.c_str());
        if (::bind(fd_, reinterpret_cast<const sockaddr *>(&at), sizeof at) != 0) std::perror("bind");
    }
    ~Manager() {
        ::close(fd_);
        ::unlink(path_.c_str());
    }
    Manager(const Manager &) = delete;
    Manager &operator=(const Manager &) = delete;
    bool heard(const std::string &what) {
        return eventually(
            [&] {
                char text[8192];
                for (ssize_t n; (n = ::recv(fd_, text, sizeof text, 0)) > 0;)
                    all_.append(text, static_cast<std::size_t>(n));
                return all_.find(what) != std::string::npos;
            },
            10);
    }
    const std::string &all() const { return all_; }

private:
    std::string path_, all_;
    int fd_;
};

class NotifySocket : public OddCallers {
protected:
    Manager manager{box.dir() + "/manager.sock"};
    Ran with_manager(const Words &words) const {
        Words argv = {"env", "NOTIFY_SOCKET=" + box.dir() + "/manager.sock"};
        const Words call = oci_words(words);
        argv.insert(argv.end(), call.begin(), call.end());
        return command(argv);
    }
    /// Says this and that as the program of a container; probe sends a datagram.
    Bundle speaking(const std::string &rest) const {
        Bundle made =
            bundle("one", "echo $NOTIFY_SOCKET > /out/text; probe notify 'MAINPID=1' 'FDSTORE=1' 'STATUS=warming up'; "
                          "probe notify 'READY=1'; " +
                              rest);
        made.own_root();
        made.write();
        return made;
    }
    bool no_relay() const {
        return eventually([&] { return command({"pgrep", "-f", oci_words({})[2]}).out.empty(); }, 10);
    }
};

} // namespace

TEST_F(NotifySocket, ARunInTheForegroundPassesOnUntilTheEnd) {
    const Bundle made = speaking("sleep 0.2; probe notify 'STATUS=going down' 'STOPPING=1'; exit 4");
    EXPECT_STATUS(with_manager({"run", "-b", made.dir, "one"}), 4);
    EXPECT_EQ(out(), "/run/notify/notify.sock\n");
    EXPECT_TRUE(manager.heard("STATUS=warming up\n"));
    EXPECT_TRUE(manager.heard("READY=1\nMAINPID="));
    EXPECT_TRUE(manager.heard("STOPPING=1\n"));
    EXPECT_EQ(manager.all().find("MAINPID=1\n"), std::string::npos) << "a pid of the container's own";
    EXPECT_EQ(manager.all().find("FDSTORE"), std::string::npos);
    nothing_left();
}

TEST_F(NotifySocket, StartAndDetachedRunWaitUntilItIsReadyAndSomebodyStays) {
    for (const bool detached : {false, true}) {
        const Bundle made =
            speaking("while [ ! -e /out/go ]; do sleep 0.05; done; probe notify 'STATUS=late'; sleep 1000");
        if (detached) {
            ASSERT_STATUS(with_manager({"run", "-d", "-b", made.dir, "one"}), 0);
        } else {
            ASSERT_STATUS(with_manager({"create", "-b", made.dir, "one"}), 0);
            ASSERT_STATUS(with_manager({"start", "one"}), 0);
        }
        EXPECT_TRUE(manager.heard("READY=1\nMAINPID=" + std::to_string(state("one")["pid"].get<int>()) + "\n"));
        write_text(out_dir + "/go", "");
        EXPECT_TRUE(manager.heard("STATUS=late\n"));
        remove("one");
        EXPECT_TRUE(no_relay());
        std::filesystem::remove(out_dir + "/go");
    }
}

TEST_F(NotifySocket, AProgramThatEndsWithoutBeingReadyHoldsNobodyUp) {
    const Bundle made = bundle("one", "exit 3");
    made.write();
    ASSERT_STATUS(with_manager({"create", "-b", made.dir, "one"}), 0);
    EXPECT_STATUS(with_manager({"start", "one"}), 0);
    remove("one");
    EXPECT_TRUE(no_relay());
}

TEST_F(NotifySocket, ABundleThatHasOneKeepsIt) {
    Bundle made = bundle("one", "echo $NOTIFY_SOCKET > /out/text");
    made.config["process"]["env"].push_back("NOTIFY_SOCKET=/its/own");
    made.write();
    EXPECT_STATUS(with_manager({"run", "-b", made.dir, "one"}), 0);
    EXPECT_EQ(out(), "/its/own\n");
}
