// SPDX-License-Identifier: MIT
//
// Freezes a container's cgroup, and kills the processes in it.
//
// cgroup.kill (Linux 5.14) kills everything in the cgroup and below at once. But after that no child can be born in the
// cgroup: the kernel kills what CLONE_INTO_CGROUP puts there (seen on 6.18). So a cgroup that stays for others, or has
// cgroups of others below it, is emptied by signals.
#include "steps.hpp"

#include <poll.h>

namespace ctr::cgroup2 {
namespace {

using cgroup::Whose;

bool populated(const std::string &dir) {
    const auto events = cgroup::read_file(dir + "/cgroup.events");
    return events && cgroup::keyed_number(*events, "populated").value_or(0) != 0;
}

bool others_below(const Place &place) {
    const Fd top = cgroup::open_directory(AT_FDCWD, place.dir().c_str());
    bool found = false;
    if (top.valid())
        cgroup::walk(
            top.get(),
            [&](int each) { return !cgroup::is_anothers(each, place.members.owner()) || (found = true, false); },
            [](int, int, const std::string &) {});
    return found;
}

/// Freezes the cgroup, so that no process forks between reading the list and killing; in v2 a frozen process can still
/// die. A cgroup that others use is not frozen.
void kill_by_signals(const Place &place, Whose whose, bool freeze, std::vector<pid_t> &pids) {
    const std::string file = place.dir() + "/cgroup.freeze";
    if (freeze) cgroup::write_file(file, "1");
    place.members.list(place.dir(), whose, pids);
    cgroup::signal_all(pids, SIGKILL);
    if (freeze) cgroup::write_file(file, "0");
}

/// True if none of the container's processes is left in it.
bool kill_round(const Place &place, Whose whose) {
    if (whose == Whose::guests && place.members.end_with_init()) return true;
    if (whose == Whose::ours && !populated(place.dir())) return true;
    std::vector<pid_t> pids;
    const bool alone = whose == Whose::ours && !others_below(place);
    if (alone && !place.by_systemd && cgroup::write_file(place.dir() + "/cgroup.kill", "1")) return false;
    kill_by_signals(place, whose, alone, pids);
    return !alone && pids.empty();
}

bool remove_directory(const Place &place) {
    switch (
        cgroup::remove_tree(place.dir(), [&](int dir) { return !cgroup::is_anothers(dir, place.members.owner()); })) {
    case cgroup::Removed::all: return true;
    case cgroup::Removed::but_others: return cgroup::set_mark(place.dir(), cgroup::shared_mark), true;
    default: return false;
    }
}

} // namespace

bool end_cgroup(const Place &place, Whose whose, Fate fate) {
    cgroup::Patience patience(cgroup::end_ms);
    do {
        if (kill_round(place, whose) && (fate == Fate::leave || remove_directory(place))) return true;
    } while (patience.wait());
    return false;
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

} // namespace ctr::cgroup2
