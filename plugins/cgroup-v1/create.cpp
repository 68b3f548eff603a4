// SPDX-License-Identifier: MIT
//
// Makes the container's cgroup in every hierarchy, sets the limits, and opens the `tasks` files by which the child joins. One step for all of it: a
// start is short, and a dozen small steps would cost more in the journal than in the kernel. The system calls for each hierarchy are mkdir,
// setxattr (whose it is, see cgroupfs.hpp) and open; cpuset needs its processors and memory nodes copied down, since it begins empty and
// an empty one cannot be joined.
#include "steps.hpp"

#include "../cgroup-common/cgroupfs.hpp"

namespace ctr::cgroup1 {

using cgroup::Setting;

std::vector<Hierarchy> hierarchies_of(Run run) {
    std::vector<Hierarchy> all;
    for (const auto &text : run.strings("hierarchy"))
        all.push_back(Hierarchy::from(text));
    return all;
}

namespace {

/// Fills cpuset.cpus or cpuset.mems of mount+path from the nearest ancestor that has it. Returns what it holds then; empty: failed, see errno.
std::string inherit_cpuset(const std::string &mount, const std::string &path, const char *file) {
    const Fd fd(::open((mount + path + '/' + file).c_str(), path.empty() ? O_RDONLY | O_CLOEXEC : O_RDWR | O_CLOEXEC));
    if (!fd.valid()) return {};
    char buffer[4096];
    const ssize_t n = ::read(fd.get(), buffer, sizeof buffer); // one read: a control file comes whole
    if (n < 0) return {};
    std::string text = cgroup::trimmed({buffer, static_cast<std::size_t>(n)});
    if (!text.empty() || path.empty()) return text;
    text = inherit_cpuset(mount, cgroup::parent_path(path), file);
    return !text.empty() && cgroup::write_fd(fd.get(), text) ? text : std::string();
}

/// An own value for the leaf is written with the other limits, but its parent must have processors and nodes all the same.
int prepare_cpuset(Run run, const std::string &mount, const std::string &path, const std::vector<Setting> &settings) {
    for (const char *file : {"cpuset.cpus", "cpuset.mems"}) {
        const bool own =
            std::any_of(settings.begin(), settings.end(), [&](const Setting &s) { return s.file == file; });
        if (inherit_cpuset(mount, own ? cgroup::parent_path(path) : path, file).empty())
            return run.fail("write", mount + path + '/' + file,
                            "a parent cgroup has no processors or memory nodes that could be inherited");
    }
    return 0;
}

/// A cgroup that is there already is taken if nobody lives in it (an engine may have made it); it stays when the container goes.
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

int make_directories(Run run, const std::vector<Hierarchy> &all, const std::string &path, std::string &made) {
    const std::string owner = run.str("owner");
    for (const auto &h : all) {
        switch (cgroup::make_cgroup(h.mount, path, owner)) {
        case cgroup::Made::fresh: made.append(made.empty() ? "" : " ").append(h.name()); break;
        case cgroup::Made::existed:
            if (check_vacant(run, h.mount + path) != 0) return -1;
            break;
        case cgroup::Made::failed:
            return run.fail("mkdir", h.mount + path,
                            errno == EACCES || errno == EPERM ? "cgroup v1 needs root"
                            : errno == EROFS                  ? "the cgroup file system is mounted read-only here"
                                                              : "");
        }
    }
    return 0;
}

/// Where the file of a setting is; planning saw to it that its controller is mounted.
auto locate_in(const std::vector<Hierarchy> &all, const std::string &path) {
    return [&all, &path](const Setting &s) {
        const Hierarchy *const h = find_controller(all, s.controller());
        return (h != nullptr ? h->mount : std::string()) + path + '/' + s.file;
    };
}

int set_limits(Run run, const std::vector<Hierarchy> &all, const std::string &path) {
    const auto settings = cgroup::settings_of(run.strings("set"));
    if (const Hierarchy *cpuset = find_controller(all, "cpuset"))
        if (prepare_cpuset(run, cpuset->mount, path, settings) != 0) return -1;
    const auto error = cgroup::write_settings(settings, locate_in(all, path));
    return error ? run.fail(*error) : 0;
}

int open_tasks(Run run, const std::vector<Hierarchy> &all, const std::string &path) {
    for (const auto &h : all) {
        const std::string file = h.join_file(path);
        const int fd = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
        if (fd < 0) return run.fail("open", file);
        if (run.output_fd(("tasks." + h.name()).c_str(), fd) != 0) return -1;
    }
    return 0;
}

/// The path below a hierarchy's mount: `below` stands once for each hierarchy, or not at all.
std::string path_in(Run run, std::size_t hierarchy) {
    return run.str("path") + (run.has("below") ? run.str("below", hierarchy) : std::string());
}

/// In the script the values tasks.NAME are the names of the files.
int set_tasks(Run run, Shell shell) {
    const auto all = hierarchies_of(run);
    for (std::size_t i = 0; i < all.size(); ++i)
        if (shell.set(run.output_value(("tasks." + all[i].name()).c_str()),
                      {"echo", all[i].join_file(path_in(run, i))}) != 0)
            return -1;
    return 0;
}

} // namespace

int create(Run run) {
    const auto all = hierarchies_of(run);
    const std::string path = run.str("path");
    std::string made;
    if (make_directories(run, all, path, made) != 0 || set_limits(run, all, path) != 0) return -1;
    if (run.output("path", path) != 0 || run.output("made", made) != 0) return -1;
    return open_tasks(run, all, path);
}

/// Ours is what was recorded as made and what bears our mark. A recorded cgroup that was there before is emptied (it was vacant when we
/// moved in) but stays. Without a record the step did not end, so nothing can have joined: what is marked as ours goes if it is empty.
int remove(Run run) {
    const auto all = hierarchies_of(run);
    const std::string path = run.str("path"), owner = run.str("owner");
    const auto recorded = run.recorded("made");
    const auto made = cgroup::split(recorded.value_or(""), ' ');
    Ending ending;
    std::vector<std::string> busy;
    for (const auto &h : all) {
        const std::string dir = h.mount + path;
        const bool by_record = std::find(made.begin(), made.end(), h.name()) != made.end();
        if (h.has("freezer")) ending.freezer = dir;
        if (!by_record && cgroup::mark_of(dir) != owner) {
            if (recorded)
                ending.kill.push_back(dir);
            else if (cgroup::half_made(dir, owner))
                ::rmdir(dir.c_str());
            continue;
        }
        if (::rmdir(dir.c_str()) == 0 || errno == ENOENT) continue;
        if (errno != EBUSY && errno != ENOTEMPTY) return run.fail("rmdir", dir);
        // Somebody lives there. Only a mark proves that it is not a later container of the same path.
        const std::string mark = cgroup::mark_of(dir);
        if (mark != owner && !(mark.empty() && by_record)) continue;
        ending.kill.push_back(dir);
        ending.remove.push_back(dir);
    }
    std::string left;
    const bool ended = (ending.remove.empty() && ending.kill.empty()) || end_cgroups(ending, left);
    // A slice without our mark is systemd's.
    for (const auto &h : all)
        cgroup::remove_parents(h.mount, path, run.has("unit") ? std::string() : owner);
    if (ended) return 0;
    return run.fail({CTR_E_BUSY, "the cgroup cannot be removed: something in it does not end",
                     "see its cgroup.procs; a process in an uninterruptible wait ends when its disk or network answers",
                     EBUSY, "rmdir", left});
}

int create_shell(Run run, Shell shell) {
    const auto all = hierarchies_of(run);
    const std::string path = run.str("path");
    std::vector<std::string> mkdir{"mkdir", "-p"};
    for (const auto &h : all)
        mkdir.push_back(h.mount + path);
    if (shell.cmd(mkdir) != 0) return -1;
    if (const Hierarchy *const cpuset = find_controller(all, "cpuset")) {
        std::string at;
        shell.text("# a new cpuset is empty, and an empty one cannot be joined: each takes what its parent has");
        for (const auto &name : cgroup::split(path, '/')) {
            const std::string parent = cgroup::shell_word(cpuset->mount + at),
                              own = cgroup::shell_word(cpuset->mount + at + '/' + name);
            for (const char *file : {"/cpuset.cpus", "/cpuset.mems"})
                shell.text("[ -n \"$(cat " + own + file + ")\" ] || cat " + parent + file + " > " + own + file);
            at += '/' + name;
        }
    }
    const std::string writes = cgroup::shell_lines(cgroup::settings_of(run.strings("set")), locate_in(all, path));
    if (!writes.empty()) shell.text(writes);
    return set_tasks(run, shell);
}

int remove_shell(Run run, Shell shell) {
    const std::string path = run.str("path");
    std::string dirs, parents;
    const auto all = hierarchies_of(run);
    for (const auto &h : all)
        dirs += (dirs.empty() ? "" : " ") + cgroup::shell_word(h.mount + path);
    shell.text("for cgroup in " + dirs +
               "; do\n"
               "    while pids=$(cat \"$cgroup/cgroup.procs\" 2>/dev/null) && [ -n \"$pids\" ]; do kill -KILL $pids "
               "2>/dev/null; sleep 0.1; done\n"
               "    [ ! -d \"$cgroup\" ] || find \"$cgroup\" -depth -type d -exec rmdir {} \\;\n"
               "done");
    for (std::string parent = cgroup::parent_path(path); !parent.empty(); parent = cgroup::parent_path(parent)) {
        std::string line = "rmdir --ignore-fail-on-non-empty";
        for (const auto &h : all)
            line += ' ' + cgroup::shell_word(h.mount + parent);
        shell.text(line + " 2>/dev/null || true");
    }
    return 0;
}

int open(Run run) {
    const auto all = hierarchies_of(run);
    for (std::size_t i = 0; i < all.size(); ++i)
        if (open_tasks(run, {all[i]}, path_in(run, i)) != 0) return -1;
    return 0;
}

int open_shell(Run run, Shell shell) { return set_tasks(run, shell); }

bool end_cgroups(const Ending &ending, std::string &left) {
    std::vector<std::string> remove = ending.remove;
    cgroup::Patience patience(cgroup::end_ms);
    for (;;) {
        // Frozen, nobody forks between the reading and the killing; a frozen process dies when it is thawed.
        if (!ending.freezer.empty()) cgroup::write_file(ending.freezer + "/freezer.state", "FROZEN");
        std::vector<pid_t> pids;
        for (const auto &dir : ending.kill)
            cgroup::processes_in(dir, pids);
        cgroup::signal_all(pids, SIGKILL);
        if (!ending.freezer.empty()) cgroup::write_file(ending.freezer + "/freezer.state", "THAWED");
        remove.erase(std::remove_if(remove.begin(), remove.end(),
                                    [](const std::string &dir) { return cgroup::remove_tree(dir); }),
                     remove.end());
        if (pids.empty() && remove.empty()) return true;
        if (patience.wait()) continue;
        left = remove.empty() ? ending.kill.front() : remove.front();
        return false;
    }
}

} // namespace ctr::cgroup1
