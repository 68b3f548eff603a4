// SPDX-License-Identifier: MIT
//
// spec: writes an example config.json: a shell in ./rootfs with few privileges.
#include "front/oci/app.hpp"

#include "sys/files.hpp"
#include "sys/surroundings.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <nlohmann/json.hpp>
#include <sys/vfs.h>
#include <unistd.h>

namespace core::oci {
namespace {

using OrderedJson = nlohmann::ordered_json;

OrderedJson mount(const char *destination, const char *type, const char *source,
                  std::initializer_list<const char *> options) {
    OrderedJson out = {{"destination", destination}, {"type", type}, {"source", source}};
    if (options.size() != 0) out["options"] = std::vector<std::string>(options.begin(), options.end());
    return out;
}

OrderedJson mounts(bool rootless) {
    OrderedJson all = OrderedJson::array();
    all.push_back(mount("/proc", "proc", "proc", {}));
    all.push_back(mount("/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}));
    auto pts = mount("/dev/pts", "devpts", "devpts", {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"});
    if (!rootless) pts["options"].push_back("gid=5"); // group tty, which is not mapped for an unprivileged user
    all.push_back(pts);
    all.push_back(mount("/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}));
    all.push_back(mount("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}));
    // Without a network namespace of its own an unprivileged user cannot mount sysfs, but can bind the machine's.
    all.push_back(rootless ? mount("/sys", "none", "/sys", {"rbind", "nosuid", "noexec", "nodev", "ro"})
                           : mount("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}));
    if (!rootless)
        all.push_back(mount("/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev", "relatime", "ro"}));
    return all;
}

OrderedJson process() {
    const std::vector<std::string> capabilities = {"CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"};
    return {{"terminal", true},
            {"user", {{"uid", 0}, {"gid", 0}}},
            {"args", {"sh"}},
            {"env", {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"}},
            {"cwd", "/"},
            {"capabilities", {{"bounding", capabilities}, {"effective", capabilities}, {"permitted", capabilities}}},
            {"rlimits", OrderedJson::array({{{"type", "RLIMIT_NOFILE"}, {"hard", 1024}, {"soft", 1024}}})},
            {"noNewPrivileges", true}};
}

OrderedJson example(bool rootless, bool unified) {
    OrderedJson namespaces = OrderedJson::array({{{"type", "pid"}}});
    if (!rootless) namespaces.push_back({{"type", "network"}});
    for (const char *type : {"ipc", "uts", "mount"})
        namespaces.push_back({{"type", type}});
    // Not under cgroup v1, as with runc: there it would hide from the container what the machine's mounts show.
    if (unified) namespaces.push_back({{"type", "cgroup"}});
    if (rootless) namespaces.push_back({{"type", "user"}});
    OrderedJson linux = {
        {"namespaces", namespaces},
        {"maskedPaths",
         {"/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
          "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware", "/proc/scsi"}},
        {"readonlyPaths", {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"}}};
    if (rootless) {
        linux["uidMappings"] = OrderedJson::array({{{"containerID", 0}, {"hostID", ::geteuid()}, {"size", 1}}});
        linux["gidMappings"] = OrderedJson::array({{{"containerID", 0}, {"hostID", ::getegid()}, {"size", 1}}});
    } else {
        linux["resources"] = {{"devices", OrderedJson::array({{{"allow", false}, {"access", "rwm"}}})}};
    }
    return {{"ociVersion", "1.3.0"}, {"process", process()},       {"root", {{"path", "rootfs"}, {"readonly", true}}},
            {"hostname", "ctr"},     {"mounts", mounts(rootless)}, {"linux", linux}};
}

/// False on hybrid machines, where the limits are in v1.
bool has_cgroup_v2_alone() {
    struct statfs fs {};
    return ::statfs("/sys/fs/cgroup", &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

} // namespace

int spec_command(App &app, const Arguments &arguments) {
    const std::string name = arguments.one("config", "config.json");
    const std::string file = name[0] == '/' ? name : arguments.one("bundle", ".") + "/" + name;
    const Fd made(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, sys::as_the_caller_wants(0666)));
    if (!made.valid() && errno == EEXIST) return app.report(invalid(file, "File " + name + " exists. Remove it first"));
    if (!made.valid()) return app.report(system_error("open", file));
    auto written = sys::write_all(made.get(),
                                  example(arguments.has("rootless"), has_cgroup_v2_alone()).dump(1, '\t') + "\n", file);
    return written.ok() ? 0 : app.report(written.error());
}

} // namespace core::oci
