// SPDX-License-Identifier: MIT
//
// Makes the container's cgroup, with the controllers that it needs, and opens its directory: clone3 puts the child there at birth, which costs
// nothing (CLONE_INTO_CGROUP), where moving it later would cost milliseconds.
//
// A controller exists in a cgroup if all its ancestors hand it down (cgroup.subtree_control). A cgroup that hands down may hold no processes of its
// own, so an ancestor with processes in it refuses: that is the administrator's to solve, nobody is moved. What was switched on in an
// ancestor stays on: others may have come to need it.
#include "steps.hpp"

#include "bpf.hpp"
#include "device_program.hpp"
#include "limits.hpp"

#include "../cgroup-common/cgroupfs.hpp"

#include <ctr/cpp/fd.hpp>
#include <poll.h>

namespace ctr::cgroup2 {

using cgroup::Setting;

namespace {

std::string dir_of(Run run) { return run.str("mount") + run.str("path"); }

Error explain_controller(const std::string &dir, const std::string &controller, int code) {
    Error e;
    e.error_class = CTR_E_UNSUPPORTED;
    e.errno_value = code;
    e.syscall = "write";
    e.path = dir + "/cgroup.subtree_control";
    e.message = "the controller " + controller + " cannot be switched on for the cgroups below " + dir;
    if (code == EBUSY && !cgroup::read_file(dir + "/cgroup.procs").value_or("").empty())
        e.hint = "that cgroup has processes of its own, and cgroup v2 hands controllers down only from cgroups "
                 "without: choose another "
                 "\"parent\" for cgroup-v2 in the config, or move them into a cgroup below it";
    else if (code == ENOENT)
        e.hint = "the cgroup above it does not hand the controller down";
    else if (code == EOPNOTSUPP)
        e.hint = "that cgroup is threaded: choose another \"parent\" for cgroup-v2 in the config";
    else if (code == EACCES || code == EPERM)
        e.hint = "run ctr as root, or have the cgroup delegated to this user (systemd: Delegate=yes)";
    else if (code == EINVAL && controller == "cpu")
        e.hint = "a realtime process outside the root cgroup keeps the cpu controller off";
    return e;
}

/// One write for all; where the kernel refuses, each alone, and only what a limit needs may not fail.
std::optional<Error> hand_down(const std::string &dir, const std::vector<std::string> &controllers,
                               const std::vector<std::string> &needed) {
    const std::string file = dir + "/cgroup.subtree_control";
    std::string all;
    for (const auto &each : controllers)
        all += (all.empty() ? "+" : " +") + each;
    if (all.empty() || cgroup::write_file(file, all)) return std::nullopt;
    for (const auto &each : controllers)
        if (!cgroup::write_file(file, '+' + each) && std::find(needed.begin(), needed.end(), each) != needed.end())
            return explain_controller(dir, each, errno);
    return std::nullopt;
}

std::optional<Error> enable_controllers(Run run, const cgroup::Settings &settings) {
    const auto controllers = run.strings("controller");
    std::vector<std::string> needed;
    for (const auto &s : settings)
        needed.push_back(controller_of(s));
    std::string dir = run.str("mount");
    for (const auto &name : cgroup::split(run.str("path"), '/')) {
        if (auto error = hand_down(dir, controllers, needed)) return error;
        dir += '/' + name;
    }
    return std::nullopt;
}

/// The container's root may manage the cgroup: the directory and those files that the kernel says are safe in other hands.
int give_away(Run run, const std::string &dir) {
    if (!run.has("uid")) return 0;
    const auto uid = static_cast<uid_t>(run.integer("uid"));
    const auto gid = static_cast<gid_t>(run.integer("gid"));
    if (::chown(dir.c_str(), uid, gid) != 0) return run.fail("chown", dir);
    const std::string files = cgroup::read_file("/sys/kernel/cgroup/delegate")
                                  .value_or("cgroup.procs\ncgroup.threads\ncgroup.subtree_control\n");
    for (const auto &file : cgroup::split(files, '\n'))
        if (::chown((dir + '/' + file).c_str(), uid, gid) != 0 && errno != ENOENT)
            return run.fail("chown", dir + '/' + file);
    return 0;
}

/// A cgroup that is there already is taken if nobody lives in it; it stays when the container goes.
int check_vacant(Run run, const std::string &dir) {
    std::vector<pid_t> pids;
    if (!cgroup::processes_in(dir, pids)) return run.fail("read", dir + "/cgroup.procs");
    // Under systemd the container's first process is there already.
    if (run.has("pid")) pids.erase(std::remove(pids.begin(), pids.end(), pid_t(run.integer("pid"))), pids.end());
    if (pids.empty()) return 0;
    return run.fail({CTR_E_EXISTS,
                     "the cgroup exists and has " + std::to_string(pids.size()) + " processes of something else in it",
                     "choose another name or cgroupsPath, or end process " + std::to_string(pids.front()),
                     0,
                     {},
                     dir});
}

int give_directory(Run run, const std::string &dir) {
    const int fd = ::open(dir.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? run.fail("open", dir) : run.output_fd("cgroup", fd);
}

bool populated(const std::string &dir) {
    const auto events = cgroup::read_file(dir + "/cgroup.events");
    return events && cgroup::keyed_number(*events, "populated").value_or(0) != 0;
}

} // namespace

int create(Run run) {
    const std::string dir = dir_of(run);
    const auto made = cgroup::make_cgroup(run.str("mount"), run.str("path"), run.str("owner"));
    if (made == cgroup::Made::failed)
        return run.fail("mkdir", dir,
                        errno == EACCES || errno == EPERM
                            ? "run ctr as root, or have the parent cgroup delegated to this user"
                        : errno == EAGAIN ? "cgroup.max.depth or cgroup.max.descendants of a parent is reached"
                                          : "");
    if (made == cgroup::Made::existed && check_vacant(run, dir) != 0) return -1;
    const auto settings = cgroup::settings_of(run.strings("set"));
    if (const auto error = enable_controllers(run, settings)) return run.fail(*error);
    if (const auto error = cgroup::write_settings(settings, [&](const Setting &s) { return dir + '/' + s.file; }))
        return run.fail(*error);
    if (give_away(run, dir) != 0) return -1;
    if (run.output("path", run.str("path")) != 0 || run.output("made", made == cgroup::Made::fresh ? 1 : 0) != 0)
        return -1;
    return give_directory(run, dir);
}

/// Ours is what was recorded as made and what bears our mark. A recorded cgroup that was there before is emptied (it was vacant when we moved in)
/// and loses our device program, but stays.
int remove(Run run) {
    const std::string dir = dir_of(run), owner = run.str("owner");
    const auto recorded = run.recorded_int("made");
    bool ended = true;
    if (recorded.value_or(0) == 1 || cgroup::mark_of(dir) == owner) {
        if (::rmdir(dir.c_str()) != 0 && errno != ENOENT) {
            if (errno != EBUSY && errno != ENOTEMPTY) return run.fail("rmdir", dir);
            // Somebody lives there. Only a mark proves that it is not a later container of the same path.
            const std::string mark = cgroup::mark_of(dir);
            ended = (!mark.empty() && mark != owner) || end_cgroup(dir, Fate::remove);
        }
    } else if (recorded) {
        ended = end_cgroup(dir, Fate::reuse);
        const Fd fd(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (fd.valid()) detach_device_programs(fd.get(), 0);
    }
    if (!recorded && cgroup::half_made(dir, owner)) ::rmdir(dir.c_str());
    // A slice without our mark is systemd's.
    cgroup::remove_parents(run.str("mount"), run.str("path"), run.has("unit") ? std::string() : owner);
    if (ended) return 0;
    return run.fail({CTR_E_BUSY, "the cgroup cannot be removed: something in it does not end",
                     "see its cgroup.procs; a process in an uninterruptible wait ends when its disk or network answers",
                     EBUSY, "rmdir", dir});
}

bool freeze_cgroup(const std::string &dir, bool frozen) {
    if (!cgroup::write_file(dir + "/cgroup.freeze", frozen ? "1" : "0")) return false;
    const Fd events(::open((dir + "/cgroup.events").c_str(), O_RDONLY | O_CLOEXEC));
    if (!events.valid()) return false;
    // The kernel wakes a poll of cgroup.events when "frozen" changes.
    for (std::int64_t left_ms = cgroup::end_ms; left_ms > 0; left_ms -= 100) {
        if (::lseek(events.get(), 0, SEEK_SET) != 0) return false;
        const auto text = cgroup::read_fd(events.get());
        if (!text) return false;
        if ((cgroup::keyed_number(*text, "frozen").value_or(0) != 0) == frozen) return true;
        pollfd wait{events.get(), POLLPRI, 0};
        ::poll(&wait, 1, 100);
    }
    errno = ETIMEDOUT;
    return false;
}

namespace {

/// cgroup.kill (Linux 5.14) reaches all at once. But a cgroup in which it was used lets no child be born any more: the kernel kills what
/// CLONE_INTO_CGROUP puts there (seen on 6.18), so one that others may use again is emptied by signals. Frozen, nobody forks between the
/// reading and the killing, and v2's freezer lets a frozen process die.
void kill_once(const std::string &dir, Fate fate) {
    if (fate != Fate::reuse && cgroup::write_file(dir + "/cgroup.kill", "1")) return;
    cgroup::write_file(dir + "/cgroup.freeze", "1");
    std::vector<pid_t> pids;
    cgroup::processes_in(dir, pids);
    cgroup::signal_all(pids, SIGKILL);
    cgroup::write_file(dir + "/cgroup.freeze", "0");
}

} // namespace

bool end_cgroup(const std::string &dir, Fate fate) {
    cgroup::Patience patience(cgroup::end_ms);
    for (;;) {
        const bool alive = populated(dir);
        if (!alive && (fate != Fate::remove || cgroup::remove_tree(dir))) return true;
        if (alive) kill_once(dir, fate);
        if (!patience.wait()) return false;
    }
}

int devices(Run run) {
    const auto program = device_program(device_rules(run.strings("device")));
    const auto error = attach_device_program(run.fd("cgroup"), program);
    return error ? run.fail(*error) : 0;
}

/// exec. A container may have made cgroups in its own and handed controllers down: then its top may hold no process any more, and init has moved
/// into one of them. That is where a new process belongs.
std::string directory_for_exec(Run run) {
    std::string dir = dir_of(run);
    const auto handed_down = cgroup::read_file(dir + "/cgroup.subtree_control");
    if (!handed_down) {
        run.fail("read", dir + "/cgroup.subtree_control", "is the container still running?");
        return {};
    }
    const int init = run.has("init") ? run.fd("init") : -1;
    if (cgroup::trimmed(*handed_down).empty() || init < 0) return dir;
    const auto info = cgroup::read_file("/proc/self/fdinfo/" + std::to_string(init));
    std::string pid;
    cgroup::split(info.value_or(""), '\n', [&](std::string_view line) {
        if (line.substr(0, 5) == "Pid:\t") pid = line.substr(5);
    });
    const auto membership = cgroup::read_file("/proc/" + pid + "/cgroup");
    const std::string path = run.str("path") + '/';
    cgroup::split(membership.value_or(""), '\n', [&](std::string_view line) {
        if (line.substr(0, 3) == "0::" && line.substr(3, path.size()) == path)
            dir = run.str("mount") + std::string(line.substr(3));
    });
    return dir;
}

int open(Run run) {
    const std::string dir = directory_for_exec(run);
    return dir.empty() ? -1 : give_directory(run, dir);
}

// ---- the same as a script -----------------------------------------------------------------------------------------------

int create_shell(Run run, Shell shell) {
    const std::string dir = dir_of(run);
    shell.cmd({"mkdir", "-p", dir});
    std::string controllers;
    for (const auto &each : run.strings("controller"))
        controllers += (controllers.empty() ? "+" : " +") + each;
    std::string above = run.str("mount");
    for (const auto &name : cgroup::split(run.str("path"), '/')) {
        if (!controllers.empty())
            shell.text("echo '" + controllers + "' > " + cgroup::shell_word(above + "/cgroup.subtree_control"));
        above += '/' + name;
    }
    const std::string writes = cgroup::shell_lines(cgroup::settings_of(run.strings("set")),
                                                   [&](const Setting &s) { return dir + '/' + s.file; });
    if (!writes.empty()) shell.text(writes);
    if (run.has("uid")) {
        const std::string owner = std::to_string(run.integer("uid")) + ':' + std::to_string(run.integer("gid"));
        shell.text("(cd " + cgroup::shell_word(dir) + " && chown " + owner +
                   " . $(cat /sys/kernel/cgroup/delegate) 2>/dev/null || true)");
    }
    return shell.set(run.output_value("cgroup"), {"echo", dir});
}

int remove_shell(Run run, Shell shell) {
    const std::string dir = cgroup::shell_word(dir_of(run));
    shell.text("echo 1 > " + dir +
               "/cgroup.kill\n"
               "while grep -q 'populated 1' " +
               dir +
               "/cgroup.events; do sleep 0.1; done\n"
               "find " +
               dir + " -depth -type d -exec rmdir {} \\;");
    for (std::string parent = cgroup::parent_path(run.str("path")); !parent.empty();
         parent = cgroup::parent_path(parent))
        shell.text("rmdir --ignore-fail-on-non-empty " + cgroup::shell_word(run.str("mount") + parent) +
                   " 2>/dev/null || true");
    return 0;
}

int devices_shell(Run run, Shell shell) {
    std::string text = "# bpf(2): a program of the type cgroup/dev is loaded and attached to the cgroup. For every "
                       "open and mknod of a device\n"
                       "# it lets the last of these rules decide that speaks of it (a shell has no command for this):";
    for (const auto &rule : run.strings("device"))
        text += "\n#     " + rule;
    return shell.text(text);
}

int open_shell(Run run, Shell shell) { return shell.set(run.output_value("cgroup"), {"echo", dir_of(run)}); }

std::vector<cgroup::DeviceRule> device_rules(const std::vector<std::string> &texts) {
    std::vector<cgroup::DeviceRule> rules;
    for (const auto &text : texts)
        if (cgroup::DeviceRule rule; cgroup::parse_device_rule(text, rule)) rules.push_back(std::move(rule));
    return rules;
}

} // namespace ctr::cgroup2
