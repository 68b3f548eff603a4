// SPDX-License-Identifier: MIT
//
// ctr-oci: --console-socket and --pidfd-socket with a receiver at their other ends, and terminals that work.
#include "fixture/oci.hpp"
#include "fixture/receiver.hpp"

#include <csignal>
#include <filesystem>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace fixture;

namespace {

class OciConsole : public OciTest {
protected:
    Receiver receiver{box.dir() + "/console.sock"};

    Bundle terminal(const std::string &name, const std::string &script) const {
        Bundle made = bundle(name, script);
        made.config["process"]["terminal"] = true;
        return made;
    }
};

bool is_pidfd_of(int fd, int pid) {
    const std::string info = read_text("/proc/self/fdinfo/" + std::to_string(fd));
    return info.find("Pid:\t" + std::to_string(pid) + "\n") != std::string::npos;
}

} // namespace

TEST_F(OciConsole, CreateSendsTheMasterOfAWorkingTerminal) {
    Bundle shell = terminal("one", "trap 'echo interrupted > /out/text; exit' INT; probe tty; read line; echo got "
                                   "$line; stty size; while :; do sleep 0.05; done");
    shell.config["process"]["consoleSize"] = {{"width", 81}, {"height", 26}};
    create("one", shell, {"--console-socket", receiver.path()});
    const int master = receiver.take();
    ASSERT_GE(master, 0);
    EXPECT_EQ(::isatty(master), 1);
    EXPECT_NE(receiver.text(), "");
    ASSERT_STATUS(oci({"start", "one"}), 0);
    EXPECT_HAS(read_terminal(master, "pts/0"), "tty 1 size 81x26 name /dev/pts/0");
    winsize size = {40, 100, 0, 0};
    EXPECT_EQ(::ioctl(master, TIOCSWINSZ, &size), 0);
    write_terminal(master, "hello\n");
    const std::string seen = read_terminal(master, "40 100");
    EXPECT_HAS(seen, "got hello");
    EXPECT_HAS(seen, "40 100");
    // ^C reaches the program: the terminal is the controlling one of its session. Only a signal that it handles, for it
    // is the first of its pid namespace.
    write_terminal(master, "\x03");
    EXPECT_TRUE(wrote("interrupted\n"));
    EXPECT_TRUE(becomes("one", "stopped"));
    remove("one");
}

TEST_F(OciConsole, ADetachedRunSendsItToo) {
    const Bundle shell = terminal("one", "tty > /out/text; ls -l /dev/console >> /out/text; sleep 1000");
    shell.write();
    ASSERT_STATUS(oci({"run", "-d", "--console-socket", receiver.path(), "-b", shell.dir, "one"}), 0);
    ASSERT_GE(receiver.take(), 0);
    EXPECT_TRUE(eventually([&] { return out().find("console") != std::string::npos; }));
    EXPECT_HAS(out(), "/dev/pts/0\nc");
    remove("one");
}

TEST_F(OciConsole, ADetachedExecHasATerminalOfItsOwn) {
    start("one", "sleep 1000");
    ASSERT_STATUS(oci({"exec", "-t", "-d", "--console-socket", receiver.path(), "one", "/bin/sh", "-c",
                       "probe tty; tty > /out/text; sleep 1000"}),
                  0);
    const int master = receiver.take();
    ASSERT_GE(master, 0);
    EXPECT_HAS(read_terminal(master, "name"), "tty 1");
    EXPECT_TRUE(eventually([&] { return out() == "/dev/pts/0\n"; })) << out();
    remove("one");
}

TEST_F(OciConsole, AnExecsTerminalHasTheSizeThatIsSaid) {
    start("one", "sleep 1000");
    const std::string file = box.dir() + "/process.json";
    write_text(file, Json({{"args", {"/bin/sh", "-c", "stty size"}},
                           {"cwd", "/"},
                           {"user", {{"uid", 0}, {"gid", 0}}},
                           {"env", {"PATH=/bin"}},
                           {"terminal", true},
                           {"consoleSize", {{"width", 77}, {"height", 33}}}})
                         .dump());
    EXPECT_EQ(oci({"exec", "-p", file, "one"}).out, "33 77\n");
    remove("one");
}

TEST_F(OciConsole, WhereNoTerminalShowsThemLinesEndAsElsewhere) {
    Bundle made = terminal("one", "echo a; stty -a");
    const Ran ran = run(made);
    EXPECT_EQ(ran.out.find('\r'), std::string::npos) << ran.out;
    EXPECT_EQ(ran.out.substr(0, 2), "a\n");
    EXPECT_HAS(ran.out, "-onlcr");
    start("one", "sleep 1000");
    EXPECT_EQ(oci({"exec", "-t", "one", "/bin/echo", "b"}).out, "b\n");
    remove("one");
    // A receiver's terminal is the receiver's business.
    create("two", terminal("two", "stty -a; sleep 1000"), {"--console-socket", receiver.path()});
    const int master = receiver.take();
    ASSERT_GE(master, 0);
    ASSERT_STATUS(oci({"start", "two"}), 0);
    EXPECT_HAS(read_terminal(master, "onlcr"), " onlcr");
    ::close(master);
    remove("two");
}

TEST_F(OciConsole, ATerminalNeedsAReceiverAndAReceiverATerminal) {
    const Bundle with = terminal("one", "true"), without = bundle("two", "true");
    with.write();
    without.write();
    EXPECT_REFUSED(oci({"create", "-b", with.dir, "one"}), "cannot allocate tty if");
    EXPECT_REFUSED(oci({"run", "-d", "-b", with.dir, "one"}), "cannot allocate tty if");
    EXPECT_REFUSED(oci({"create", "--console-socket", receiver.path(), "-b", without.dir, "two"}),
                   "cannot use console socket");
    EXPECT_REFUSED(oci({"create", "--console-socket", box.dir() + "/nobody", "-b", with.dir, "one"}),
                   "--console-socket");
    write_text(box.dir() + "/no-socket", "");
    EXPECT_REFUSED(oci({"create", "--console-socket", box.dir() + "/no-socket", "-b", with.dir, "one"}),
                   "--console-socket");
    start("one", "sleep 1000");
    EXPECT_STATUS(oci({"exec", "-t", "-d", "one", "/bin/true"}), 255);
    EXPECT_STATUS(oci({"exec", "--console-socket", receiver.path(), "one", "/bin/true"}), 255);
    remove("one");
}

TEST_F(OciConsole, APidfdIsSent) {
    create("one", bundle("one", "sleep 1000"), {"--pidfd-socket", receiver.path()});
    const int pidfd = receiver.take();
    ASSERT_GE(pidfd, 0);
    EXPECT_TRUE(is_pidfd_of(pidfd, state("one")["pid"].get<int>()));
    ASSERT_STATUS(oci({"start", "one"}), 0);
    EXPECT_EQ(::syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, nullptr, 0), 0);
    pollfd gone = {pidfd, POLLIN, 0};
    EXPECT_EQ(::poll(&gone, 1, static_cast<int>(patience * 1000)), 1);
    remove("one");
}

TEST_F(OciConsole, APidfdOfAnExecIsSent) {
    start("one", "sleep 1000");
    const std::string file = box.dir() + "/pid";
    ASSERT_STATUS(oci({"exec", "-d", "--pid-file", file, "--pidfd-socket", receiver.path(), "one", "sleep", "1000"}),
                  0);
    const int pidfd = receiver.take();
    ASSERT_GE(pidfd, 0);
    EXPECT_TRUE(is_pidfd_of(pidfd, std::stoi(read_text(file))));
    remove("one");
}

TEST_F(OciConsole, PathsMayBeLongerThanASocketAddress) {
    const std::string deep = box.dir() + "/" + std::string(60, 'd') + "/" + std::string(80, 'e');
    std::filesystem::create_directories(deep);
    Receiver far(deep + "/console.sock"), far_pid(deep + "/pid.sock");
    const Bundle shell = terminal("one", "echo up; sleep 1000");
    shell.write();
    const Words globals = {"--root", deep + "/root"}; // what is said last counts
    ASSERT_STATUS(
        oci({"create", "--console-socket", far.path(), "--pidfd-socket", far_pid.path(), "-b", shell.dir, "one"},
            globals),
        0);
    const int master = far.take();
    ASSERT_GE(master, 0);
    EXPECT_GE(far_pid.take(), 0);
    ASSERT_STATUS(oci({"start", "one"}, globals), 0);
    EXPECT_HAS(read_terminal(master, "up"), "up");
    EXPECT_STATUS(oci({"delete", "--force", "one"}, globals), 0);
    EXPECT_EQ(oci({"list", "-q"}, globals).out, "");
    std::filesystem::remove_all(deep);
}

TEST_F(OciConsole, AReceiverThatHangsUpFailsTheCreateAndNothingIsLeft) {
    const std::string path = box.dir() + "/hangup.sock";
    { Receiver gone(path); }
    const Bundle shell = terminal("one", "true");
    shell.write();
    EXPECT_REFUSED(oci({"create", "--console-socket", path, "-b", shell.dir, "one"}), "--console-socket");
    EXPECT_EQ(status("one"), "gone");
}
