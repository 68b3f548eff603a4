// SPDX-License-Identifier: MIT
//
// Fields of a bundle's config.json, read back from inside. The kernel decides what can be tried: what is skipped says
// why.
#include "fixture/sandbox.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <linux/seccomp.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <sched.h>
#include <sstream>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

using namespace fixture;
using Json = nlohmann::json;

namespace {

Json id_map(unsigned inside, unsigned outside, unsigned size) {
    return Json::array({{{"containerID", inside}, {"hostID", outside}, {"size", size}}});
}

class Fields : public SystemTest {
protected:
    /// A root shell with namespaces of its own and the usual mounts.
    Json spec() const {
        Json out = Json::parse(R"({"ociVersion": "1.3.0",
            "process": {"user": {"uid": 0, "gid": 0}, "cwd": "/", "env": ["PATH=/bin"]},
            "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"},
                {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]}],
            "linux": {"namespaces": [{"type": "pid"}, {"type": "network"}, {"type": "ipc"}, {"type": "uts"}, {"type": "mount"}]}})");
        out["root"]["path"] = box.rootfs();
        const Json caps = {"CAP_SYS_ADMIN", "CAP_SYS_NICE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_MKNOD"};
        for (const char *set : {"bounding", "effective", "permitted"})
            out["process"]["capabilities"][set] = caps;
        return out;
    }
    std::vector<std::string> words(Json spec, const std::vector<std::string> &program) const {
        const std::string bundle = box.dir() + "/bundle";
        std::filesystem::create_directories(bundle);
        spec["process"]["args"] = program;
        write_text(bundle + "/config.json", spec.dump());
        std::vector<std::string> out = box.ctr_words();
        for (const std::string &word : {std::string("run"), std::string("--rm"), std::string("--bundle"), bundle})
            out.push_back(word);
        return out;
    }
    Ran run(const Json &spec, const std::vector<std::string> &program) const { return command(words(spec, program)); }
    Ran sh(const Json &spec, const std::string &script) const { return run(spec, {"/bin/sh", "-c", script}); }
    Json with_mount(Json mount) const {
        Json out = spec();
        out["mounts"].push_back(std::move(mount));
        return out;
    }
    /// A fresh directory of the machine, gone at the end.
    std::string directory(const std::string &name) {
        const std::string path = box.dir() + "/" + name;
        std::filesystem::create_directories(path);
        made_.push_back(path);
        return path;
    }
    void TearDown() override {
        made_.push_back(box.dir() + "/bundle");
        for (const auto &each : made_)
            std::filesystem::remove_all(each);
        for (const char *each : {"/data", "/full"})
            std::filesystem::remove_all(box.rootfs() + each);
        SystemTest::TearDown();
    }

private:
    std::vector<std::string> made_;
};

std::string mounted_at(const std::string &path) { return "grep ' " + path + " ' /proc/self/mountinfo"; }

} // namespace

/// The machine's own namespace of a type by another name: a bind mount, which is no link.
class Bound {
public:
    Bound(const std::string &file, std::string at) : at_(std::move(at)) {
        write_text(at_, "");
        bound_ = ::mount(("/proc/self/ns/" + file).c_str(), at_.c_str(), nullptr, MS_BIND, nullptr) == 0;
    }
    ~Bound() {
        if (bound_) ::umount2(at_.c_str(), MNT_DETACH);
        ::unlink(at_.c_str());
    }
    Bound(const Bound &) = delete;
    Bound &operator=(const Bound &) = delete;
    const std::string &path() const { return at_; }
    explicit operator bool() const { return bound_; }

private:
    std::string at_;
    bool bound_ = false;
};

Json joining(Json spec, const std::string &type, const std::string &path) {
    for (Json &each : spec["linux"]["namespaces"])
        if (each["type"] == type) each["path"] = path;
    return spec;
}

TEST_F(Fields, TheMachinesOwnNamespacesAreNotChangedByWhateverPathTheyAreJoined) {
    const struct {
        const char *type, *file, *key, *path;
    } all[] = {{"network", "net", "net.core.somaxconn", "/proc/sys/net/core/somaxconn"},
               {"ipc", "ipc", "kernel.shmmni", "/proc/sys/kernel/shmmni"},
               {"uts", "uts", "kernel.domainname", "/proc/sys/kernel/domainname"}};
    for (const auto &each : all) {
        const Bound bound(each.file, box.dir() + "/bound");
        ASSERT_TRUE(bound) << std::strerror(errno);
        const std::string link = box.dir() + "/link", self = std::string("/proc/self/ns/") + each.file;
        ASSERT_EQ(::symlink(bound.path().c_str(), link.c_str()), 0);
        for (const std::string &path :
             {bound.path(), link, self, std::string("/proc/thread-self/ns/") + each.file,
              std::string("/proc/1/ns/") + each.file, "/proc/" + std::to_string(::getpid()) + "/ns/" + each.file}) {
            Json changed = joining(spec(), each.type, path);
            std::string now = read_text(each.path); // what it is already, so that a fault changes nothing
            while (!now.empty() && now.back() == '\n')
                now.pop_back();
            changed["linux"]["sysctl"] = {{each.key, now}};
            const Ran ran = run(changed, {"/bin/true"});
            EXPECT_NE(ran.status, 0) << path;
            struct stat there {};
            if (::stat(path.c_str(), &there) != 0) continue; // the first process's, on machines that show it to nobody
            EXPECT_HAS(ran.err, "would change the machine");
            if (each.type != std::string("uts")) continue;
            changed["linux"].erase("sysctl");
            changed["hostname"] = "renamed";
            EXPECT_HAS(run(changed, {"/bin/true"}).err, "would rename the machine");
        }
        ::unlink(link.c_str());
    }
}

TEST_F(Fields, AnotherNamespaceThatIsJoinedMayBeChanged) {
    const std::string file = box.dir() + "/bound";
    write_text(file, "");
    // One that nobody is in: made by a process that has gone.
    ASSERT_STATUS(command({"unshare", "--uts=" + file, "true"}), 0);
    Json named = joining(spec(), "uts", file);
    named["hostname"] = "second";
    EXPECT_EQ(run(named, {"/bin/hostname"}).out, "second\n");
    named.erase("hostname");
    named["linux"]["sysctl"] = {{"kernel.domainname", "third"}};
    EXPECT_EQ(sh(named, "hostname; cat /proc/sys/kernel/domainname").out, "second\nthird\n");
    ::umount2(file.c_str(), MNT_DETACH);
    ::unlink(file.c_str());
}

TEST_F(Fields, TheCallersGroupsAreKeptWhereTheAnnotationSaysSo) {
    Json kept = spec();
    kept["process"]["user"]["additionalGids"] = {77};
    const auto with_groups = [&](const Json &document) {
        std::vector<std::string> all = {"setpriv", "--groups", "4321,4322"};
        for (const auto &word : words(document, {"/bin/sh", "-c", "id -G"}))
            all.push_back(word);
        return command(all).out;
    };
    EXPECT_EQ(with_groups(kept), "0 77\n");
    kept["annotations"] = {{"run.oci.keep_original_groups", "1"}};
    EXPECT_EQ(with_groups(kept), "0 4321 4322\n");
}

TEST_F(Fields, MountOptionsReachTheMountOrTheFileSystem) {
    const std::vector<std::pair<std::string, std::string>> options = {{"ro", "ro,relatime - tmpfs x ro"},
                                                                      {"nosuid", "rw,nosuid,"},
                                                                      {"nodev", "rw,nodev,"},
                                                                      {"noexec", "rw,noexec,"},
                                                                      {"noatime", "rw,noatime -"},
                                                                      {"nodiratime", "rw,nodiratime,"},
                                                                      {"strictatime", "rw - tmpfs"},
                                                                      {"nosymfollow", ",nosymfollow -"},
                                                                      {"rro", "ro,relatime - tmpfs x rw"},
                                                                      {"rnosuid", "rw,nosuid,"},
                                                                      {"rnosymfollow", ",nosymfollow -"},
                                                                      {"rstrictatime", "rw - tmpfs"},
                                                                      {"sync", "rw,sync"},
                                                                      {"dirsync", "rw,dirsync"},
                                                                      {"lazytime", "rw,lazytime"},
                                                                      {"mand", "rw,mand"},
                                                                      {"iversion", "rw,relatime"},
                                                                      {"silent", "rw,relatime"},
                                                                      {"loud", "rw,relatime"},
                                                                      {"size=64k", "size=64k"},
                                                                      {"unbindable", "unbindable"},
                                                                      {"shared", "shared:"}};
    Json all = spec();
    std::string script;
    for (std::size_t i = 0; i < options.size(); ++i) {
        const std::string at = "/data/" + std::to_string(i);
        all["mounts"].push_back(
            {{"destination", at}, {"type", "tmpfs"}, {"source", "x"}, {"options", {options[i].first}}});
        script += mounted_at(at) + ";";
    }
    const Ran ran = sh(all, script);
    ASSERT_STATUS(ran, 0);
    std::istringstream lines(ran.out);
    for (const auto &[option, expected] : options) {
        std::string line;
        std::getline(lines, line);
        EXPECT_HAS(line, expected) << option;
    }
}

TEST_F(Fields, BindMountsSayAndLeaveOutWhatBelongsToTheFileSystem) {
    const auto run_with = [&](const char *option) {
        return run(
            with_mount(
                {{"destination", "/data"}, {"type", "bind"}, {"source", "/etc"}, {"options", {"rbind", option}}}),
            {"/bin/true"});
    };
    for (const char *option : {"sync", "dirsync", "lazytime", "mand", "iversion", "size=1m"}) {
        const Ran ran = run_with(option);
        EXPECT_STATUS(ran, 0) << option;
        EXPECT_HAS(ran.err, std::string("\"") + option + "\" belongs to the file system");
    }
    const Ran ran = run_with("nonsense");
    EXPECT_STATUS(ran, 125);
    EXPECT_HAS(ran.err, "nonsense: a bind mount has no such option");
}

TEST_F(Fields, PropagationIsAsAskedForTheRootAndForMounts) {
    const std::string source = directory("shared");
    must({"mount", "-t", "tmpfs", "none", source});
    must({"mount", "--make-shared", source});
    Json out =
        with_mount({{"destination", "/data"}, {"type", "bind"}, {"source", source}, {"options", {"rbind", "rshared"}}});
    out["mounts"].push_back({{"destination", "/full"}, {"type", "tmpfs"}, {"options", {"shared"}}});
    out["mounts"].push_back({{"destination", "/home"}, {"type", "tmpfs"}, {"options", {"rprivate"}}});
    const std::string mounts = "for at in / /data /full /home; do awk -v at=$at '$5 == at' /proc/self/mountinfo; done";
    for (const auto &[word, shared] : {std::pair("shared", true), std::pair("rshared", true), std::pair("slave", false),
                                       std::pair("rprivate", false), std::pair("unbindable", false),
                                       std::pair("private", false), std::pair("rslave", false)}) {
        out["linux"]["rootfsPropagation"] = word;
        const Ran ran = sh(out, mounts);
        ASSERT_STATUS(ran, 0);
        std::istringstream lines(ran.out);
        std::string root, data, full, own;
        std::getline(lines, root);
        std::getline(lines, data);
        std::getline(lines, full);
        std::getline(lines, own);
        EXPECT_HAS(own, " /home rw,relatime - ") << word;
        EXPECT_EQ(root.find("shared:") != std::string::npos, shared) << word << ": " << root;
        EXPECT_EQ(root.find("unbindable") != std::string::npos, std::string(word) == "unbindable") << root;
        EXPECT_HAS(data, "shared:") << word;
        EXPECT_HAS(full, "shared:") << word;
    }
    // What is mounted in it appears on the machine only if both are shared, and what the machine has stays mounted.
    out["linux"]["rootfsPropagation"] = "shared";
    const std::size_t before = read_text("/proc/self/mountinfo").size();
    EXPECT_STATUS(sh(out, "mkdir -p /data/inner && mount -t tmpfs none /data/inner && touch /data/inner/seen"), 0);
    EXPECT_EQ(::access((source + "/inner/seen").c_str(), F_OK), 0);
    must({"umount", source + "/inner"});
    EXPECT_EQ(read_text("/proc/self/mountinfo").size(), before);
    must({"umount", source});
}

TEST_F(Fields, BindMountsHaveOtherIds) {
    const std::string source = directory("source");
    write_text(source + "/roots", "");
    write_text(source + "/others", "");
    ASSERT_EQ(::chown((source + "/others").c_str(), 5, 6), 0);
    const std::vector<std::string> look = {"/bin/probe", "stat", "/data/roots", "/data/others"};
    Json mount = {{"destination", "/data"}, {"type", "bind"}, {"source", source}, {"options", {"rbind"}}};
    mount["uidMappings"] = id_map(0, 1000, 10);
    mount["gidMappings"] = id_map(0, 2000, 10);
    Ran ran = run(with_mount(mount), look);
    if (ran.err.find("cannot be id-mapped") != std::string::npos) GTEST_SKIP() << "/tmp cannot be id-mapped here";
    ASSERT_STATUS(ran, 0);
    EXPECT_HAS(ran.out, "/data/roots 100644 1000:2000 ");
    EXPECT_HAS(ran.out, "/data/others 100644 1005:2006 ");

    // The container's own maps: the machine's ids are seen unchanged, though 0 is 100000 outside.
    mount.erase("uidMappings");
    mount.erase("gidMappings");
    for (const char *option : {"idmap", "ridmap"}) {
        mount["options"] = {"rbind", option, "nosuid"};
        Json out = with_mount(mount);
        out["linux"]["namespaces"].push_back({{"type", "user"}});
        out["linux"]["uidMappings"] = out["linux"]["gidMappings"] = id_map(0, 100000, 65536);
        ran = run(out, look);
        ASSERT_STATUS(ran, 0);
        EXPECT_HAS(ran.out, "/data/roots 100644 0:0 ");
        EXPECT_HAS(ran.out, "/data/others 100644 5:6 ");
        EXPECT_HAS(sh(out, mounted_at("/data")).out, "nosuid,relatime,idmapped");
    }
    EXPECT_EQ(::access((source + "/roots").c_str(), F_OK), 0);
    const Ran refused = run(with_mount(mount), look);
    EXPECT_STATUS(refused, 125);
    EXPECT_HAS(refused.err, "/mounts/2/options");
}

TEST_F(Fields, ANewTmpfsHasOtherIds) {
    const Ran ran = run(with_mount({{"destination", "/data"},
                                    {"type", "tmpfs"},
                                    {"options", {"mode=711"}},
                                    {"uidMappings", id_map(0, 1000, 10)},
                                    {"gidMappings", id_map(0, 2000, 10)}}),
                        {"/bin/probe", "stat", "/data"});
    if (ran.err.find("cannot be id-mapped") != std::string::npos) GTEST_SKIP() << "id-mapped tmpfs needs Linux 6.3";
    ASSERT_STATUS(ran, 0);
    EXPECT_HAS(ran.out, "/data 40711 1000:2000 ");
}

TEST_F(Fields, ATmpfsBeginsWithWhatTheDirectoryHas) {
    const std::string full = box.rootfs() + "/full";
    std::filesystem::create_directories(full + "/deep/er");
    write_text(full + "/file", "content\n");
    write_text(full + "/deep/er/empty", "");
    ASSERT_EQ(::chown((full + "/file").c_str(), 7, 8), 0);
    ASSERT_EQ(::chmod((full + "/file").c_str(), 04751), 0);
    ASSERT_EQ(::chmod(full.c_str(), 01773), 0);
    const timespec times[2] = {{1000, 0}, {978307200, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, (full + "/file").c_str(), times, 0), 0);
    ASSERT_EQ(::symlink("/nowhere", (full + "/link").c_str()), 0);
    ASSERT_EQ(::lchown((full + "/link").c_str(), 9, 9), 0);
    ASSERT_EQ(::mkfifo((full + "/fifo").c_str(), 0600), 0);
    ASSERT_EQ(::setxattr((full + "/deep").c_str(), "trusted.mark", "deep", 4, 0), 0);
    for (int i = 0; i < 300; ++i) // more than one getdents(2)
        write_text(full + "/deep/er/" + std::string(40, 'n') + std::to_string(i), "x");

    const Json out =
        with_mount({{"destination", "/full"}, {"type", "tmpfs"}, {"options", {"tmpcopyup", "ro", "nosuid"}}});
    Ran ran =
        run(out, {"/bin/probe", "stat", "/full", "/full/file", "/full/link", "/full/fifo", "/full/deep/er/empty"});
    ASSERT_STATUS(ran, 0);
    EXPECT_HAS(ran.out, "/full 41773 0:0 ");
    EXPECT_HAS(ran.out, "/full/file 104751 7:8 978307200\n");
    EXPECT_HAS(ran.out, "/full/link 120777 9:9 ");
    EXPECT_HAS(ran.out, "/full/fifo 10600 0:0 ");
    EXPECT_HAS(ran.out, "/full/deep/er/empty 100644 ");
    ran = sh(out, "cat /full/file; readlink /full/link; ls /full/deep/er | wc -l; " + mounted_at("/full") +
                      "; touch /full/new");
    EXPECT_HAS(ran.out, "content\n/nowhere\n301\n");
    EXPECT_HAS(ran.out, "ro,nosuid,relatime - tmpfs");
    EXPECT_HAS(ran.err, "Read-only file system");
    EXPECT_EQ(run(out, {"/bin/probe", "xattr", "/full/deep", "trusted.mark"}).out, "deep\n");
    // In the image nothing has changed, and what is too large is said.
    EXPECT_EQ(read_text(full + "/file"), "content\n");
    const Ran small =
        run(with_mount({{"destination", "/full"}, {"type", "tmpfs"}, {"options", {"tmpcopyup", "size=4k"}}}),
            {"/bin/true"});
    EXPECT_STATUS(small, 125);
    EXPECT_HAS(small.err, "larger than the tmpfs");
}

TEST_F(Fields, ATmpfsIsOpenToTheUserUnlessTheImageSaysOtherwise) {
    Json out = with_mount({{"destination", "/not/there"}, {"type", "tmpfs"}, {"options", {"tmpcopyup", "nosuid"}}});
    out["mounts"].push_back({{"destination", "/closed"}, {"type", "tmpfs"}});
    out["process"]["user"] = {{"uid", 1000}, {"gid", 1000}};
    ::mkdir((box.rootfs() + "/closed").c_str(), 0751);
    ::chmod((box.rootfs() + "/closed").c_str(), 0751);
    const Ran ran = sh(out, "echo x >/not/there/file && cat /not/there/file; echo x >/closed/file");
    EXPECT_HAS(ran.out, "x\n");
    EXPECT_HAS(ran.err, "/closed/file: Permission denied");
}

TEST_F(Fields, ClocksHaveOffsets) {
    if (::access("/proc/self/ns/time", F_OK) != 0) GTEST_SKIP() << "the kernel has no time namespaces";
    Json out = spec();
    out["linux"]["namespaces"].push_back({{"type", "time"}});
    out["linux"]["timeOffsets"] = {{"boottime", {{"secs", 8640000}}}, {"monotonic", {{"secs", 77}, {"nanosecs", 5}}}};
    const Ran ran =
        sh(out,
           "cat /proc/self/timens_offsets; cut -d. -f1 /proc/uptime 2>/dev/null || awk '{print int($1)}' /proc/uptime");
    ASSERT_STATUS(ran, 0);
    std::istringstream words(ran.out);
    std::string name, secs, nano;
    words >> name >> secs >> nano;
    EXPECT_EQ(name + " " + secs + " " + nano, "monotonic 77 5");
    words >> name >> secs >> nano;
    EXPECT_EQ(name + " " + secs + " " + nano, "boottime 8640000 0");
    EXPECT_EQ(command({"cat", "/proc/self/timens_offsets"}).out.find("8640000"), std::string::npos);
    const Ran none = run(
        [&] {
            Json without = spec();
            without["linux"]["timeOffsets"] = out["linux"]["timeOffsets"];
            return without;
        }(),
        {"/bin/true"});
    EXPECT_STATUS(none, 125);
    EXPECT_HAS(none.err, "/linux/timeOffsets");
}

TEST_F(Fields, TheProcessIsScheduledAndPlacedAsAsked) {
    Json out = spec();
    out["process"]["scheduler"] = {{"policy", "SCHED_BATCH"}, {"nice", 7}};
    EXPECT_EQ(run(out, {"/bin/probe", "scheduler"}).out, "policy 3\n");
    EXPECT_EQ(sh(out, "awk '{print $19}' /proc/self/stat").out, "7\n");
    out["process"]["scheduler"] = {
        {"policy", "SCHED_DEADLINE"}, {"runtime", 1000000}, {"deadline", 5000000}, {"period", 5000000}};
    EXPECT_EQ(run(out, {"/bin/probe", "scheduler"}).out, "policy 6\n");
    out["process"].erase("scheduler");
    out["process"]["ioPriority"] = {{"class", "IOPRIO_CLASS_BE"}, {"priority", 6}};
    EXPECT_EQ(run(out, {"/bin/probe", "ioprio"}).out, "ioprio 4006\n");
    out["process"]["ioPriority"] = {{"class", "IOPRIO_CLASS_RT"}, {"priority", 2}};
    EXPECT_EQ(run(out, {"/bin/probe", "ioprio"}).out, "ioprio 2002\n");
    out["linux"]["personality"] = {{"domain", "LINUX32"}};
    EXPECT_EQ(run(out, {"/bin/probe", "personality"}).out, "personality 8\n");
    out["process"]["oomScoreAdj"] = 77;
    out["process"]["user"]["umask"] = 077;
    out["domainname"] = "example.org";
    EXPECT_EQ(sh(out, "cat /proc/self/oom_score_adj; umask; cat /proc/sys/kernel/domainname").out,
              "77\n0077\nexample.org\n");
}

TEST_F(Fields, MemoryComesFromTheNodesThatWereAsked) {
    Json out = spec();
    const auto policy = [&](Json value) {
        out["linux"]["memoryPolicy"] = std::move(value);
        return run(out, {"/bin/probe", "mempolicy"});
    };
    Ran ran = policy({{"mode", "MPOL_BIND"}, {"nodes", "0"}, {"flags", {"MPOL_F_STATIC_NODES"}}});
    if (ran.err.find("no NUMA") != std::string::npos) GTEST_SKIP() << "the kernel has no NUMA";
    EXPECT_EQ(ran.out, "mode 8002 nodes 1\n") << describe(ran);
    EXPECT_EQ(policy({{"mode", "MPOL_INTERLEAVE"}, {"nodes", "0-0"}}).out, "mode 3 nodes 1\n");
    EXPECT_EQ(policy({{"mode", "MPOL_PREFERRED"}, {"nodes", "0"}}).out, "mode 1 nodes 1\n");
    EXPECT_EQ(policy({{"mode", "MPOL_DEFAULT"}}).out, "mode 0 nodes 0\n");
    EXPECT_EQ(policy({{"mode", "MPOL_LOCAL"}}).out, "mode 4 nodes 0\n");
    ran = policy({{"mode", "MPOL_BIND"}, {"nodes", "1000"}});
    EXPECT_STATUS(ran, 125);
    EXPECT_HAS(ran.err, "/linux/memoryPolicy");
}

TEST_F(Fields, InterfacesAreMovedWithTheirAddresses) {
    Json out = spec();
    const auto pair = [](const std::string &name) {
        must({"ip", "link", "add", name, "mtu", "1400", "address", "02:00:00:00:00:07", "type", "veth", "peer", "name",
              name + "p"});
        must({"ip", "address", "add", "10.7.7.7/24", "dev", name});
        must({"ip", "address", "add", "169.254.3.3/16", "scope", "link", "dev", name});
        must({"ip", "address", "add", "fd00:7::7/64", "dev", name, "nodad"});
        must({"ip", "link", "set", name, "up"});
    };
    const auto gone = [](const std::string &name) {
        return eventually([&] { return command({"ip", "link", "show", name}).status != 0; });
    };
    pair("fields0");
    out["linux"]["netDevices"] = {{"fields0", {{"name", "net%d"}}}};
    const Ran ran = sh(out, "ip address show net0");
    ASSERT_STATUS(ran, 0);
    for (const char *part : {",UP", "mtu 1400", "02:00:00:00:00:07", "inet 10.7.7.7/24", "inet6 fd00:7::7/64"})
        EXPECT_HAS(ran.out, part);
    EXPECT_EQ(ran.out.find("169.254.3.3"), std::string::npos) << "link scope belongs to the old network";
    EXPECT_TRUE(gone("fields0p")) << "a virtual interface goes with the namespace";

    pair("fields1"); // refused before it moved
    out["linux"]["netDevices"] = {{"fields1", {{"name", "lo"}}}};
    const Ran taken = run(out, {"/bin/true"});
    EXPECT_STATUS(taken, 125);
    EXPECT_HAS(taken.err, "an interface with this name");
    EXPECT_STATUS(command({"ip", "link", "show", "fields1"}), 0);
    must({"ip", "link", "delete", "fields1"});
    const Ran missing = run(out, {"/bin/true"});
    EXPECT_STATUS(missing, 125);
    EXPECT_HAS(missing.err, "no such interface");
}

namespace {

/// Accepts one state, answers one system call of the filter with `answer`, and gives the state's text.
class Supervisor {
public:
    explicit Supervisor(const std::string &path) : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.c_str(), path.size());
        if (::bind(socket_, reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0) std::abort();
        ::listen(socket_, 1);
    }
    ~Supervisor() {
        ::close(socket_);
        if (filter_ >= 0) ::close(filter_);
    }
    Supervisor(const Supervisor &) = delete;
    Supervisor &operator=(const Supervisor &) = delete;

    std::string accept() {
        if (!readable(socket_)) return "nobody came";
        const int from = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
        std::string text;
        for (char part[4096];;) {
            iovec piece = {part, sizeof part};
            alignas(cmsghdr) char room[CMSG_SPACE(sizeof(int))];
            msghdr message{};
            message.msg_iov = &piece;
            message.msg_iovlen = 1;
            message.msg_control = room;
            message.msg_controllen = sizeof room;
            const ssize_t got = ::recvmsg(from, &message, MSG_CMSG_CLOEXEC);
            if (got <= 0) break;
            if (const cmsghdr *rights = CMSG_FIRSTHDR(&message); rights != nullptr)
                std::memcpy(&filter_, CMSG_DATA(rights), sizeof filter_);
            text.append(part, static_cast<std::size_t>(got));
        }
        ::close(from);
        return text;
    }
    /// The number of the system call that was answered with this errno; -1: none came.
    int answer(int errno_value) {
        if (!readable(filter_)) return -1;
        seccomp_notif question{};
        if (::ioctl(filter_, SECCOMP_IOCTL_NOTIF_RECV, &question) != 0) return -1;
        seccomp_notif_resp reply{};
        reply.id = question.id;
        reply.error = -errno_value;
        return ::ioctl(filter_, SECCOMP_IOCTL_NOTIF_SEND, &reply) == 0 ? question.data.nr : -1;
    }

private:
    static bool readable(int fd) {
        pollfd one = {fd, POLLIN, 0};
        return fd >= 0 && ::poll(&one, 1, static_cast<int>(patience * 1000)) == 1;
    }
    int socket_, filter_ = -1;
};

} // namespace

TEST_F(Fields, ASupervisorAnswersSystemCalls) {
    const std::string path = directory("agent") + "/socket";
    Json out = spec();
    out["annotations"] = {{"colour", "\"blue\" $x"}};
    // Neither sendmsg nor recvmsg may be needed once the filter is loaded.
    out["linux"]["seccomp"] = Json::parse(R"({"defaultAction": "SCMP_ACT_ALLOW", "listenerMetadata": "line\none",
        "flags": ["SECCOMP_FILTER_FLAG_TSYNC"], "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_NOTIFY"},
        {"names": ["sendmsg", "recvmsg"], "action": "SCMP_ACT_KILL_PROCESS"}]})");
    out["linux"]["seccomp"]["listenerPath"] = path;
    const Ran alone = run(out, {"/bin/probe", "mkdir", "/tmp/made"});
    EXPECT_STATUS(alone, 125);
    EXPECT_HAS(alone.err, "the supervisor of SCMP_ACT_NOTIFY must listen");
    Supervisor supervisor(path);
    for (const bool no_new_privs : {false, true}) {
        out["process"]["noNewPrivileges"] = no_new_privs;
        Running running(words(out, {"/bin/probe", "mkdir", "/tmp/made"}));
        const Json state = Json::parse(supervisor.accept(), nullptr, false);
        ASSERT_TRUE(state.is_object()) << describe(running.wait(1));
        EXPECT_EQ(state["ociVersion"], "1.3.0");
        EXPECT_EQ(state["fds"], Json({"seccompFd"}));
        EXPECT_EQ(state["metadata"], "line\none");
        EXPECT_EQ(state["state"]["pid"], state["pid"]);
        EXPECT_EQ(state["state"]["annotations"], out["annotations"]);
        EXPECT_TRUE(state["state"]["bundle"].is_string() && state["state"]["id"].is_string());
        EXPECT_EQ(signal_one(state["pid"].get<int>(), 0), 0);
        EXPECT_GE(supervisor.answer(EDOM), 0);
        const Ran ran = running.wait();
        EXPECT_STATUS(ran, 1);
        EXPECT_EQ(ran.out, "errno " + std::to_string(EDOM) + "\n");
    }
}

TEST_F(Fields, WhatThisMachineCannotIsRefusedByName) {
    Json out = spec();
    if (::access("/sys/module/apparmor/parameters/enabled", F_OK) != 0) {
        out["process"]["apparmorProfile"] = "some-profile";
        const Ran ran = run(out, {"/bin/true"});
        EXPECT_STATUS(ran, 125);
        EXPECT_HAS(ran.err, "/process/apparmorProfile: AppArmor is not enabled");
    }
    out = spec();
    if (::access("/sys/fs/selinux/enforce", F_OK) != 0) {
        out["process"]["selinuxLabel"] = "system_u:system_r:container_t:s0";
        EXPECT_HAS(run(out, {"/bin/true"}).err, "/process/selinuxLabel: SELinux is not enabled");
        out = spec();
        out["linux"]["mountLabel"] = "system_u:object_r:container_file_t:s0";
        EXPECT_HAS(run(out, {"/bin/true"}).err, "/linux/mountLabel: SELinux is not enabled");
    }
    out = spec();
    if (::access("/sys/fs/resctrl/schemata", F_OK) != 0) {
        out["linux"]["intelRdt"] = {{"closID", "gold"}};
        EXPECT_HAS(run(out, {"/bin/true"}).err, "/linux/intelRdt: no resctrl");
    }
    for (const auto &[controller, resource] :
         {std::pair("net_cls", Json{{"network", {{"classID", 1048577}}}}),
          std::pair("net_prio", Json{{"network", {{"priorities", {{{"name", "lo"}, {"priority", 3}}}}}}}),
          std::pair("hugetlb", Json{{"hugepageLimits", {{{"pageSize", "2MB"}, {"limit", 2097152}}}}}),
          std::pair("rdma", Json{{"rdma", {{"mlx5_1", {{"hcaHandles", 3}}}}}})}) {
        if (::access(("/sys/fs/cgroup/" + std::string(controller)).c_str(), F_OK) == 0) continue;
        out = spec();
        out["linux"]["resources"] = resource;
        const Ran ran = run(out, {"/bin/true"});
        EXPECT_STATUS(ran, 125) << controller;
        EXPECT_HAS(ran.err, "/linux/resources/" + resource.begin().key());
    }
}
