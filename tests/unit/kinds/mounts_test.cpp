// SPDX-License-Identifier: MIT
//
// The mount kinds for real, in a mount namespace of a child process: as root directly, else inside a user namespace.
// Where neither is allowed the tests are skipped and say so.
#include "steps.hpp"

#include <fcntl.h>
#include <fstream>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <sched.h>
#include <set>
#include <sstream>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using steps::apply;

constexpr int cannot = 77;

void write_file(const char *path, const std::string &text) { std::ofstream(path) << text; }

bool enter_namespaces() {
    const auto uid = ::geteuid(), gid = ::getegid();
    if (uid == 0) return ::unshare(CLONE_NEWNS | CLONE_NEWUTS) == 0;
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS) != 0) return false;
    write_file("/proc/self/setgroups", "deny");
    write_file("/proc/self/uid_map", "0 " + std::to_string(uid) + " 1");
    write_file("/proc/self/gid_map", "0 " + std::to_string(gid) + " 1");
    return true;
}

/// The steps run in a child; what it says on failure comes back by a pipe.
class Mounts : public ::testing::Test {
protected:
    void run(const std::function<std::string(const std::string &)> &work) {
        int ends[2];
        ASSERT_EQ(::pipe(ends), 0);
        const pid_t pid = ::fork();
        if (pid == 0) {
            steps::reset();
            if (!enter_namespaces()) ::_exit(cannot);
            const std::string wrong = work(directory.path());
            [[maybe_unused]] const auto n = ::write(ends[1], wrong.data(), wrong.size());
            ::_exit(wrong.empty() ? 0 : 1);
        }
        ::close(ends[1]);
        std::string wrong(4096, '\0');
        const auto n = ::read(ends[0], wrong.data(), wrong.size());
        wrong.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
        ::close(ends[0]);
        int status = 0;
        ASSERT_EQ(::waitpid(pid, &status, 0), pid);
        if (WIFEXITED(status) && WEXITSTATUS(status) == cannot)
            GTEST_SKIP() << "no mount namespace: neither root nor user namespaces";
        EXPECT_EQ(wrong, "");
        EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
    }
    steps::TemporaryDirectory directory;
};

/// The fields of a mount point in mountinfo: "ro,nosuid ... tmpfs"; empty if nothing is mounted there.
std::string mounted(const std::string &path) {
    std::ifstream file("/proc/self/mountinfo");
    std::string line, last;
    while (std::getline(file, line))
        if (line.find(" " + path + " ") != std::string::npos)
            last = line.substr(line.find(" " + path + " ") + path.size() + 2);
    return last;
}

/// A root made of a tmpfs, as the storage driver would hand it over.
std::string attach(const std::string &at) {
    const int tree = static_cast<int>(::fsopen("tmpfs", FSOPEN_CLOEXEC));
    ::fsconfig(tree, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0);
    const int mount = ::fsmount(tree, FSMOUNT_CLOEXEC, 0);
    std::string wrong = apply("mount.propagation", {"propagation=rslave"});
    if (wrong.empty()) wrong = apply("rootfs.attach", {"mount=" + std::to_string(mount), "at=" + at});
    return wrong;
}

#define NEED(expression)                                                                                               \
    if (const std::string wrong = (expression); !wrong.empty()) return "line " + std::to_string(__LINE__) + ": " + wrong
#define CHECK(condition)                                                                                               \
    if (!(condition)) return "line " + std::to_string(__LINE__) + ": " #condition

TEST_F(Mounts, OptionsReachTheMountAndTheFileSystem) {
    run([](const std::string &at) -> std::string {
        NEED(attach(at));
        NEED(apply("mount.new",
                   {"type=tmpfs", "target=/a", "options=nosuid", "options=ro", "options=noatime", "options=size=64k"}));
        const std::string fields = mounted(at + "/a");
        CHECK(fields.rfind("ro,nosuid,noatime", 0) == 0);
        CHECK(fields.find("size=64k") != std::string::npos);
        CHECK(apply("mount.new", {"type=tmpfs", "target=/b", "options=size=banana"}).find("Bad value") !=
              std::string::npos);
        CHECK(apply("mount.new", {"type=tmpfs", "target=/b", "options=idmap"}).find("idmap has no id maps") !=
              std::string::npos);
        return {};
    });
}

/// "41777": type and mode of what is there.
std::string mode_of(const std::string &path) {
    struct stat st = {};
    std::ostringstream out;
    if (::stat(path.c_str(), &st) == 0) out << std::oct << st.st_mode;
    return out.str();
}

TEST_F(Mounts, ATmpfsHasTheModeOfWhatItCovers) {
    run([](const std::string &at) -> std::string {
        NEED(attach(at));
        ::umask(0);
        CHECK(::mkdir((at + "/open").c_str(), 01771) == 0 && ::mkdir((at + "/said").c_str(), 0700) == 0);
        CHECK(::mkdir((at + "/long").c_str(), 0711) == 0 && ::mkdir((at + "/copied").c_str(), 0750) == 0);
        NEED(apply("mount.new", {"type=tmpfs", "target=/open", "options=ro", "options=size=64k"}));
        CHECK(mode_of(at + "/open") == "41771");
        NEED(apply("mount.new", {"type=tmpfs", "target=/said", "options=mode=0755"})); // its own words win
        CHECK(mode_of(at + "/said") == "40755");
        NEED(apply("mount.new", {"type=tmpfs", "target=/long", "options=iversion"})); // by mount(2)
        CHECK(mode_of(at + "/long") == "40711");
        NEED(apply("mount.new", {"type=tmpfs", "target=/copied", "options=tmpcopyup"}));
        CHECK(mode_of(at + "/copied") == "40750");
        // Where there was nothing it keeps tmpfs's own, not that of the mount point just made.
        NEED(apply("mount.new", {"type=tmpfs", "target=/fresh/one"}));
        CHECK(mode_of(at + "/fresh/one") == "41777");
        NEED(apply("mount.new", {"type=tmpfs", "target=/fresh/two", "options=tmpcopyup", "options=ro"}));
        CHECK(mode_of(at + "/fresh/two") == "41777");
        CHECK(mounted(at + "/fresh/two").rfind("ro", 0) == 0);
        return {};
    });
}

TEST_F(Mounts, ProcFilesAreWrittenBelowProcOnly) {
    run([](const std::string &) -> std::string {
        NEED(apply("proc.write", {"path=self/comm", "content=somebody"}));
        std::string name;
        std::getline(std::ifstream("/proc/self/comm"), name);
        CHECK(name == "somebody");
        CHECK(apply("proc.write", {"path=self/comm/../../../etc/passwd", "content=x"}) != "");
        CHECK(apply("proc.write", {"path=self/cwd/file", "content=x"}) != ""); // a magic link
        CHECK(apply("proc.write", {"path=self/attr/none", "content=x", "hint=why"}) != "");
        return {};
    });
}

TEST_F(Mounts, LongOptionsGoTheClassicWay) {
    run([](const std::string &at) -> std::string {
        NEED(attach(at));
        // too long for fsconfig(2), which would say EINVAL; mount(2) sees the whole and tmpfs the bad value
        CHECK(apply("mount.new", {"type=tmpfs", "target=/a", "options=mpol=" + std::string(300, 'x')})
                  .rfind("mount ", 0) == 0);
        return {};
    });
}

TEST_F(Mounts, BindTakesFlagsAndRefusesData) {
    run([](const std::string &at) -> std::string {
        NEED(attach(at));
        NEED(apply("mount.bind", {"source=/usr", "target=/usr", "options=rbind", "options=ro", "options=rprivate"}));
        CHECK(mounted(at + "/usr").rfind("ro", 0) == 0);
        NEED(apply("mount.bind", {"source=/etc/passwd", "target=/etc/passwd", "options=bind"})); // a file: made as one
        CHECK(apply("mount.bind", {"source=/usr", "target=/x", "options=bind", "options=size=1m"}) != "");
        CHECK(apply("mount.bind", {"source=/etc/passwd", "target=/usr", "options=bind"}) != "");
        return {};
    });
}

TEST_F(Mounts, ABindHasTheFlagsThatItsOptionsSay) {
    run([](const std::string &at) -> std::string {
        NEED(attach(at));
        NEED(apply("mount.new", {"type=tmpfs", "target=/s", "options=ro", "options=nodev", "options=noexec",
                                 "options=noatime", "options=nodiratime"}));
        const std::string source = "source=" + at + "/s";
        const auto flags = [&](const std::vector<std::string> &options) {
            std::vector<std::string> words = {source, "target=/t"};
            for (const auto &each : options)
                words.push_back("options=" + each);
            const std::string wrong = steps::apply("mount.bind", words);
            return wrong.empty() ? mounted(at + "/t").substr(0, mounted(at + "/t").find(" ")) : wrong;
        };
        const std::string all = "ro,nodev,noexec,noatime,nodiratime";
        CHECK(flags({"bind"}) == all && flags({"rbind", "rprivate"}) == all);
        CHECK(flags({"bind", "nosuid"}) == "rw,nosuid,noatime,nodiratime");
        CHECK(flags({"rbind", "rw"}) == "rw,noatime,nodiratime");
        CHECK(flags({"bind", "suid"}) == "rw,noatime,nodiratime");
        CHECK(flags({"bind", "ro"}) == "ro,noatime,nodiratime");
        CHECK(flags({"bind", "relatime"}) == "rw,relatime");
        CHECK(flags({"bind", "nodiratime"}) == "rw,nodiratime,relatime");
        CHECK(flags({"bind", "strictatime", "ro", "noexec"}) == "ro,noexec");
        CHECK(flags({"rbind", "rnosuid"}) == "ro,nosuid,nodev,noexec,noatime,nodiratime");
        CHECK(flags({"rbind", "rro", "rw"}) == "rw,noatime,nodiratime"); // the mount itself has a word of its own
        // A copy of the parent's for a user namespace: nothing is taken away, by silence or by a word.
        const auto copy = [&] {
            return "mount=" + std::to_string(::open_tree(AT_FDCWD, (at + "/s").c_str(), OPEN_TREE_CLONE));
        };
        NEED(apply("mount.bind", {copy(), "target=/l", "options=bind", "options=nosuid", "locked=1"}));
        CHECK(mounted(at + "/l").rfind("ro,nosuid,nodev,noexec,noatime", 0) == 0);
        CHECK(apply("mount.bind", {copy(), "target=/l2", "options=bind", "options=exec", "locked=1"}) != "");
        CHECK(mounted(at + "/l2") == "");
        NEED(apply("mount.bind", {copy(), "target=/l3", "options=bind", "options=suid", "locked=1"}));
        return {};
    });
}

/// In a user namespace of its own, whose mounts are copies of the machine's with their flags locked.
TEST_F(Mounts, LockedFlagsStay) {
    run([](const std::string &at) -> std::string {
        if (::mount("none", at.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, nullptr) != 0) return "mount";
        if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) ::_exit(cannot);
        write_file("/proc/self/setgroups", "deny");
        write_file("/proc/self/uid_map", "0 0 1");
        write_file("/proc/self/gid_map", "0 0 1");
        NEED(attach("/mnt"));
        NEED(apply("mount.bind", {"source=" + at, "target=/t", "options=rbind", "options=noexec"}));
        CHECK(mounted("/mnt/t").rfind("rw,nosuid,nodev,noexec", 0) == 0);
        NEED(apply("mount.bind", {"source=" + at, "target=/u", "options=rbind", "options=exec"}));
        CHECK(mounted("/mnt/u").rfind("rw,nosuid,nodev,relatime", 0) == 0);
        CHECK(apply("mount.bind", {"source=" + at, "target=/v", "options=rbind", "options=suid"}) != "");
        // Nodes cannot be made there. What is bound instead gives a device, and nothing else.
        NEED(apply("root.mknod", {"target=/dev/null", "type=c", "major=1", "minor=3"}));
        CHECK(mounted("/mnt/dev/null").rfind("rw,nosuid,noexec", 0) == 0);
        CHECK(::access("/mnt/dev/null", W_OK) == 0);
        // Nor a sysfs without a network namespace: it is the machine's, as the options say with all below it.
        NEED(apply("mount.new", {"type=sysfs", "target=/sys", "options=ro", "options=nosuid", "options=noexec"}));
        CHECK(mounted("/mnt/sys").find(" - sysfs ") != std::string::npos);
        std::ifstream file("/proc/self/mountinfo");
        for (std::string line; std::getline(file, line);)
            if (line.find(" /mnt/sys") != std::string::npos && line.find(" ro,nosuid,") == std::string::npos)
                return line;
        CHECK(apply("mount.new", {"type=sysfs", "target=/sys2", "nofollow=1"}) != "");
        CHECK(apply("mount.new", {"type=proc", "target=/proc"}).find("pid namespace") != std::string::npos);
        return {};
    });
}

TEST_F(Mounts, OneStepHasSeveralTargets) {
    run([](const std::string &at) -> std::string {
        NEED(attach(at));
        NEED(apply("mount.bind",
                   {"source=/usr", "target=/a", "source=/etc", "target=/b/c", "options=bind", "options=ro"}));
        CHECK(::access((at + "/a/bin").c_str(), F_OK) == 0);
        CHECK(::access((at + "/b/c/passwd").c_str(), F_OK) == 0);
        CHECK(mounted(at + "/a").rfind("ro", 0) == 0 && mounted(at + "/b/c").rfind("ro", 0) == 0);
        CHECK(apply("mount.bind", {"source=/usr", "target=/d", "source=/none", "target=/e"}).find("/none") !=
              std::string::npos);
        CHECK(
            apply("mount.bind", {"source=/usr", "source=/etc", "target=/f", "target=/g", "target=/h"}).find("source") !=
            std::string::npos);
        NEED(apply("root.mkdir", {"target=/m/in"}));
        NEED(apply("root.mkdir", {"target=/n/in"}));
        NEED(apply("mount.mask", {"target=/missing", "target=/m", "target=/n"}));
        CHECK(::access((at + "/m/in").c_str(), F_OK) != 0 && ::access((at + "/n/in").c_str(), F_OK) != 0);
        CHECK(apply("mount.readonly", {"target=/a", "target=/missing", "missing_ok=0"}).find("/missing") !=
              std::string::npos);
        return {};
    });
}

TEST_F(Mounts, LinksOfTheImageStayInside) {
    run([](const std::string &at) -> std::string {
        NEED(attach(at));
        NEED(apply("root.symlink", {"target=/out", "to=/../../../../usr"}));
        NEED(apply("mount.new", {"type=tmpfs", "target=/out"}));
        CHECK(mounted(at + "/usr") != "");
        CHECK(mounted("/usr").find("tmpfs") == std::string::npos);
        // What the runtime trusts may be no link at all: CVE-2019-19921
        NEED(apply("root.symlink", {"target=/proc", "to=/elsewhere"}));
        CHECK(apply("mount.new", {"type=proc", "target=/proc"}).find("must be mounted on ordinary directory") !=
              std::string::npos);
        NEED(apply("root.write", {"target=/sys", "content=x"}));
        CHECK(apply("mount.new", {"type=sysfs", "target=/sys"}).find("must be mounted on ordinary directory") !=
              std::string::npos);
        return {};
    });
}

TEST_F(Mounts, LinksOfTheImageDoNotLeadToWhatTheRuntimeReliesOn) {
    run([](const std::string &at) -> std::string {
        NEED(attach(at));
        NEED(apply("mount.bind", {"source=/proc", "target=/proc", "options=rbind"}));
        NEED(apply("mount.bind", {"source=/usr", "target=/data", "options=bind", "options=ro"}));
        for (const char *to : {"/", "..", "/proc", "/proc/sys", "proc/self/fd", "/dev", "/sys", "/sys/kernel", "hop"}) {
            NEED(apply("root.symlink", {"target=/hop", "to=/data/../proc/irq"}));
            NEED(apply("root.symlink", {"target=/vol", std::string("to=") + to}));
            for (const char *step : {"mount.new", "mount.bind", "mount.setattr", "mount.propagation"}) {
                const std::string wrong =
                    apply(step, {"type=tmpfs", "source=/usr", "target=/vol", "options=rw", "propagation=private"});
                if (wrong.find("/vol") == std::string::npos) return std::string(step) + " on " + to + ": " + wrong;
            }
        }
        CHECK(mounted(at).find("ro") == std::string::npos);
        // Other links are the image's business, also below /dev.
        NEED(apply("root.symlink", {"target=/vol", "to=/dev/shm"}));
        NEED(apply("mount.new", {"type=tmpfs", "target=/vol"}));
        CHECK(mounted(at + "/dev/shm") != "");
        NEED(apply("root.symlink", {"target=/etc/hosts", "to=/proc/self/comm"}));
        CHECK(apply("root.write", {"target=/etc/hosts", "content=x"}) != "");
        // None at all where the step says so, nor one that stands in the middle.
        NEED(apply("root.symlink", {"target=/link", "to=/data"}));
        for (const char *target : {"target=/link", "target=/link/in"})
            for (const char *step : {"mount.new", "mount.bind", "mount.setattr"})
                CHECK(apply(step, {"type=tmpfs", "source=/usr", target, "options=rw", "nofollow=1"})
                          .find("without symbolic links") != std::string::npos);
        return {};
    });
}

TEST_F(Mounts, ARemountChangesTheMountThatIsMeant) {
    run([](const std::string &at) -> std::string {
        NEED(attach(at));
        NEED(apply("mount.bind", {"source=/usr", "target=/usr", "options=bind", "options=ro"}));
        NEED(apply("root.mkdir", {"target=/plain"}));
        const std::string usr = "is=" + std::to_string(::open("/usr", O_PATH)),
                          etc = "is=" + std::to_string(::open("/etc", O_PATH));
        CHECK(apply("mount.setattr", {"target=/usr", "options=rw", etc}).find("not the mount's source") !=
              std::string::npos);
        CHECK(mounted(at + "/usr").rfind("ro", 0) == 0);
        NEED(apply("mount.setattr", {"target=/usr", "options=rw", usr}));
        CHECK(mounted(at + "/usr").rfind("rw", 0) == 0);
        CHECK(apply("mount.setattr", {"target=/plain", "options=ro"}).find("nothing is mounted there") !=
              std::string::npos);
        return {};
    });
}

TEST_F(Mounts, AFileDoesNotGoOnADirectory) {
    run([](const std::string &at) -> std::string {
        NEED(attach(at));
        NEED(apply("root.mkdir", {"target=/dir"}));
        NEED(apply("root.write", {"target=/file", "content=x"}));
        const std::string question = "not a directory: Are you trying to mount a directory onto a file";
        CHECK(apply("mount.bind", {"source=/etc/passwd", "target=/dir"}).find(question) != std::string::npos);
        CHECK(apply("mount.bind", {"source=/etc", "target=/file"}).find(question) != std::string::npos);
        CHECK(apply("mount.new", {"type=tmpfs", "target=/file"}).find(question) != std::string::npos);
        return {};
    });
}

TEST_F(Mounts, PivotLeavesOnlyTheRoot) {
    run([](const std::string &at) -> std::string {
        NEED(attach(at));
        NEED(apply("mount.bind", {"source=/proc", "target=/proc", "options=rbind"}));
        NEED(apply("root.mkdir", {"target=/secret/in"}));
        NEED(apply("root.mkdir", {"target=/work"}));
        NEED(apply("pivot_root", {}));
        CHECK(::access("/usr", F_OK) != 0);
        CHECK(::access("/secret/in", F_OK) == 0);
        NEED(apply("mount.mask", {"target=/secret"}));
        CHECK(::access("/secret/in", F_OK) != 0);
        NEED(apply("mount.mask", {"target=/missing"}));
        CHECK(apply("mount.mask", {"target=/missing", "missing_ok=0"}) != "");
        NEED(apply("mount.readonly", {"target=/work"}));
        CHECK(::mkdir("/work/x", 0755) != 0 && errno == EROFS);
        NEED(apply("mount.setattr", {"target=/", "options=ro"}));
        CHECK(::mkdir("/x", 0755) != 0 && errno == EROFS);
        return {};
    });
}

/// How many mounts there are below a path, and of how many file systems.
std::string mounts_below(const std::string &path) {
    std::ifstream file("/proc/self/mountinfo");
    std::string line;
    std::set<std::string> devices;
    int n = 0;
    while (std::getline(file, line)) {
        std::istringstream words(line);
        std::string id, parent, device, root, point;
        words >> id >> parent >> device >> root >> point;
        if (point.rfind(path + "/", 0) != 0) continue;
        ++n;
        devices.insert(device);
    }
    return std::to_string(n) + " of " + std::to_string(devices.size());
}

TEST_F(Mounts, MasksShareOneFileSystemAndAreMadeOnce) {
    run([](const std::string &at) -> std::string {
        NEED(attach(at));
        for (const char *each : {"a", "b", "c"}) {
            NEED(apply("root.mkdir", {std::string("target=/m/d") + each + "/in"}));
            NEED(apply("root.write", {std::string("target=/m/f") + each, "content=secret"}));
        }
        NEED(apply("root.symlink", {"target=/link", "to=/m/da"}));
        NEED(apply("root.symlink", {"target=/flink", "to=/m/fa"}));
        NEED(apply("mount.mask", {"target=/m/da", "target=/m/fa", "target=/link", "target=/m/db", "target=/m/da",
                                  "target=/m/dc", "target=/flink", "target=/m/fb", "target=/m/fc", "target=/m/fa"}));
        CHECK(mounts_below(at + "/m") == "6 of 2");
        for (const char *each : {"/m/da", "/m/db", "/m/dc"})
            CHECK(mounted(at + each).rfind("ro,nosuid,nodev,noexec", 0) == 0);
        for (const char *each : {"/m/fa", "/m/fb", "/m/fc"}) {
            CHECK(mounted(at + each).find("nosuid") != std::string::npos);
            CHECK(mounted(at + each).find("noexec") != std::string::npos);
            CHECK(mounted(at + each).find("nodev") == std::string::npos);
            CHECK(::access((at + each).c_str(), R_OK) == 0);
        }
        return {};
    });
}

TEST_F(Mounts, WhatIsReadOnlyKeepsTheFlagsOfWhatItCovers) {
    run([](const std::string &at) -> std::string {
        NEED(attach(at));
        NEED(apply("mount.new", {"type=tmpfs", "target=/a", "options=nosuid", "options=nodev", "options=noexec"}));
        NEED(apply("root.mkdir", {"target=/a/dir"}));
        NEED(apply("root.write", {"target=/a/file", "content=x"}));
        NEED(apply("mount.readonly", {"target=/a/dir", "target=/a/file"}));
        CHECK(mounted(at + "/a/dir").rfind("ro,nosuid,nodev,noexec", 0) == 0);
        CHECK(mounted(at + "/a/file").rfind("ro,nosuid,nodev,noexec", 0) == 0);
        CHECK(mounted(at + "/a").rfind("rw", 0) == 0);
        return {};
    });
}

TEST_F(Mounts, WithoutPivotNoBareProcOrSysStays) {
    const ctr::testing::TemporaryDirectory outside;
    run([&](const std::string &at) -> std::string {
        // One more that is nobody's own, in a directory with odd characters, and one below a mount.
        const std::string odd = outside.path() + "/ x\t\\";
        CHECK(::mkdir(odd.c_str(), 0755) == 0 && ::mount("none", odd.c_str(), "tmpfs", 0, nullptr) == 0);
        CHECK(::mkdir((odd + "/s s").c_str(), 0755) == 0);
        CHECK(::mount("/sys", (odd + "/s s").c_str(), nullptr, MS_BIND | MS_REC, nullptr) == 0);
        NEED(attach(at));
        NEED(apply("mount.bind", {"source=/proc", "target=/proc", "options=bind"}));
        NEED(apply("mount.bind", {"source=/sys", "target=/sys", "options=rbind"}));
        NEED(apply("pivot_root", {"move=1"}));
        ::umount2(odd.c_str(), MNT_DETACH);
        std::ifstream file("/proc/self/mountinfo");
        std::string line, own, all;
        while (std::getline(file, line)) {
            const bool proc = line.find(" - proc ") != std::string::npos,
                       sys = line.find(" - sysfs ") != std::string::npos;
            if (proc || sys) all += line + "\n";
            if ((proc && line.find(" /proc ") != std::string::npos) ||
                (sys && line.find(" /sys ") != std::string::npos))
                own += line + "\n";
        }
        CHECK(own != "");
        if (own != all) return all;
        return {};
    });
}

TEST_F(Mounts, ASourceInsideSeesWhatIsThereByNow) {
    run([](const std::string &at) -> std::string {
        NEED(attach(at));
        NEED(apply("mount.bind", {"source=/usr", "target=/mnt", "options=rbind"}));
        NEED(apply("mount.bind", {"source=/mnt", "inside=1", "target=/final", "options=rbind", "options=ro"}));
        CHECK(::access((at + "/final/bin").c_str(), F_OK) == 0);
        CHECK(mounted(at + "/final").rfind("ro", 0) == 0 && mounted(at + "/mnt").rfind("rw", 0) == 0);
        // Links of the image in it stay inside, and lead to nothing that is protected by its name.
        NEED(apply("mount.bind", {"source=/proc", "target=/proc", "options=rbind"}));
        NEED(apply("root.symlink", {"target=/out", "to=/../../../../etc"}));
        CHECK(apply("mount.bind", {"source=/out", "inside=1", "target=/two"}).find("No such file") !=
              std::string::npos);
        NEED(apply("root.symlink", {"target=/sneak", "to=/proc/sys"}));
        CHECK(apply("mount.bind", {"source=/sneak", "inside=1", "target=/two"}).find("links of the image") !=
              std::string::npos);
        return {};
    });
}

/// "link" or "file": what is there itself, behind whatever is mounted there.
std::string sort_of(const std::string &path) {
    struct stat st = {};
    if (::lstat(path.c_str(), &st) != 0) return "nothing";
    return S_ISLNK(st.st_mode) ? "link" : S_ISREG(st.st_mode) ? "file" : "other";
}

TEST_F(Mounts, LinksThatAreMeantThemselves) {
    run([](const std::string &at) -> std::string {
        const std::string link = at + ".link", source = "source=" + link;
        CHECK(::symlink("/etc/passwd", link.c_str()) == 0);
        const std::unique_ptr<const std::string, void (*)(const std::string *)> remove(
            &link, [](const std::string *path) { ::unlink(path->c_str()); });
        NEED(attach(at));
        NEED(apply("root.write", {"target=/file", "content=x"}));
        NEED(apply("root.symlink", {"target=/dest", "to=/file"}));
        NEED(apply("mount.bind", {source, "target=/dest", "options=bind", "options=dest-nofollow"}));
        CHECK(sort_of(at + "/dest") == "file" && mounted(at + "/dest") != "" && mounted(at + "/file") == "");
        NEED(apply("mount.bind", {source, "target=/new/link", "options=src-nofollow", "options=ro"}));
        CHECK(sort_of(at + "/new/link") == "link");
        NEED(apply("root.symlink", {"target=/up", "to=/proc"}));
        NEED(apply("mount.bind", {"source=/proc", "target=/proc", "options=rbind"}));
        CHECK(apply("mount.bind", {source, "target=/up/version", "options=dest-nofollow"}).find("/up/version") !=
              std::string::npos);
        CHECK(apply("mount.new", {"type=tmpfs", "target=/t", "options=dest-nofollow"}).find("bind mounts") !=
              std::string::npos);
        CHECK(apply("mount.bind", {source, "target=/t", "options=copy-symlink"}).find("no such option") !=
              std::string::npos); // the plugin's
        NEED(apply("root.symlink", {"target=/same", "to=there", "same=1"}));
        NEED(apply("root.symlink", {"target=/same", "to=there", "same=1"}));
        CHECK(apply("root.symlink", {"target=/same", "to=ther", "same=1"}).find("another symbolic link") !=
              std::string::npos);
        return {};
    });
}

TEST_F(Mounts, OnlyTheNullDeviceMasksAFile) {
    run([this](const std::string &at) -> std::string {
        NEED(attach(at));
        NEED(apply("root.write", {"target=/file", "content=secret"}));
        NEED(apply("mount.mask", {"target=/file"})); // before pivot: the machine's null device
        CHECK(directory.read("file").empty());
        NEED(apply("root.write", {"target=/file2", "content=secret"}));
        NEED(apply("root.symlink", {"target=/dev/null", "to=/file2"})); // CVE-2025-31133
        NEED(apply("pivot_root", {}));
        CHECK(apply("mount.mask", {"target=/file2"}).find("not the null device") != std::string::npos);
        return {};
    });
}

} // namespace
