// SPDX-License-Identifier: MIT
//
// ctr-oci against images and containers that want out: each test is a published attack on a container runtime, and
// fails where it works. Users that are no numbers are in oci_exec_test.cpp, descriptors in oci_fds_test.cpp.
#include "fixture/oci.hpp"

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace fixture;
namespace fs = std::filesystem;

namespace {

class OciAttack : public OciTest {
protected:
    /// A directory of the machine that nothing in a container may reach; each test ends with a look at it.
    std::string host = box.dir() + "/host";

    void SetUp() override {
        fs::create_directories(host);
        write_text(host + "/secret", "secret\n");
        OciTest::SetUp();
    }
    void TearDown() override {
        EXPECT_EQ(listing(), "secret\n") << "something was made on the machine";
        EXPECT_EQ(read_text(host + "/secret"), "secret\n");
        fs::remove_all(host);
        OciTest::TearDown();
    }
    std::string listing() const {
        std::string names;
        for (const auto &each : fs::recursive_directory_iterator(host))
            names += each.path().lexically_relative(host).string() + "\n";
        return names;
    }
    void add_mount(Bundle &bundle, const std::string &destination, const std::string &type, const std::string &source,
                   const Json &options) const {
        bundle.config["mounts"].push_back(
            {{"destination", destination}, {"type", type}, {"source", source}, {"options", options}});
    }
    /// Without a file system on /dev, so that it is the image's.
    void without_dev(Bundle &bundle) const {
        Json kept = Json::array();
        for (const Json &mount : bundle.config["mounts"])
            if (mount["destination"].get<std::string>().rfind("/dev", 0) != 0) kept.push_back(mount);
        bundle.config["mounts"] = kept;
    }
    /// ctr-oci with descriptors 3 to 12 on the machine's directory, as a careless engine or ctr-oci itself would have
    /// them.
    Ran with_host_fds(const Words &words) const {
        std::string script = "exec";
        for (const std::string &word : oci_words(words))
            script += " '" + word + "'";
        for (int fd = 3; fd <= 12; ++fd)
            script += " " + std::to_string(fd) + "<" + host;
        return command({"/bin/bash", "-c", script});
    }
};

/// Exchanges two names as fast as it can, in a process of its own.
class Swapper {
public:
    Swapper(const std::string &one, const std::string &other) : pid_(::fork()) {
        if (pid_ != 0) return;
        for (;;)
            ::syscall(SYS_renameat2, AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE);
    }
    Swapper(const Swapper &) = delete;
    Swapper &operator=(const Swapper &) = delete;
    ~Swapper() {
        signal_one(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }

private:
    pid_t pid_;
};

} // namespace

// CVE-2024-21626: a working directory that is a descriptor of the machine's.
TEST_F(OciAttack, AWorkingDirectoryByADescriptor) {
    Bundle evil = bundle("evil", "cat secret; cat ../host/secret; pwd");
    start("one", "sleep 1000");
    for (int fd = 3; fd <= 24; ++fd)
        for (const std::string end : {"", "/.", "/../host"}) {
            const std::string cwd = "/proc/self/fd/" + std::to_string(fd) + end;
            evil.config["process"]["cwd"] = cwd;
            evil.write();
            const Ran ran = with_host_fds({"run", "-b", evil.dir, "evil"});
            EXPECT_STATUS(ran, 1) << cwd;
            const Ran execed = with_host_fds({"exec", "--cwd", cwd, "one", "cat", "secret"});
            EXPECT_STATUS(execed, 255) << cwd;
            EXPECT_EQ(ran.out + execed.out, "") << cwd;
            if (HasFailure()) break;
        }
    remove("one");
}

// The same by a link that the image has, and by the program's own path.
TEST_F(OciAttack, AWorkingDirectoryByALinkToADescriptor) {
    Bundle evil = bundle("evil", "cat secret");
    const std::string root_dir = evil.own_root();
    for (int fd = 3; fd <= 12; ++fd) {
        const std::string there = "/proc/self/fd/" + std::to_string(fd);
        fs::remove(root_dir + "/work");
        fs::create_symlink(there, root_dir + "/work");
        evil.config["process"]["cwd"] = "/work";
        evil.shell("cat secret");
        evil.write();
        const Ran ran = with_host_fds({"run", "-b", evil.dir, "evil"});
        EXPECT_NE(ran.status, 0) << there;
        EXPECT_EQ(ran.out, "") << there;
        evil.config["process"]["cwd"] = "/";
        evil.program({there + "/../../../bin/busybox", "cat", "/etc/shadow"});
        evil.write();
        const Ran by_program = with_host_fds({"run", "-b", evil.dir, "evil"});
        EXPECT_STATUS(by_program, 1) << there;
        EXPECT_EQ(by_program.out, "") << there;
    }
}

// CVE-2016-9962: the container looks into processes that join it.
TEST_F(OciAttack, AProcessThatJoinsShowsNoDescriptorOfTheMachine) {
    start("one", "echo ready > /out/ready; while :; do for p in /proc/[0-9]*; do [ $p = /proc/1 ] || "
                 "for f in $p/fd/*; do readlink $f >> /out/seen; done; readlink $p/exe $p/cwd $p/root >> /out/seen; "
                 "done; done 2>/dev/null");
    ASSERT_TRUE(wrote("ready\n", "ready"));
    for (int i = 0; i < 60; ++i)
        EXPECT_STATUS(oci({"exec", "one", "/bin/true"}), 0);
    remove("one");
    for (const std::string &line : lines_of(out("seen"))) {
        const bool harmless = line.rfind("/memfd:", 0) == 0 || line.rfind("/out/", 0) == 0 ||
                              line.rfind("/bin/", 0) == 0 || line.rfind("/dev/null", 0) == 0 ||
                              line.rfind("pipe:", 0) == 0 || line.rfind("/proc/", 0) == 0 || line == "/";
        EXPECT_TRUE(harmless) << line;
        if (!harmless) break;
    }
}

// CVE-2019-19921, CVE-2023-27561, CVE-2025-54867: /proc or /sys of the image is a link.
TEST_F(OciAttack, ProcAndSysMustNotBeLinks) {
    for (const std::string name : {"proc", "sys"}) {
        Bundle evil = bundle("evil", "true");
        const std::string root_dir = evil.own_root();
        fs::remove_all(root_dir + "/" + name);
        fs::create_directory(root_dir + "/elsewhere");
        for (const std::string &to : Words{"/elsewhere", "elsewhere", host, "/", "../../.."}) {
            fs::remove(root_dir + "/" + name);
            fs::create_symlink(to, root_dir + "/" + name);
            const Ran ran = run(evil);
            EXPECT_STATUS(ran, 1) << name << " -> " << to;
            EXPECT_HAS(ran.err, "/" + name);
            EXPECT_HAS(ran.err, "must be mounted on ordinary directory"); // strangers look for these words
        }
    }
}

// CVE-2019-16884: something else over /proc, so that what is written there goes to a file of the container's.
TEST_F(OciAttack, NothingIsMountedOverProc) {
    for (const std::string destination :
         {"/proc", "/proc/self", "/proc/self/attr", "/proc/sys", "/proc/1/../sys/kernel"}) {
        Bundle evil = bundle("evil", "true");
        add_mount(evil, destination, "tmpfs", "tmpfs", Json::array());
        EXPECT_STATUS(run(evil), 1) << destination;
        Bundle binds = bundle("evil", "true");
        add_mount(binds, destination, "bind", out_dir, {"rbind"});
        EXPECT_STATUS(run(binds), 1) << destination;
    }
}

// What was checked by name must not be elsewhere by a link of the image's: a volume over /proc, over the root, on /dev,
// where nodes are made.
TEST_F(OciAttack, VolumesDoNotLandOnProcDevOrSysByLinks) {
    for (const std::string &to : Words{"/proc", "/proc/sys", "proc/self/attr", "/sys/fs", "/dev", "/", "hop"}) {
        Bundle evil = bundle("evil", "true");
        const std::string root_dir = evil.own_root();
        fs::create_symlink("proc/irq", root_dir + "/hop");
        fs::create_symlink(to, root_dir + "/vol");
        for (const Json &options : {Json{"rbind"}, Json{"rbind", "ro"}, Json{"remount", "bind", "rw"}}) {
            Bundle one = evil;
            add_mount(one, "/vol", "bind", host, options);
            SCOPED_TRACE(to + options.dump());
            EXPECT_REFUSED(run(one), "by symbolic links of the image");
        }
        Bundle fresh = evil;
        add_mount(fresh, "/vol", "tmpfs", "tmpfs", Json::array());
        SCOPED_TRACE(to);
        EXPECT_REFUSED(run(fresh), "by symbolic links of the image");
    }
    // Plain links of images go on working: /var/run, and /run/shm of Debian.
    Bundle usual = bundle("one", "grep -c -e ' /run/vol ' -e ' /dev/shm ' /proc/self/mountinfo");
    const std::string root_dir = usual.own_root();
    fs::create_directories(root_dir + "/run");
    fs::create_directories(root_dir + "/var");
    fs::create_symlink("/run", root_dir + "/var/run");
    fs::create_symlink("/dev/shm", root_dir + "/run/shm");
    add_mount(usual, "/var/run/vol", "tmpfs", "tmpfs", Json::array());
    add_mount(usual, "/run/shm", "tmpfs", "tmpfs", Json::array());
    EXPECT_EQ(run(usual).out, "3\n") << "with the /dev/shm that each bundle has";
}

// The paths of a container that lives are its own to change: what it has made a link of, or moved another mount to, is
// left alone.
TEST_F(OciAttack, MountsOfALivingContainerGoWhereTheyAreSaidToGo) {
    fs::create_directories(box.dir() + "/data/in");
    fs::create_directories(box.dir() + "/other");
    Bundle evil = bundle("evil", "mkdir -p /keep; mv /vol /keep/vol; mkdir /vol; ln -s /proc/sys /vol/data; "
                                 "ln -s /proc /lproc; mv /guard /guard2; mkdir /guard; mv /guard2 /moved; "
                                 "echo ready > /out/ready; sleep 1000");
    evil.own_root();
    add_mount(evil, "/vol/data", "bind", box.dir() + "/data", {"bind", "ro"});
    add_mount(evil, "/guard/data", "bind", box.dir() + "/other", {"bind", "ro"});
    start("evil", evil);
    ASSERT_TRUE(wrote("ready\n", "ready"));
    const auto flags = [&](const std::string &at) {
        std::string all;
        for (const std::string &line :
             lines_of(read_text("/proc/" + std::to_string(state("evil")["pid"].get<int>()) + "/mountinfo")))
            if (const auto found = line.find(" " + at + " "); found != std::string::npos)
                all = line.substr(found + at.size() + 2, 2);
        return all;
    };
    const auto add = [&](const std::string &destination, const std::string &source, const Json &options) {
        write_text(
            box.dir() + "/mounts.json",
            Json::array({{{"destination", destination}, {"type", "bind"}, {"source", source}, {"options", options}}})
                .dump());
        return oci({"mounts", "add", "evil", box.dir() + "/mounts.json"});
    };
    const Json writable = {"remount", "bind", "rw"};
    EXPECT_REFUSED(add("/vol/data", box.dir() + "/data", writable), "without symbolic links");
    EXPECT_REFUSED(add("/vol/data", "none", writable), "without symbolic links");
    EXPECT_REFUSED(add("/lproc/sys", "none", writable), "without symbolic links");
    EXPECT_REFUSED(add("/vol/data", box.dir() + "/data", {"rbind"}), "without symbolic links");
    EXPECT_REFUSED(add("/lproc/sys/kernel", box.dir() + "/data", {"rbind"}), "without symbolic links");
    EXPECT_REFUSED(add("/moved/data", box.dir() + "/data", writable), "not the mount's source");
    EXPECT_EQ(flags("/proc/sys"), "ro");
    EXPECT_EQ(flags("/moved/data"), "ro");
    // The mount that is meant is changed, wherever its directory is now.
    EXPECT_STATUS(add("/moved/data", box.dir() + "/other", writable), 0);
    EXPECT_EQ(flags("/moved/data"), "rw");
    remove("evil");
    fs::remove_all(box.dir() + "/data");
    fs::remove_all(box.dir() + "/other");
    fs::remove(box.dir() + "/mounts.json");
}

// The same as a race: the directory is a link every other moment.
TEST_F(OciAttack, ARemountWhileTheContainerExchangesItsDirectory) {
    Bundle evil = bundle("evil", "sleep 1000");
    const std::string root_dir = evil.own_root();
    fs::create_directories(root_dir + "/vol/a");
    fs::create_symlink("/proc", root_dir + "/vol/b");
    add_mount(evil, "/vol/a/sys", "bind", box.dir() + "/out", {"bind", "ro"});
    start("evil", evil);
    write_text(box.dir() + "/mounts.json",
               Json::array({{{"destination", "/vol/a/sys"}, {"type", "none"}, {"options", {"remount", "bind", "rw"}}}})
                   .dump());
    const std::string pid = std::to_string(state("evil")["pid"].get<int>());
    {
        const Swapper swapper(root_dir + "/vol/a", root_dir + "/vol/b");
        for (int i = 0; i < 40 && !HasFailure(); ++i) {
            const Ran ran = oci({"mounts", "add", "evil", box.dir() + "/mounts.json"});
            EXPECT_TRUE(ran.status == 0 || ran.status == 1) << describe(ran);
            EXPECT_HAS(read_text("/proc/" + pid + "/mountinfo"), " /proc/sys ro,");
        }
    }
    remove("evil");
    fs::remove(box.dir() + "/mounts.json");
}

// CVE-2019-18837: a destination with a link in it that points out of the root.
TEST_F(OciAttack, DestinationsStayInTheRoot) {
    Bundle evil = bundle("evil", "grep -c ' /out2 ' /proc/self/mountinfo; ls /");
    const std::string root_dir = evil.own_root();
    fs::create_symlink(host, root_dir + "/absolute");
    fs::create_symlink("../../../../../../../.." + host, root_dir + "/relative");
    fs::create_symlink(host + "/dangling", root_dir + "/dangling");
    for (const std::string &destination : Words{"/absolute/sub", "/absolute", "/relative/sub", "/relative",
                                                "/dangling/sub", "/../../../.." + host + "/sub", "relative/sub"}) {
        Bundle one = evil;
        add_mount(one, destination, "tmpfs", "tmpfs", Json::array());
        const Ran ran = run(one);
        EXPECT_TRUE(ran.status == 0 || ran.status == 1) << destination << describe(ran);
        EXPECT_EQ(listing(), "secret\n") << destination;
        Bundle file = evil;
        add_mount(file, destination + "file", "bind", out_dir + "/../config.json", {"bind"});
        run(file);
        EXPECT_EQ(listing(), "secret\n") << destination;
    }
}

// CVE-2021-30465, CVE-2024-45310: the destination becomes a link while it is being mounted on.
TEST_F(OciAttack, ADestinationThatIsExchangedMeanwhile) {
    Bundle evil = bundle("evil", "true");
    const std::string root_dir = evil.own_root();
    fs::create_directories(root_dir + "/vol/a");
    fs::create_symlink("../../../../../../../../.." + host, root_dir + "/vol/b");
    add_mount(evil, "/vol/a/deep/er", "bind", box.dir() + "/out", {"rbind"});
    add_mount(evil, "/vol/a/tmp", "tmpfs", "tmpfs", Json::array());
    evil.write();
    const Swapper swapper(root_dir + "/vol/a", root_dir + "/vol/b");
    int created = 0;
    for (int i = 0; i < 60 && !HasFailure(); ++i) {
        const Ran ran = oci({"create", "-b", evil.dir, "one"});
        if (ran.status == 0) {
            ++created;
            // Wherever it went, it is in the container.
            const std::string mounts =
                read_text("/proc/" + std::to_string(state("one")["pid"].get<int>()) + "/mountinfo");
            EXPECT_HAS(mounts, "/deep/er ");
            ASSERT_STATUS(oci({"delete", "--force", "one"}), 0);
        } else {
            EXPECT_STATUS(ran, 1);
        }
        EXPECT_EQ(listing(), "secret\n");
    }
    RecordProperty("created", created);
}

// CVE-2026-41579, CVE-2026-47766: /dev of the image is a link, and devices are made behind it.
TEST_F(OciAttack, DevMustNotBeALink) {
    for (const bool mounted : {true, false})
        for (const std::string &to : Words{host, "../../../../../../.." + host, host + "/new"}) {
            Bundle evil = bundle("evil", "true");
            if (!mounted) without_dev(evil);
            const std::string root_dir = evil.own_root();
            fs::remove_all(root_dir + "/dev");
            fs::create_symlink(to, root_dir + "/dev");
            evil.config["linux"]["devices"] = {{{"path", "/dev/fuse"}, {"type", "c"}, {"major", 10}, {"minor", 229}}};
            run(evil);
            EXPECT_EQ(listing(), "secret\n") << to;
        }
}

// CVE-2025-31133: the null device that masks is a link of the image's.
TEST_F(OciAttack, MaskedPathsAreMaskedByTheNullDeviceOnly) {
    for (const std::string to : {"/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/etc/group", "missing"}) {
        Bundle evil = bundle(
            "evil", "cat /etc/passwd; echo x 2>/dev/tty > /etc/passwd; cat /etc/passwd; stat -c %t:%T /etc/passwd");
        without_dev(evil);
        const std::string root_dir = evil.own_root();
        fs::create_directories(root_dir + "/dev");
        fs::remove(root_dir + "/dev/null");
        fs::create_symlink(to, root_dir + "/dev/null");
        evil.config["linux"]["maskedPaths"] = {"/etc/passwd"};
        const Ran ran = run(evil);
        EXPECT_EQ(ran.out.find("root"), std::string::npos) << to << describe(ran);
        if (ran.status == 0) {
            EXPECT_HAS(ran.out, "1:3");
        }
    }
    // A plain file there is no null device either.
    Bundle plain = bundle("evil", "cat /etc/passwd");
    without_dev(plain);
    const std::string root_dir = plain.own_root();
    fs::remove(root_dir + "/dev/null");
    write_text(root_dir + "/dev/null", "root again\n");
    plain.config["linux"]["maskedPaths"] = {"/etc/passwd"};
    EXPECT_EQ(run(plain).out, "");
}

TEST_F(OciAttack, MaskedAndReadOnlyPathsHold) {
    Bundle usual = bundle(
        "one",
        "cat /proc/kcore /proc/keys /proc/timer_list 2>/dev/null | head -c 10; ls /sys/firmware; "
        "echo x > /proc/sysrq-trigger; echo x > /proc/sys/kernel/hostname; echo 1 > /proc/irq/default_smp_affinity");
    const Ran ran = run(usual);
    EXPECT_EQ(ran.out, "");
    EXPECT_NE(ran.status, 0);
}

// CVE-2025-52565: /dev/console or /dev/pts of the image is a link.
TEST_F(OciAttack, TheConsoleIsNoLink) {
    for (const std::string &to : {host + "/secret", host + "/new", std::string("/proc/sysrq-trigger")}) {
        Bundle evil = bundle("evil", "true");
        evil.config["process"]["terminal"] = true;
        without_dev(evil);
        const std::string root_dir = evil.own_root();
        fs::create_directories(root_dir + "/dev/pts");
        fs::create_symlink(to, root_dir + "/dev/console");
        fs::create_symlink("/dev/pts/ptmx", root_dir + "/dev/ptmx");
        add_mount(evil, "/dev/pts", "devpts", "devpts", {"newinstance", "ptmxmode=0666", "mode=0620"});
        run(evil);
        EXPECT_EQ(listing(), "secret\n") << to;
        fs::remove_all(root_dir + "/dev/pts");
        fs::create_symlink(host, root_dir + "/dev/pts");
        run(evil);
        EXPECT_EQ(listing(), "secret\n") << to;
    }
}

// CVE-2022-29162, CVE-2025-27612: capabilities that file capabilities could raise.
TEST_F(OciAttack, NothingIsInheritableUnlessAsked) {
    const Ran ran = run(bundle("one", "grep -E '^Cap(Inh|Amb)' /proc/self/status"));
    EXPECT_EQ(ran.out, "CapInh:\t0000000000000000\nCapAmb:\t0000000000000000\n");
    // Nor by the caller's own sets.
    const Bundle asked = bundle("one", "grep -E '^Cap(Inh|Amb)' /proc/self/status");
    asked.write();
    Words words = {"setpriv", "--inh-caps", "+chown,+kill", "--ambient-caps", "+chown,+kill"};
    for (const std::string &word : oci_words({"run", "-b", asked.dir, "one"}))
        words.push_back(word);
    const Ran inherited = command(words);
    EXPECT_EQ(inherited.out, "CapInh:\t0000000000000000\nCapAmb:\t0000000000000000\n") << describe(inherited);
}

// CVE-2016-3697: a user whose name is a number.
TEST_F(OciAttack, ANumericUserIsANumber) {
    Bundle evil = bundle("one", "sleep 1000");
    write_text(evil.own_root() + "/etc/passwd", "1000:x:0:0:root:/root:/bin/sh\nroot:x:0:0::/:/bin/sh\n");
    evil.config["process"]["user"] = {{"uid", 1000}, {"gid", 1000}};
    start("one", evil);
    EXPECT_EQ(oci({"exec", "-u", "1000", "one", "awk", "/^Uid/ {print $2, $3}", "/proc/self/status"}).out,
              "1000 1000\n");
    EXPECT_EQ(oci({"exec", "one", "awk", "/^Uid/ {print $2, $3}", "/proc/self/status"}).out, "1000 1000\n");
    remove("one");
}

// CVE-2024-40635: ids that become others when they are cut off.
TEST_F(OciAttack, IdsOutOfRangeAreRefused) {
    for (const char *member : {"uid", "gid"})
        for (const Json &wrong : {Json(2147483648U), Json(4294967295U), Json(4294967296LL), Json(-1)}) {
            Bundle evil = bundle("one", "id");
            evil.config["process"]["user"][member] = wrong;
            EXPECT_REFUSED(run(evil), std::string("/process/user/") + member);
        }
}

// CVE-2021-43784: a length that does not fit where it is written down.
TEST_F(OciAttack, LongTextsAreWholeOrRefused) {
    Bundle evil = bundle("one", "echo ${#LONG}; cat /proc/self/uid_map");
    evil.config["process"]["env"].push_back("LONG=" + std::string(100000, 'x'));
    EXPECT_EQ(run(evil).out.substr(0, 7), "100000\n");
    evil.config["process"]["env"].back() = "LONG=" + std::string(140000, 'x');
    EXPECT_REFUSED(run(evil), "/process/env");
    for (const std::size_t size : {std::size_t{4000}, std::size_t{66000}, std::size_t{1} << 20}) {
        Bundle options = bundle("one", "true");
        add_mount(options, "/tmp", "tmpfs", "tmpfs", {"mode=0755," + std::string(size, 'x')});
        EXPECT_STATUS(run(options), 1) << size;
        Bundle path = bundle("one", "true");
        add_mount(path, "/" + std::string(size, 'x'), "tmpfs", "tmpfs", Json::array());
        EXPECT_STATUS(run(path), 1) << size;
    }
}

// CVE-2022-0492, CVE-2023-25809: the machine's cgroups from inside.
TEST_F(OciAttack, TheCgroupsAreReadOnlyInside) {
    Bundle usual = bundle(
        "one",
        "for d in /sys/fs/cgroup /sys/fs/cgroup/*/; do mkdir $d/new && echo made; echo x > $d/release_agent && echo "
        "wrote; "
        "echo 1 > $d/notify_on_release && echo wrote; done; mount -t cgroup -o memory none /tmp && echo mounted; true");
    const Ran ran = run(usual);
    EXPECT_STATUS(ran, 0);
    EXPECT_EQ(ran.out, "");
}
