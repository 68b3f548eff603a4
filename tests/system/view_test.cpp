// SPDX-License-Identifier: MIT
//
// A container's view of itself, read back from inside, for each storage driver.
#include "fixture/sandbox.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <pty.h>
#include <sstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace fixture;

namespace {

class View : public DriversTest {};
INSTANTIATE_TEST_SUITE_P(Drivers, View,
                         testing::Values(Drivers{"overlay", "bridge"}, Drivers{"btrfs", "bridge"},
                                         Drivers{"rootfs", "none"}),
                         name_of_parameter);

/// The value of "NAME:\tVALUE" in /proc/self/status.
std::string status_line(const std::string &text, const std::string &name) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        if (line.rfind(name + ":", 0) == 0) return line.substr(line.find_first_not_of(" \t", name.size() + 1));
    return "(missing)";
}

} // namespace

TEST_P(View, HasDockersCapabilitiesAndASeccompFilter) {
    const Ran ran = sh("cat /proc/self/status");
    ASSERT_STATUS(ran, 0);
    EXPECT_EQ(status_line(ran.out, "CapEff"), "00000000a80425fb");
    EXPECT_EQ(status_line(ran.out, "CapPrm"), "00000000a80425fb");
    EXPECT_EQ(status_line(ran.out, "CapBnd"), "00000000a80425fb");
    EXPECT_EQ(status_line(ran.out, "CapInh"), "0000000000000000");
    EXPECT_EQ(status_line(ran.out, "CapAmb"), "0000000000000000");
    EXPECT_EQ(status_line(ran.out, "NoNewPrivs"), "0");
    EXPECT_EQ(status_line(ran.out, "Seccomp"), "2");
}

TEST_P(View, CapabilitiesAreAddedAndDropped) {
    Ran ran = sh("cat /proc/self/status", {"--cap-drop", "ALL", "--cap-add", "NET_ADMIN"});
    ASSERT_STATUS(ran, 0);
    EXPECT_EQ(status_line(ran.out, "CapEff"), "0000000000001000");
    EXPECT_EQ(status_line(ran.out, "CapBnd"), "0000000000001000");
    ran = sh("cat /proc/self/status", {"--security-opt", "no-new-privileges"});
    EXPECT_EQ(status_line(ran.out, "NoNewPrivs"), "1");
    EXPECT_EQ(status_line(ran.out, "Seccomp"), "2");
    ran = sh("cat /proc/self/status", {"--security-opt", "seccomp=unconfined"});
    EXPECT_EQ(status_line(ran.out, "Seccomp"), "0");
}

TEST_P(View, ForbiddenSystemCallsFail) {
    for (const char *what : {"unshare", "userns", "mount", "keyctl", "bpf", "reboot", "sethostname"}) {
        const Ran ran = run({}, {"/bin/probe", what});
        EXPECT_STATUS(ran, 1) << what;
        EXPECT_EQ(ran.out, "errno 1\n") << what;
    }
}

TEST_P(View, IsAloneInItsNamespaces) {
    const Ran ran = sh("for n in mnt uts ipc pid cgroup net; do readlink /proc/self/ns/$n; done; echo pid $$");
    ASSERT_STATUS(ran, 0);
    std::istringstream lines(ran.out);
    for (const char *name : {"mnt", "uts", "ipc", "pid", "cgroup", "net"}) {
        std::string inside;
        std::getline(lines, inside);
        EXPECT_EQ(inside.rfind(std::string(name) + ":[", 0), 0U) << inside;
        EXPECT_NE(inside, std::filesystem::read_symlink(std::string("/proc/self/ns/") + name).string());
    }
    EXPECT_HAS(ran.out, "pid 1\n");
}

TEST_P(View, HasOnlyItsOwnMounts) {
    const Ran ran = sh("cat /proc/self/mountinfo");
    ASSERT_STATUS(ran, 0);
    for (const char *at : {" /proc ", " /dev ", " /dev/pts ", " /dev/shm ", " /dev/mqueue ", " /sys "})
        EXPECT_HAS(ran.out, at);
    EXPECT_EQ(ran.out.find("/var/lib"), std::string::npos) << ran.out;
    std::istringstream lines(ran.out);
    int roots = 0;
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string id, parent, device, root, at;
        words >> id >> parent >> device >> root >> at;
        roots += at == "/";
        EXPECT_EQ(line.find("shared:"), std::string::npos) << "propagates: " << line;
    }
    EXPECT_EQ(roots, 1) << ran.out;
}

TEST_P(View, HasAHostNameOfItsOwn) {
    EXPECT_EQ(run({"--hostname", "kitchen"}, {"/bin/hostname"}).out, "kitchen\n");
    EXPECT_EQ(run({"--name", "abcdefghijklmnop"}, {"/bin/hostname"}).out, "abcdefghijkl\n");
}

TEST_P(View, UserGroupAndHomeAreThoseOfTheImage) {
    EXPECT_EQ(run({"-u", "worker"}, {"/bin/id"}).out,
              "uid=1234(worker) gid=2345(workers) groups=2345(workers),3456(extra)\n");
    EXPECT_EQ(run({"-u", "7:8"}, {"/bin/id"}).out, "uid=7 gid=8 groups=8\n");
    EXPECT_HAS(sh("cat /proc/self/status", {"-u", "worker"}).out, "CapEff:\t0000000000000000");
    const Ran unknown = run({"-u", "nobody-here"}, {"/bin/id"});
    EXPECT_STATUS(unknown, 125);
    EXPECT_HAS(unknown.err, "nobody-here");
}

TEST_P(View, WorkingDirectoryAndEnvironmentAreAsAsked) {
    EXPECT_EQ(run({"-w", "/home/worker"}, {"/bin/pwd"}).out, "/home/worker\n");
    EXPECT_EQ(run({"-w", "/made/on/the/way"}, {"/bin/pwd"}).out, "/made/on/the/way\n");
    ::setenv("FROM_OUTSIDE", "passed on", 1);
    ::setenv("SECRET", "x", 1);
    const Ran ran = run({"-e", "COLOUR=blue sky", "-e", "FROM_OUTSIDE"}, {"/bin/env"});
    EXPECT_HAS(ran.out, "COLOUR=blue sky\n");
    EXPECT_HAS(ran.out, "FROM_OUTSIDE=passed on\n");
    EXPECT_HAS(ran.out, "PATH=");
    EXPECT_EQ(ran.out.find("SECRET"), std::string::npos);
}

TEST_P(View, VolumesAreBoundReadWriteOrReadOnly) {
    const std::string directory = box.dir() + "/volume";
    std::filesystem::create_directories(directory);
    write_text(directory + "/given", "from outside\n");
    const Ran ran = sh("cat /data/given; echo from inside > /data/made", {"-v", directory + ":/data"});
    EXPECT_STATUS(ran, 0);
    EXPECT_EQ(ran.out, "from outside\n");
    EXPECT_EQ(read_text(directory + "/made"), "from inside\n");
    const Ran refused = sh("echo x > /data/other", {"-v", directory + ":/data:ro"});
    EXPECT_STATUS(refused, 1);
    EXPECT_HAS(refused.err, "Read-only file system");
    std::filesystem::remove_all(directory);
}

TEST_P(View, ATmpfsIsFreshAndLimited) {
    const Ran ran = sh("grep ' /scratch ' /proc/self/mountinfo; dd if=/dev/zero of=/scratch/x bs=1024 count=2048",
                       {"--tmpfs", "/scratch:size=1m"});
    EXPECT_HAS(ran.out, "tmpfs");
    EXPECT_HAS(ran.err, "No space left on device");
}

TEST_P(View, AReadOnlyRootIsReadOnly) {
    const Ran ran = sh("touch /file", {"--read-only"});
    EXPECT_STATUS(ran, 1);
    EXPECT_HAS(ran.err, "Read-only file system");
}

TEST_P(View, WhatItWritesIsGoneWithIt) {
    if (GetParam().storage == "rootfs") GTEST_SKIP() << "--rootfs is the user's own directory: what is written stays";
    EXPECT_STATUS(sh("echo x > /file; test -f /file"), 0);
    EXPECT_STATUS(sh("test -e /file"), 1);
}

TEST_P(View, SysctlsAndUlimitsAreSet) {
    const Ran ran =
        sh("cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/kernel/shmmax; ulimit -n; ulimit -H -n",
           {"--sysctl", "net.ipv4.ip_unprivileged_port_start=77", "--sysctl", "kernel.shmmax=123456", "--ulimit",
            "nofile=100:200"});
    EXPECT_EQ(ran.out, "77\n123456\n100\n200\n") << describe(ran);
}

TEST_P(View, SensitivePathsAreMaskedAndReadOnly) {
    // Which of them there are depends on the kernel.
    const auto here = [](const char *path) { return ::access(path, F_OK) == 0; };
    EXPECT_HAS(sh("echo 1 > /proc/sys/kernel/panic").err, "Read-only file system");
    if (here("/proc/sysrq-trigger")) {
        EXPECT_HAS(sh("echo h > /proc/sysrq-trigger").err, "Read-only file system");
    }
    for (const char *file :
         {"/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sched_debug", "/proc/latency_stats"})
        if (here(file)) {
            EXPECT_EQ(sh(std::string("cat ") + file).out, "") << file;
        }
    for (const char *directory : {"/proc/acpi", "/proc/scsi", "/sys/firmware"})
        if (here(directory)) {
            EXPECT_EQ(sh(std::string("ls -A ") + directory).out, "") << directory;
        }
}

TEST_P(View, HasTheStandardDevicesAndNoOthers) {
    const Ran ran = sh("echo gone > /dev/null; head -c 4 /dev/zero | wc -c; head -c 3 /dev/urandom | wc -c; ls -l "
                       "/dev/fd /dev/stdin /dev/ptmx | wc -l; echo x > /dev/full");
    EXPECT_EQ(ran.out.substr(0, 6), "4\n3\n3\n") << describe(ran);
    EXPECT_HAS(ran.err, "No space left on device");
    const Ran node = run({}, {"/bin/probe", "mknod"});
    EXPECT_STATUS(node, 1); // by the cgroup's device list: the container has CAP_MKNOD
    EXPECT_EQ(node.out, "errno 1\n");
}

TEST_P(View, InheritsNoDescriptors) {
    const int extra = ::open("/dev/null", O_RDONLY); // not close-on-exec: inherited by ctr
    const Ran ran = run({}, {"/bin/probe", "fds"});
    ::close(extra);
    EXPECT_STATUS(ran, 0);
    EXPECT_EQ(ran.out, "");
}

TEST_P(View, ExitStatusIsTheProgramsOwn) {
    EXPECT_STATUS(sh("exit 7"), 7);
    EXPECT_STATUS(sh("kill -9 $$"), 0); // init of its pid namespace: its own SIGKILL does not reach it
    EXPECT_STATUS(run({}, {"/bin/false"}), 1);
}

TEST_P(View, ExitStatusSaysWhyTheProgramDidNotStart) {
    const Ran missing = run({}, {"/bin/missing"});
    EXPECT_STATUS(missing, 127);
    EXPECT_HAS(missing.err, "executable not found in the container");
    EXPECT_HAS(missing.err, "hint: ");
    EXPECT_STATUS(run({}, {"missing"}), 127);
    EXPECT_STATUS(run({}, {"/etc/plain"}), 126);
    EXPECT_STATUS(run({}, {"/etc"}), 126);
    EXPECT_STATUS(run({}, {"/bin/not-a-program"}), 126);
    EXPECT_STATUS(run({"--no-such-flag"}, {"/bin/true"}), 125);
    EXPECT_STATUS(run({"--memory", "much"}, {"/bin/true"}), 125);
}

TEST_P(View, SignalsToCtrReachTheProgram) {
    std::vector<std::string> words = box.ctr_words(GetParam().storage);
    for (const std::string &word : box.run_words(GetParam(), {"--name", "signals"}, {"/bin/probe", "on-term"}))
        words.push_back(word);
    Running running(words);
    ASSERT_TRUE(eventually([&] { return running.printed() == "ready\n"; }));
    signal_one(running.pid(), SIGTERM);
    const Ran ran = running.wait();
    EXPECT_STATUS(ran, 42);
    EXPECT_EQ(ran.out, "ready\ngot SIGTERM\n");
}

TEST_P(View, StandardInputIsPassedOnlyWhenInteractive) {
    EXPECT_EQ(run({"-i"}, {"/bin/cat"}, "line one\nline two\n").out, "line one\nline two\n");
    EXPECT_EQ(run({}, {"/bin/cat"}, "line one\n").out, "");
}

TEST_P(View, ATerminalHasTheUsersSize) {
    winsize size{};
    size.ws_col = 101;
    size.ws_row = 37;
    int master = -1;
    std::vector<std::string> words = box.ctr_words(GetParam().storage);
    for (const std::string &word :
         box.run_words(GetParam(), {"-i", "-t"}, {"/bin/sh", "-c", "probe tty; read line; echo got $line"}))
        words.push_back(word);
    std::vector<char *> pointers;
    for (std::string &word : words)
        pointers.push_back(word.data());
    pointers.push_back(nullptr);
    const pid_t pid = ::forkpty(&master, nullptr, nullptr, &size);
    if (pid == 0) {
        ::execv(pointers[0], pointers.data());
        ::_exit(126);
    }
    std::string text;
    char buffer[4096];
    bool typed = false;
    for (ssize_t n; (n = ::read(master, buffer, sizeof buffer)) > 0;) {
        text.append(buffer, static_cast<std::size_t>(n));
        if (!typed && text.find("name ") != std::string::npos) typed = ::write(master, "typed\r", 6) == 6;
    }
    int status = -1;
    ::waitpid(pid, &status, 0);
    ::close(master);
    EXPECT_EQ(status, 0) << text;
    EXPECT_HAS(text, "tty 1 size 101x37 name /dev/pts/0");
    EXPECT_HAS(text, "got typed");
}
