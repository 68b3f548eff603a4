// SPDX-License-Identifier: MIT
//
// Makes the container's cgroup, with the controllers that it needs, and opens its directory: clone3 puts the child
// there at birth (CLONE_INTO_CGROUP), which costs nothing; moving it later would cost milliseconds.
//
// A controller exists in a cgroup if all its ancestors hand it down (cgroup.subtree_control). A cgroup that hands
// controllers down may hold no processes of its own, so an ancestor with processes refuses. The administrator must
// solve that; ctr moves no processes. A controller that was switched on in an ancestor stays on, because others may
// need it by now.
#include "steps.hpp"

#include "bpf.hpp"
#include "device_program.hpp"
#include "limits.hpp"

#include "../cgroup-common/errors.hpp"
#include "../cgroup-common/exec.hpp"
#include "../cgroup-common/writing.hpp"

namespace ctr::cgroup2 {

using cgroup::Made;
using cgroup::Setting;
using cgroup::Whose;

std::optional<Place> place_of(Run run) {
    Place place{
        run.str("mount"), run.str("path"), {run.str("owner"), run.str("pid_namespace") == "own"}, run.has("unit")};
    if (cgroup::is_container_path(place.path) && cgroup::is_container_path(place.mount)) return place;
    run.fail(cgroup::damaged_record(place.path));
    return std::nullopt;
}

Whose whose_is(Run run, const Place &place) {
    return cgroup::whose(place.dir(), place.members.owner(), run.recorded_int("made").value_or(0) == made_unmarked);
}

namespace {

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

/// Tries one write for all controllers. If the kernel refuses it, each is written alone, and only those that a limit
/// needs must succeed.
Result<> hand_down(const std::string &dir, const std::vector<std::string> &controllers,
                   const std::vector<std::string> &needed) {
    const std::string file = dir + "/cgroup.subtree_control";
    std::string all;
    for (const auto &each : controllers)
        all += (all.empty() ? "+" : " +") + each;
    if (all.empty() || cgroup::write_file(file, all)) return {};
    for (const auto &each : controllers)
        if (!cgroup::write_file(file, '+' + each) && std::find(needed.begin(), needed.end(), each) != needed.end())
            return explain_controller(dir, each, errno);
    return {};
}

Result<> enable_controllers(Run run, const Place &place, const cgroup::Settings &settings) {
    const auto controllers = run.strings("controller");
    std::vector<std::string> needed;
    for (const auto &s : settings)
        needed.push_back(controller_of(s));
    std::string dir = place.mount;
    for (const auto &name : ctr::split(place.path, '/')) {
        CTR_TRY(hand_down(dir, controllers, needed));
        dir += '/' + name;
    }
    return {};
}

/// Lets the container's root manage the cgroup: gives it the directory and those files that the kernel lists as safe to
/// delegate.
int give_away(Run run, const std::string &dir) {
    if (!run.has("uid")) return 0;
    const auto uid = static_cast<uid_t>(run.integer("uid"));
    const auto gid = static_cast<gid_t>(run.integer("gid"));
    if (::chown(dir.c_str(), uid, gid) != 0) return run.fail("chown", dir);
    const std::string files = cgroup::read_file("/sys/kernel/cgroup/delegate")
                                  .value_or("cgroup.procs\ncgroup.threads\ncgroup.subtree_control\n");
    for (const auto &file : ctr::split(files, '\n'))
        if (::chown((dir + '/' + file).c_str(), uid, gid) != 0 && errno != ENOENT)
            return run.fail("chown", dir + '/' + file);
    return 0;
}

/// Uses an existing cgroup if no process is in it. A cgroup of systemd has the container's first process in it.
int take_over(Run run, const Place &place, Made &made) {
    const auto first = static_cast<pid_t>(run.integer("pid"));
    if (auto done = cgroup::check_vacant(place.dir(), first); !done.ok()) return run.fail(done.error());
    if (place.by_systemd)
        made = cgroup::set_mark(place.dir(), place.members.owner()) ? Made::existed : Made::unmarked;
    else
        made = cgroup::take_over(place.mount, place.path, place.members.owner());
    return 0;
}

int make_directory(Run run, const Place &place, Made &made) {
    made = cgroup::make_cgroup(place.mount, place.path, place.members.owner());
    if (made == Made::existed && take_over(run, place, made) != 0) return -1;
    if (made != Made::failed) return 0;
    return run.fail("mkdir", place.dir(),
                    errno == EACCES || errno == EPERM
                        ? "run ctr as root, or have the parent cgroup delegated to this user"
                    : errno == EAGAIN ? "cgroup.max.depth or cgroup.max.descendants of a parent is reached"
                                      : "");
}

/// Fails if the cgroup is frozen: the child would stop at birth, without any report.
int check_frozen(Run run, const Place &place) {
    return cgroup::is_frozen(place.dir()) ? run.fail(cgroup::frozen(place.dir())) : 0;
}

int give_directory(Run run, const std::string &dir) {
    const int fd = ::open(dir.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? run.fail("open", dir) : run.output_fd("cgroup", fd);
}

} // namespace

int create(Run run) {
    const auto place = place_of(run);
    Made made = Made::failed;
    if (!place || make_directory(run, *place, made) != 0 || check_frozen(run, *place) != 0) return -1;
    const std::string dir = place->dir();
    const auto settings = cgroup::settings_of(run.strings("set"));
    auto done = enable_controllers(run, *place, settings);
    if (done.ok()) done = cgroup::write_settings(settings, [&](const Setting &s) { return dir + '/' + s.file; });
    if (!done.ok()) return run.fail(done.error());
    if (give_away(run, dir) != 0) return -1;
    const std::int64_t record = made == Made::fresh ? made_marked : made == Made::unmarked ? made_unmarked : 0;
    if (run.output("path", place->path) != 0 || run.output("made", record) != 0) return -1;
    return give_directory(run, dir);
}

/// Only a cgroup with our mark is ours, because somebody else may have taken the path over since. A cgroup in which the
/// container is a guest loses our device program, but stays.
int remove(Run run) {
    const auto place = place_of(run);
    if (!place) return -1;
    const std::string dir = place->dir();
    const Whose whose = whose_is(run, *place);
    const auto made = run.recorded_int("made");
    const bool unmarked = !place->by_systemd && // a slice without our mark is systemd's
                          cgroup::parents_may_be_unmarked(dir, made.has_value(), made.value_or(0) == made_unmarked);
    bool ended = true;
    if (whose == Whose::others) {
        // Nothing was recorded, so the step did not end and no process can have joined.
        if (!made && cgroup::half_made(dir, place->members.owner())) ::rmdir(dir.c_str());
    } else if (whose == Whose::guests || place->by_systemd) {
        ended = end_cgroup(*place, whose, Fate::leave);
        const Fd fd = cgroup::open_directory(AT_FDCWD, dir.c_str());
        if (fd.valid()) detach_device_programs(fd.get(), 0);
        if (whose == Whose::guests) cgroup::remove_mark(dir);
    } else if (::rmdir(dir.c_str()) != 0 && errno != ENOENT) {
        if (errno != EBUSY && errno != ENOTEMPTY) return run.fail("rmdir", dir);
        ended = end_cgroup(*place, whose, Fate::remove);
    }
    cgroup::remove_parents(place->mount, place->path, unmarked ? place->members.owner() : std::string());
    if (ended) return 0;
    return run.fail(cgroup::cannot_be_removed(dir));
}

int devices(Run run) {
    std::vector<cgroup::DeviceRule> rules;
    for (const auto &text : run.strings("device")) {
        if (!cgroup::parse_device_rule(text, rules.emplace_back()))
            return run.fail({.error_class = CTR_E_INVALID,
                             .message = "\"" + text + "\" is no device rule",
                             .hint = "for example \"allow c 1:3 rwm\""});
    }
    const auto done = attach_device_program(run.fd("cgroup"), device_program(rules));
    return done.ok() ? 0 : run.fail(done.error());
}

std::string directory_for_exec(Run run) {
    const auto place = place_of(run);
    if (!place) return {};
    const auto dir = cgroup::exec_directory(place->mount, place->path, run.has("init") ? run.fd("init") : -1);
    if (dir) return *dir;
    run.fail("read", place->dir() + "/cgroup.subtree_control", "is the container still running?");
    return {};
}

int open(Run run) {
    const std::string dir = directory_for_exec(run);
    return dir.empty() ? -1 : give_directory(run, dir);
}

// ---- the same as a script -------------------------------------------------------------------------------------------

int create_shell(Run run, Shell shell) {
    const auto place = place_of(run);
    if (!place) return -1;
    const std::string dir = place->dir();
    shell.cmd({"mkdir", "-p", dir});
    std::string controllers;
    for (const auto &each : run.strings("controller"))
        controllers += (controllers.empty() ? "+" : " +") + each;
    std::string above = run.str("mount");
    for (const auto &name : ctr::split(run.str("path"), '/')) {
        if (!controllers.empty())
            shell.text("echo '" + controllers + "' > " + ctr::shell_word(above + "/cgroup.subtree_control"));
        above += '/' + name;
    }
    const std::string writes = cgroup::shell_lines(cgroup::settings_of(run.strings("set")),
                                                   [&](const Setting &s) { return dir + '/' + s.file; });
    if (!writes.empty()) shell.text(writes);
    if (run.has("uid")) {
        const std::string owner = std::to_string(run.integer("uid")) + ':' + std::to_string(run.integer("gid"));
        shell.text("(cd " + ctr::shell_word(dir) + " && chown " + owner +
                   " . $(cat /sys/kernel/cgroup/delegate) 2>/dev/null || true)");
    }
    return shell.set(run.output_value("cgroup"), {"echo", dir});
}

int remove_shell(Run run, Shell shell) {
    const auto place = place_of(run);
    if (!place) return -1;
    const std::string dir = ctr::shell_word(place->dir());
    shell.text("echo 1 > " + dir +
               "/cgroup.kill\n"
               "while grep -q 'populated 1' " +
               dir +
               "/cgroup.events; do sleep 0.1; done\n"
               "find " +
               dir + " -depth -type d -exec rmdir {} \\;");
    for (std::string parent = cgroup::parent_path(run.str("path")); !parent.empty();
         parent = cgroup::parent_path(parent))
        shell.text("rmdir --ignore-fail-on-non-empty " + ctr::shell_word(run.str("mount") + parent) +
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

int open_shell(Run run, Shell shell) {
    return shell.set(run.output_value("cgroup"), {"echo", run.str("mount") + run.str("path")});
}

} // namespace ctr::cgroup2
