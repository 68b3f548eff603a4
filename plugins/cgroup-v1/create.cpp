// SPDX-License-Identifier: MIT
//
// Makes the container's cgroup in every hierarchy, sets the limits, and opens the `tasks` files by which the child
// joins. All of it is one step, because a dozen small steps would cost more time in the journal than in the kernel. The
// system calls for each hierarchy are mkdir, setxattr (the owner's mark, see ownership.hpp) and open. cpuset begins
// empty and an empty one cannot be joined, so its processors and memory nodes are copied from the parent.
#include "realtime.hpp"
#include "steps.hpp"

#include "../cgroup-common/errors.hpp"
#include "../cgroup-common/exec.hpp"
#include "../cgroup-common/ownership.hpp"
#include "../cgroup-common/writing.hpp"

namespace ctr::cgroup1 {

using cgroup::Made;
using cgroup::Setting;
using cgroup::Whose;

std::optional<Place> place_of(Run run) {
    Place place{{}, run.str("path"), {run.str("owner"), run.str("pid_namespace") == "own"}, run.has("unit")};
    for (const auto &text : run.strings("hierarchy"))
        place.all.push_back(Hierarchy::from(text));
    const bool whole = !place.all.empty() && cgroup::is_container_path(place.path) &&
                       std::all_of(place.all.begin(), place.all.end(), [](const auto &h) { return h.valid(); });
    if (whole) return place;
    run.fail(cgroup::damaged_record(place.path));
    return std::nullopt;
}

namespace {

bool is_recorded(Run run, const std::string &word) {
    const auto made = ctr::split(run.recorded("made").value_or(""), ' ');
    return std::find(made.begin(), made.end(), word) != made.end();
}

bool is_made(Run run, const Hierarchy &h) { return is_recorded(run, h.name()) || is_recorded(run, h.name() + '?'); }

} // namespace

cgroup::Whose whose_in(Run run, const Place &place, const Hierarchy &h) {
    return cgroup::whose(h.mount + place.path, place.members.owner(), is_recorded(run, h.name() + '?'));
}

namespace {

/// Fills cpuset.cpus or cpuset.mems of mount+path from the nearest ancestor that has it. Returns its new content;
/// empty: failed, see errno.
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

/// A value that is asked for is written with the other limits, but the parent must have processors and nodes in any
/// case.
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

/// Notes what undo must know about one hierarchy: "pids" was made by us; "pids?" too, but without a mark; nothing if
/// the container is a guest.
void note_made(const Hierarchy &h, Made made, std::string &out) {
    if (made == Made::existed) return;
    out.append(out.empty() ? "" : " ").append(h.name()).append(made == Made::unmarked ? "?" : "");
}

/// Uses an existing cgroup if no process is in it: an engine may have made it, or a container left it. A cgroup of
/// systemd has the container's first process in it.
int take_over(Run run, const Place &place, const Hierarchy &h, Made &made) {
    const std::string dir = h.mount + place.path;
    const auto first = static_cast<pid_t>(run.integer("pid"));
    if (auto done = cgroup::check_vacant(dir, first); !done.ok()) return run.fail(done.error());
    if (place.by_systemd)
        made = cgroup::set_mark(dir, place.members.owner()) ? Made::existed : Made::unmarked;
    else
        made = cgroup::take_over(h.mount, place.path, place.members.owner());
    return made == Made::failed ? run.fail("mkdir", dir) : 0;
}

int make_directories(Run run, const Place &place, std::string &made) {
    for (const auto &h : place.all) {
        Made here = cgroup::make_cgroup(h.mount, place.path, place.members.owner());
        if (here == Made::existed && take_over(run, place, h, here) != 0) return -1;
        if (here == Made::failed)
            return run.fail("mkdir", h.mount + place.path,
                            errno == EACCES || errno == EPERM ? "cgroup v1 needs root"
                            : errno == EROFS                  ? "the cgroup file system is mounted read-only here"
                                                              : "");
        note_made(h, here, made);
    }
    return 0;
}

/// Fails if the cgroup or an ancestor is frozen: the child would stop when it joins, without any report.
int check_frozen(Run run, const Place &place) {
    for (const auto &h : place.all) {
        const std::string dir = h.mount + place.path;
        const bool stopped =
            h.is_unified()
                ? cgroup::is_frozen(dir)
                : h.has("freezer") &&
                      cgroup::trimmed(cgroup::read_file(dir + "/freezer.state").value_or("THAWED")) != "THAWED";
        if (stopped) return run.fail(cgroup::frozen(dir));
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

int set_limits(Run run, const Place &place) {
    const auto settings = cgroup::settings_of(run.strings("set"));
    if (const Hierarchy *cpuset = find_controller(place.all, "cpuset"))
        if (prepare_cpuset(run, cpuset->mount, place.path, settings) != 0) return -1;
    if (const Hierarchy *cpu = find_controller(place.all, "cpu")) give_realtime(cpu->mount, place.path, settings);
    const auto done = cgroup::write_settings(settings, locate_in(place.all, place.path));
    return done.ok() ? 0 : run.fail(done.error());
}

/// The child is born in a cgroup of v2, and joins those of v1 by writing to `tasks`.
int open_one(Run run, const Hierarchy &h, const std::string &path) {
    if (h.is_unified() && !run.has("unit")) {
        const int init = run.has("init") ? run.fd("init") : -1;
        const std::string dir = init < 0 ? h.mount + path : cgroup::exec_directory(h.mount, path, init).value_or("");
        const int fd = dir.empty() ? -1 : ::open(dir.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? run.fail("open", h.mount + path) : run.output_fd("cgroup", fd);
    }
    const std::string file = h.join_file(path);
    const int fd = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
    return fd < 0 ? run.fail("open", file) : run.output_fd(("tasks." + h.name()).c_str(), fd);
}

int open_all(Run run, const Place &place) {
    for (const auto &h : place.all)
        if (open_one(run, h, place.path) != 0) return -1;
    return 0;
}

/// The path below a hierarchy's mount: `below` stands once for each hierarchy, or not at all.
std::string path_in(Run run, std::size_t hierarchy) {
    return run.str("path") + (run.has("below") ? run.str("below", hierarchy) : std::string());
}

/// In the script the values tasks.NAME are the paths of the files.
int set_tasks(Run run, Shell shell, const Place &place) {
    for (std::size_t i = 0; i < place.all.size(); ++i) {
        const Hierarchy &h = place.all[i];
        const bool born = h.is_unified() && !run.has("unit");
        const std::string output = born ? "cgroup" : "tasks." + h.name(), path = path_in(run, i);
        if (shell.set(run.output_value(output.c_str()), {"echo", born ? h.mount + path : h.join_file(path)}) != 0)
            return -1;
    }
    return 0;
}

} // namespace

int create(Run run) {
    const auto place = place_of(run);
    std::string made;
    if (!place || make_directories(run, *place, made) != 0 || check_frozen(run, *place) != 0 ||
        set_limits(run, *place) != 0)
        return -1;
    if (run.output("path", place->path) != 0 || run.output("made", made) != 0) return -1;
    return open_all(run, *place);
}

namespace {

/// Removes a cgroup of our own; if it is busy, its processes are killed first. A cgroup in which the container is a
/// guest stays.
int remove_one(Run run, const Place &place, const Hierarchy &h, Ending &ending) {
    const std::string dir = h.mount + place.path;
    const Whose whose = whose_in(run, place, h);
    if (whose == Whose::others) {
        // Nothing was recorded, so the step did not end and no process can have joined.
        if (!run.recorded("made") && cgroup::half_made(dir, place.members.owner())) ::rmdir(dir.c_str());
        return 0;
    }
    // systemd removes its part itself.
    const bool ours = whose == Whose::ours && (!place.by_systemd || !run.recorded("made") || is_made(run, h));
    if (ours && (::rmdir(dir.c_str()) == 0 || errno == ENOENT)) return 0;
    if (ours && errno != EBUSY && errno != ENOTEMPTY) return run.fail("rmdir", dir);
    ending.cgroups.push_back({dir, whose, ours});
    return 0;
}

} // namespace

/// Only a cgroup with our mark is ours. Somebody else may have taken the path over since, or put processes into a
/// cgroup that existed before us.
int remove(Run run) {
    const auto place = place_of(run);
    if (!place) return -1;
    Ending ending;
    std::vector<std::string> unmarked_of; // for each hierarchy. A slice without our mark is systemd's.
    for (const auto &h : place->all) {
        const bool unmarked = !place->by_systemd &&
                              cgroup::parents_may_be_unmarked(h.mount + place->path, run.recorded("made").has_value(),
                                                              is_recorded(run, h.name() + '?'));
        unmarked_of.push_back(unmarked ? place->members.owner() : std::string());
        if (remove_one(run, *place, h, ending) != 0) return -1;
        if (h.has("freezer")) ending.freezer = h.mount + place->path;
    }
    std::string left;
    const bool ended = end_cgroups(ending, place->members, left);
    for (std::size_t i = 0; i < place->all.size(); ++i)
        cgroup::remove_parents(place->all[i].mount, place->path, unmarked_of[i]);
    if (ended) return 0;
    return run.fail(cgroup::cannot_be_removed(left));
}

int create_shell(Run run, Shell shell) {
    const auto place = place_of(run);
    if (!place) return -1;
    const auto &all = place->all;
    const std::string &path = place->path;
    std::vector<std::string> mkdir{"mkdir", "-p"};
    for (const auto &h : all)
        mkdir.push_back(h.mount + path);
    if (shell.cmd(mkdir) != 0) return -1;
    if (const Hierarchy *const cpuset = find_controller(all, "cpuset")) {
        std::string at;
        shell.text("# a new cpuset is empty, and an empty one cannot be joined: each takes what its parent has");
        for (const auto &name : ctr::split(path, '/')) {
            const std::string parent = ctr::shell_word(cpuset->mount + at),
                              own = ctr::shell_word(cpuset->mount + at + '/' + name);
            for (const char *file : {"/cpuset.cpus", "/cpuset.mems"})
                shell.text("[ -n \"$(cat " + own + file + ")\" ] || cat " + parent + file + " > " + own + file);
            at += '/' + name;
        }
    }
    const std::string writes = cgroup::shell_lines(cgroup::settings_of(run.strings("set")), locate_in(all, path));
    if (!writes.empty()) shell.text(writes);
    return set_tasks(run, shell, *place);
}

int remove_shell(Run run, Shell shell) {
    const auto place = place_of(run);
    if (!place) return -1;
    const auto &all = place->all;
    const std::string &path = place->path;
    std::string dirs;
    for (const auto &h : all)
        dirs += (dirs.empty() ? "" : " ") + ctr::shell_word(h.mount + path);
    shell.text("for cgroup in " + dirs +
               "; do\n"
               "    while pids=$(cat \"$cgroup/cgroup.procs\" 2>/dev/null) && [ -n \"$pids\" ]; do kill -KILL $pids "
               "2>/dev/null; sleep 0.1; done\n"
               "    [ ! -d \"$cgroup\" ] || find \"$cgroup\" -depth -type d -exec rmdir {} \\;\n"
               "done");
    for (std::string parent = cgroup::parent_path(path); !parent.empty(); parent = cgroup::parent_path(parent)) {
        std::string line = "rmdir --ignore-fail-on-non-empty";
        for (const auto &h : all)
            line += ' ' + ctr::shell_word(h.mount + parent);
        shell.text(line + " 2>/dev/null || true");
    }
    return 0;
}

int open(Run run) {
    const auto place = place_of(run);
    if (!place) return -1;
    for (std::size_t i = 0; i < place->all.size(); ++i)
        if (open_one(run, place->all[i], path_in(run, i)) != 0) return -1;
    return 0;
}

int open_shell(Run run, Shell shell) {
    const auto place = place_of(run);
    return place ? set_tasks(run, shell, *place) : -1;
}

} // namespace ctr::cgroup1
