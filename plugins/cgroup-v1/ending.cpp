// SPDX-License-Identifier: MIT
//
// Killing what lives in the container's cgroups, and removing them. In v1 a process that is frozen dies when it is
// thawed, and a container that makes cgroups of its own can freeze one of them: so the whole tree is thawed repeatedly
// until no process is left.
#include "ending.hpp"

namespace ctr::cgroup1 {
namespace {

using cgroup::Whose;

void thaw_tree(const std::string &dir, const cgroup::Members &members) {
    const Fd top = cgroup::open_directory(AT_FDCWD, dir.c_str());
    if (!top.valid()) return;
    cgroup::walk(
        top.get(), [&](int each) { return !cgroup::is_anothers(each, members.owner()); },
        [](int each, int, const std::string &) { cgroup::write_at(each, "freezer.state", "THAWED"); });
}

/// True if other processes may be in one of the cgroups. Then it may not be frozen as a whole.
bool has_guests(const Ending &ending) {
    return std::any_of(ending.cgroups.begin(), ending.cgroups.end(),
                       [](const auto &each) { return each.whose == Whose::guests; });
}

void kill_round(const Ending &ending, const cgroup::Members &members, std::vector<pid_t> &pids) {
    // Freeze, so that no process forks between reading the list and killing.
    if (!ending.freezer.empty() && !has_guests(ending)) cgroup::write_file(ending.freezer + "/freezer.state", "FROZEN");
    for (const auto &each : ending.cgroups)
        if (each.whose == Whose::ours || !members.end_with_init()) members.list(each.dir, each.whose, pids);
    cgroup::signal_all(pids, SIGKILL);
    // A cgroup that others use is left alone unless one of the container's processes is in it.
    if (!ending.freezer.empty() && (!has_guests(ending) || ending.thaw || !pids.empty()))
        thaw_tree(ending.freezer, members);
}

/// True if nothing is left to do with this cgroup. If another container's cgroup is below it, it becomes a shared
/// parent.
bool settle(const Ending::Cgroup &each, const cgroup::Members &members) {
    if (!each.remove) {
        if (each.whose == Whose::guests && !each.stays) cgroup::remove_mark(each.dir);
        return true;
    }
    switch (cgroup::remove_tree(each.dir, [&](int dir) { return !cgroup::is_anothers(dir, members.owner()); })) {
    case cgroup::Removed::all: return true;
    case cgroup::Removed::but_others: cgroup::set_mark(each.dir, cgroup::shared_mark); return true;
    default: return false;
    }
}

} // namespace

bool end_cgroups(Ending ending, const cgroup::Members &members, std::string &left) {
    if (ending.cgroups.empty()) return true;
    cgroup::Patience patience(cgroup::end_ms);
    for (;;) {
        std::vector<pid_t> pids;
        kill_round(ending, members, pids);
        auto &all = ending.cgroups;
        if (pids.empty())
            all.erase(std::remove_if(all.begin(), all.end(), [&](const auto &each) { return settle(each, members); }),
                      all.end());
        if (all.empty()) return true;
        if (patience.wait()) continue;
        left = all.front().dir;
        return false;
    }
}

} // namespace ctr::cgroup1
