// SPDX-License-Identifier: MIT
//
// Small settings of the new namespaces: names, sysctls, loopback, keyring, session.
#include "child.hpp"
#include "shell.hpp"
#include "table.hpp"

#include <ctr/plugin.hpp>
#include <linux/keyctl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace kinds {
namespace {

/// "net.ipv4.ip_forward" or "net/ipv4/ip_forward" as the path below /proc. As in sysctl(8) the first separator decides,
/// and in the dotted form a slash stands for a dot: net.ipv4.conf.eth0/1.forwarding.
CTR_CHILD bool sysctl_path(const char *key, char (&out)[256]) {
    constexpr std::size_t prefix = 4;
    memcpy(out, "sys/", prefix);
    const std::size_t length = strlen(key);
    if (length == 0 || length + prefix >= sizeof out) return false;
    char separator = 0;
    for (std::size_t i = 0; i < length && separator == 0; ++i)
        if (key[i] == '.' || key[i] == '/') separator = key[i];
    for (std::size_t i = 0; i <= length; ++i) {
        char c = key[i];
        if (separator == '.' && c == '.')
            c = '/';
        else if (separator == '.' && c == '/')
            c = '.';
        out[prefix + i] = c;
    }
    // Refuses "..", which would lead out of sys/.
    for (std::size_t i = prefix; out[i] != '\0'; ++i)
        if (out[i - 1] == '/' && out[i] == '.' && out[i + 1] == '.' && (out[i + 2] == '/' || out[i + 2] == '\0'))
            return false;
    return true;
}

CTR_CHILD int sysctl_apply(ctr_run *raw) {
    const ctr::ChildRun run{raw};
    const char *key = run.str("key");
    const ctr_str value = run.text("value");
    char path[256];
    if (!sysctl_path(key, path)) return fail_words(raw, CTR_E_INVALID, "this is no sysctl", key);
    const int procfs = open_procfs(ctr::host->root_fd(raw));
    if (procfs < 0) return fail(raw, "fsopen", "proc");
    int result = require_not_in(raw, procfs);
    if (result == 0 && write_procfs(procfs, path, value.data, value.len) != 0)
        result = fail(raw, "write", key,
                      errno == ENOENT   ? "this kernel has no such sysctl"
                      : errno == EINVAL ? "the kernel refuses this value"
                                        : nullptr);
    close_fd(procfs);
    return result;
}

/// require_not_in() for the script.
std::string not_in_shell(ctr::Run run) {
    std::string lines;
    for (const auto &each : run.strings("not_in")) {
        const std::string file = each.substr(0, each.find(':'));
        lines +=
            "[ \"$(stat -L -c " + file + ":%d:%i /proc/self/ns/" + file + ")\" != " + ctr::shell_word(each) + " ]\n";
    }
    return lines;
}

int sysctl_shell(ctr::Run run, ctr::Shell shell) {
    return shell.text(not_in_shell(run) + "sysctl -w " + ctr::shell_word(run.str("key") + "=" + run.str("value")));
}

CTR_CHILD int proc_apply(ctr_run *raw) {
    const ctr::ChildRun run{raw};
    const char *path = run.str("path");
    const ctr_str content = run.text("content");
    const int procfs = open_procfs(ctr::host->root_fd(raw));
    if (procfs < 0) return fail(raw, "fsopen", "proc");
    int result = 0;
    if (write_procfs(procfs, path, content.data, content.len) != 0)
        result = fail(raw, "write", path, run.count("hint") != 0 ? run.str("hint") : nullptr);
    close_fd(procfs);
    return result;
}
int proc_shell(ctr::Run run, ctr::Shell shell) {
    return shell.text("printf %s " + ctr::shell_word(run.str("content")) + " > /proc/" +
                      ctr::shell_word(run.str("path")));
}

CTR_CHILD int require_not_in_these(ctr_run *raw) {
    if (ctr::ChildRun{raw}.count("not_in") == 0) return 0;
    const int procfs = open_procfs(ctr::host->root_fd(raw));
    if (procfs < 0) return fail(raw, "fsopen", "proc");
    const int result = require_not_in(raw, procfs);
    close_fd(procfs);
    return result;
}

CTR_CHILD int hostname_apply(ctr_run *raw) {
    if (require_not_in_these(raw) != 0) return -1;
    const ctr_str name = ctr::ChildRun{raw}.text("name");
    return sethostname(name.data, name.len) == 0 ? 0 : fail(raw, "sethostname", name.data);
}
int hostname_shell(ctr::Run run, ctr::Shell shell) {
    return shell.text(not_in_shell(run) + "hostname " + ctr::shell_word(run.str("name")));
}

CTR_CHILD int domainname_apply(ctr_run *raw) {
    if (require_not_in_these(raw) != 0) return -1;
    const ctr_str name = ctr::ChildRun{raw}.text("name");
    return setdomainname(name.data, name.len) == 0 ? 0 : fail(raw, "setdomainname", name.data);
}
int domainname_shell(ctr::Run run, ctr::Shell shell) {
    return shell.text(not_in_shell(run) + "domainname " + ctr::shell_word(run.str("name")));
}

CTR_CHILD int link_apply(ctr_run *raw) {
    const ctr_str name = ctr::ChildRun{raw}.text("name");
    struct ifreq request;
    memset(&request, 0, sizeof request);
    if (name.len >= sizeof request.ifr_name) return errno = ENAMETOOLONG, fail(raw, "ioctl", name.data);
    memcpy(request.ifr_name, name.data, name.len);
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0); // any socket reaches the interfaces
    if (fd < 0) return fail(raw, "socket", name.data);
    int result = 0;
    if (ioctl(fd, SIOCGIFFLAGS, &request) != 0) result = fail(raw, "ioctl(SIOCGIFFLAGS)", name.data);
    if (result == 0) {
        request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP | IFF_RUNNING);
        if (ioctl(fd, SIOCSIFFLAGS, &request) != 0) result = fail(raw, "ioctl(SIOCSIFFLAGS)", name.data);
    }
    close_fd(fd);
    return result;
}
int link_shell(ctr::Run run, ctr::Shell shell) { return shell.cmd({"ip", "link", "set", run.str("name"), "up"}); }

/// Without a session keyring of its own the container would have its caller's.
CTR_CHILD int keyring_apply(ctr_run *raw) {
    const char *name = ctr::ChildRun{raw}.str("name");
    if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name, 0, 0, 0) >= 0) return 0;
    if (errno == ENOSYS || errno == EPERM || errno == EACCES || errno == EOPNOTSUPP) return 0;
    return fail(raw, "keyctl", name,
                errno == EDQUOT ? "the user has too many keys: raise kernel.keys.maxkeys or kernel.keys.root_maxkeys"
                                : nullptr);
}
int keyring_shell(ctr::Run run, ctr::Shell shell) { return shell.cmd({"keyctl", "new_session", run.str("name")}); }

CTR_CHILD int session_apply(ctr_run *raw) { return setsid() >= 0 ? 0 : fail(raw, "setsid", nullptr); }
int session_shell(ctr::Run, ctr::Shell shell) {
    return shell.text("# setsid: a session of its own; here it is the shell's");
}

/// Rooted at the cgroup in which the process is now.
CTR_CHILD int cgroup_unshare_apply(ctr_run *raw) {
    return unshare(CLONE_NEWCGROUP) == 0 ? 0 : fail(raw, "unshare", "cgroup");
}
int cgroup_unshare_shell(ctr::Run, ctr::Shell shell) {
    return shell.text("# unshare --cgroup: here unshare(1) has done it already");
}

} // namespace

constinit const ctr_step_kind cgroup_unshare =
    ctr::child_kind<cgroup_unshare_shell>(CTR_KIND_CGROUP_UNSHARE, cgroup_unshare_apply);
constinit const ctr_step_kind proc_write = ctr::child_kind<proc_shell>(CTR_KIND_PROC_WRITE, proc_apply);
constinit const ctr_step_kind sysctl = ctr::child_kind<sysctl_shell>(CTR_KIND_SYSCTL, sysctl_apply);
constinit const ctr_step_kind hostname = ctr::child_kind<hostname_shell>(CTR_KIND_HOSTNAME, hostname_apply);
constinit const ctr_step_kind domainname = ctr::child_kind<domainname_shell>(CTR_KIND_DOMAINNAME, domainname_apply);
constinit const ctr_step_kind link_up = ctr::child_kind<link_shell>(CTR_KIND_LINK_UP, link_apply);
constinit const ctr_step_kind keyring_join = ctr::child_kind<keyring_shell>(CTR_KIND_KEYRING_JOIN, keyring_apply);
constinit const ctr_step_kind session_new = ctr::child_kind<session_shell>(CTR_KIND_SESSION_NEW, session_apply);

} // namespace kinds
