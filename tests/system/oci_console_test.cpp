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
    Bundle shell = terminal(
        "one", "probe tty; trap 'exit 0' INT; read line; echo got $line; stty size; while :; do sleep 0.05; done");
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
    // ^C reaches the program: the terminal is the controlling one of its session. As the first process of its pid namespace it hears what it has a handler for.
    write_terminal(master, "\x03");
    EXPECT_TRUE(becomes("one", "stopped"));
    remove("one");
}

TEST_F(OciConsole, ADetachedRunSendsItToo) {
    const Bundle shell = terminal("one", "tty > /out/text; ls -l /dev/console >> /out/text; sleep 60");
    shell.write();
    ASSERT_STATUS(oci({"run", "-d", "--console-socket", receiver.path(), "-b", shell.dir, "one"}), 0);
    ASSERT_GE(receiver.take(), 0);
    EXPECT_TRUE(eventually([&] { return out().find("console") != std::string::npos; }));
    EXPECT_HAS(out(), "/dev/pts/0\nc");
    remove("one");
}

TEST_F(OciConsole, ADetachedExecHasATerminalOfItsOwn) {
    start("one", "sleep 60");
    ASSERT_STATUS(oci({"exec", "-t", "-d", "--console-socket", receiver.path(), "one", "/bin/sh", "-c",
                       "probe tty; tty > /out/text; sleep 0.2"}),
                  0);
    const int master = receiver.take();
    ASSERT_GE(master, 0);
    EXPECT_HAS(read_terminal(master, "name"), "tty 1");
    EXPECT_TRUE(eventually([&] { return out() == "/dev/pts/0\n"; })) << out();
    remove("one");
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
    start("one", "sleep 60");
    EXPECT_STATUS(oci({"exec", "-t", "-d", "one", "/bin/true"}), 255);
    EXPECT_STATUS(oci({"exec", "--console-socket", receiver.path(), "one", "/bin/true"}), 255);
    remove("one");
}

TEST_F(OciConsole, APidfdIsSent) {
    create("one", bundle("one", "sleep 60"), {"--pidfd-socket", receiver.path()});
    const int pidfd = receiver.take();
    ASSERT_GE(pidfd, 0);
    EXPECT_TRUE(is_pidfd_of(pidfd, state("one")["pid"].get<int>()));
    ASSERT_STATUS(oci({"start", "one"}), 0);
    EXPECT_EQ(::syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, nullptr, 0), 0);
    pollfd gone = {pidfd, POLLIN, 0};
    EXPECT_EQ(::poll(&gone, 1, 5000), 1);
    remove("one");
}

TEST_F(OciConsole, APidfdOfAnExecIsSent) {
    start("one", "sleep 60");
    const std::string file = box.dir() + "/pid";
    ASSERT_STATUS(oci({"exec", "-d", "--pid-file", file, "--pidfd-socket", receiver.path(), "one", "sleep", "60"}), 0);
    const int pidfd = receiver.take();
    ASSERT_GE(pidfd, 0);
    EXPECT_TRUE(is_pidfd_of(pidfd, std::stoi(read_text(file))));
    remove("one");
}

TEST_F(OciConsole, PathsMayBeLongerThanASocketAddress) {
    const std::string deep = box.dir() + "/" + std::string(60, 'd') + "/" + std::string(80, 'e');
    std::filesystem::create_directories(deep);
    Receiver far(deep + "/console.sock"), far_pid(deep + "/pid.sock");
    const Bundle shell = terminal("one", "echo up; sleep 60");
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
