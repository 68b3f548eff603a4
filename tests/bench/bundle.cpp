// SPDX-License-Identifier: MIT
#include "bundle.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sched.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <unistd.h>

namespace bench {
namespace {

namespace fs = std::filesystem;

/// As `runc spec` 1.1 writes it, without the terminal and with another program.
constexpr const char *config = R"({
"ociVersion": "1.0.2", "hostname": "bench", "root": {"path": "@ROOTFS@", "readonly": true},
"process": {"terminal": false, "user": {"uid": 0, "gid": 0}, "args": [@ARGS@], "cwd": "/", "noNewPrivileges": true,
  "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
  "capabilities": {"bounding": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"],
    "effective": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"],
    "permitted": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]},
  "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024}]},
"mounts": [
  {"destination": "/proc", "type": "proc", "source": "proc"},
  {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
  {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
    "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]},
  {"destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]},
  {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue", "options": ["nosuid", "noexec", "nodev"]},
  {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"]},
  {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["nosuid", "noexec", "nodev", "relatime", "ro"]}],
"linux": {@SECCOMP@ "cgroupsPath": "@CGROUP@", "resources": {"devices": [{"allow": false, "access": "rwm"}]},
  "namespaces": [{"type": "pid"}, {"type": "network"}, {"type": "ipc"}, {"type": "uts"}, {"type": "mount"}],
  "maskedPaths": ["/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
    "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware", "/proc/scsi"],
  "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]}})";

constexpr long cgroup2_magic = 0x63677270;

} // namespace

Workspace::Workspace() {
    // On the machine's /run, where all these programs keep their state.
    char name[] = "/run/ctr-bench-XXXXXX";
    if (::mkdtemp(name) != nullptr) path_ = name;
}

Workspace::~Workspace() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
}

std::string make_bundles(const std::string &workspace, const std::string &cgroup, const std::string &profile) {
    const fs::path rootfs = fs::path(workspace) / "bundle/rootfs";
    std::error_code failed;
    for (const char *directory : {"bin", "proc", "sys", "dev"})
        fs::create_directories(rootfs / directory, failed);
    fs::copy_file("/bin/busybox", rootfs / "bin/busybox", failed);
    if (failed) return "/bin/busybox cannot be copied (" + failed.message() + "): install busybox-static";
    for (const char *applet : {"true", "sh", "sleep"})
        fs::create_symlink("busybox", rootfs / "bin" / applet, failed);
    std::ifstream file(profile);
    const std::string filter((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (filter.empty()) return profile + " cannot be read";
    const auto write = [&](const std::string &name, const std::string &seccomp, const std::string &args,
                           const std::string &group) {
        std::string text = config;
        for (const auto &[mark, with] : {std::pair{"@CGROUP@", group}, std::pair{"@ROOTFS@", rootfs.string()},
                                         std::pair{"@ARGS@", args}, std::pair{"@SECCOMP@", seccomp}})
            text.replace(text.find(mark), std::strlen(mark), with);
        fs::create_directories(fs::path(workspace) / name, failed);
        std::ofstream(fs::path(workspace) / name / "config.json") << text;
    };
    write("bundle", "", R"("/bin/true")", cgroup);
    write("bundle-seccomp", "\"seccomp\": " + filter + ",", R"("/bin/true")", cgroup);
    for (const char *name : {"ctr-oci", "crun", "runc"})
        write(std::string("bundle-sleep-") + name, "", R"("/bin/sleep", "1000")", cgroup + "-" + name);
    return {};
}

std::string enter_private_mounts() {
    if (::unshare(CLONE_NEWNS) != 0) return std::string("unshare: ") + std::strerror(errno);
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        return std::string("mount: ") + std::strerror(errno);
    constexpr const char *unified = "/sys/fs/cgroup/unified";
    struct statfs fs {};
    if (::statfs(unified, &fs) == 0 && fs.f_type == cgroup2_magic && ::umount2(unified, MNT_DETACH) != 0)
        return std::string("umount2: ") + std::strerror(errno);
    return {};
}

void remove_cgroups(const std::string &cgroup) {
    std::error_code ignored;
    ::rmdir(("/sys/fs/cgroup" + cgroup).c_str());
    for (const auto &hierarchy : fs::directory_iterator("/sys/fs/cgroup", ignored))
        for (const char *more : {"", "-ctr-oci", "-crun", "-runc"})
            ::rmdir((hierarchy.path().string() + cgroup + more).c_str());
}

} // namespace bench
