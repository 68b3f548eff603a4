// SPDX-License-Identifier: MIT
//
// Whose is a cgroup? Undo may run in another process, after a crash, without anything recorded, and the path may be
// somebody else's by then. So each directory that we make carries an extended attribute (docs/decisions/0010): the
// container's record on its own cgroup (two run roots may hold the same id), "shared" on parents, which the last
// container that leaves takes away. kernfs keeps attributes as long as the directory lives. A directory without our
// mark is never emptied or removed.
//
// A cgroup that was there before is taken if nobody lives in it, and its mark is taken over: the container that had it
// before leaves it alone from then on.
//     made by ctr for a container that has left it   is removed and made again: its limits, its counters and its past
//                                                    are gone
//     made by somebody else                          bears "guest RECORD": it stays when the container goes, and what
//                                                    others put into it meanwhile is theirs
#pragma once

#include "tree.hpp"

#include <ctr/plugin.hpp>

#include <sys/xattr.h>
#include <utility>

namespace ctr::cgroup {

inline constexpr const char *mark_names[] = {"trusted.ctr",
                                             "user.ctr"}; // the second where we are not the machine's root (v2 only)
inline constexpr std::string_view shared_mark = "shared";

inline std::string guest_mark(const std::string &owner) { return "guest " + owner; }

/// False if this kernel or this user cannot: then only what was recorded tells whose it is.
inline bool set_mark(const std::string &dir, std::string_view value) {
    for (const char *name : mark_names)
        if (::setxattr(dir.c_str(), name, value.data(), value.size(), 0) == 0) return true;
    return false;
}

inline void remove_mark(const std::string &dir) {
    for (const char *name : mark_names)
        ::removexattr(dir.c_str(), name);
}

inline std::string mark_of(const std::string &dir) {
    char buffer[4096];
    for (const char *name : mark_names) {
        const ssize_t n = ::getxattr(dir.c_str(), name, buffer, sizeof buffer);
        if (n >= 0) return {buffer, static_cast<std::size_t>(n)};
        if (errno == ENOENT) break;
    }
    return {};
}

/// A place for walk() not to go: the cgroup of another container of this machine, below ours. A ctr inside the
/// container marks its own too, but their records are not to be found here; and only root's mark counts, the
/// container's user can write the other one.
inline bool is_anothers(int dir, const std::string &owner) {
    char buffer[4096];
    const ssize_t n = ::fgetxattr(dir, mark_names[0], buffer, sizeof buffer);
    if (n <= 0) return false;
    std::string record(buffer, static_cast<std::size_t>(n));
    if (const std::string guest = guest_mark({}); record.compare(0, guest.size(), guest) == 0)
        record.erase(0, guest.size());
    return record[0] == '/' && record != owner && ::access(record.c_str(), F_OK) == 0;
}

// ---- making ---------------------------------------------------------------------------------------------------------

enum class Made {
    fresh,
    unmarked, // made, but this file system holds no marks
    existed,
    failed
};

/// Makes mount+path and its missing parents. The last container below a shared parent may remove it just when we want
/// to make ours in it: then mkdir says ENOENT and we begin again.
inline Made make_cgroup(const std::string &mount, const std::string &path, const std::string &mark) {
    const std::string dir = mount + path;
    for (int attempt = 0; attempt < 16; ++attempt) {
        if (::mkdir(dir.c_str(), 0755) == 0) return set_mark(dir, mark) ? Made::fresh : Made::unmarked;
        if (errno == EEXIST) return Made::existed;
        const std::string parent = parent_path(path);
        if (errno != ENOENT || parent.empty()) return Made::failed;
        if (make_cgroup(mount, parent, std::string(shared_mark)) == Made::failed) return Made::failed;
    }
    return Made::failed;
}

/// A cgroup that was there before and is vacant becomes the container's. `existed`: as a guest.
inline Made take_over(const std::string &mount, const std::string &path, const std::string &owner) {
    const std::string dir = mount + path, old = mark_of(dir);
    const std::string guest = guest_mark({});
    if (old.empty() || old.compare(0, guest.size(), guest) == 0) {
        set_mark(dir, guest_mark(owner));
        return Made::existed;
    }
    // Empty, it is made again: nothing of what it was is left then (in a cgroup that was ended by cgroup.kill nobody is
    // ever born again).
    if (::rmdir(dir.c_str()) == 0) {
        const Made made = make_cgroup(mount, path, owner);
        return made == Made::existed ? Made::failed : made;
    }
    return set_mark(dir, owner) ? Made::fresh : Made::unmarked;
}

/// Nobody may live in a cgroup that is taken over. `but`: a process that may be there already, or 0.
inline Result<> check_vacant(const std::string &dir, pid_t but) {
    std::vector<pid_t> pids;
    if (!processes_in(dir, pids)) return system_error("read", dir + "/cgroup.procs");
    pids.erase(std::remove(pids.begin(), pids.end(), but), pids.end());
    if (pids.empty()) return {};
    // The first words are those that engines and scripts look for.
    return Error{.error_class = CTR_E_EXISTS,
                 .message = "container's cgroup is not empty: " + std::to_string(pids.size()) + " process(es) found",
                 .hint = "choose another name or cgroupsPath, or end process " + std::to_string(pids.front()),
                 .path = dir};
}

/// What is said when a process that joins it would stop at once, and nobody could say so any more.
inline Error frozen(const std::string &dir) {
    return {.error_class = CTR_E_BUSY,
            .message = "container's cgroup unexpectedly frozen",
            .hint = "thaw it or the cgroup above it, or choose another cgroupsPath",
            .path = dir};
}

// ---- undo -----------------------------------------------------------------------------------------------------------

enum class Whose {
    ours,
    guests, // ours to live in, but it was there before and stays
    others
};

/// `unmarked`: it was recorded that we made it where no marks can be set.
inline Whose whose(const std::string &dir, const std::string &owner, bool unmarked) {
    const std::string mark = mark_of(dir);
    if (mark == owner || (mark.empty() && unmarked)) return Whose::ours;
    return mark == guest_mark(owner) ? Whose::guests : Whose::others;
}

/// Was it made by a ctr that was killed between mkdir and its mark? Then it bears none, and is not older than the
/// container's own record `owner`, which is made first of all. (Only an empty one is ever removed for that.) That is a
/// hint, no proof: both times are as coarse as a tick of the kernel, and kernfs gives a directory whose inode was
/// dropped from memory the time when it is looked up again. So only ask where one may be: the mark follows each mkdir
/// at once, so it can only be the last directory that a step made that did not end.
inline bool half_made(const std::string &dir, const std::string &owner) {
    if (!mark_of(dir).empty()) return false;
    struct statx container {};
    struct stat cgroup {};
    if (::statx(AT_FDCWD, owner.c_str(), 0, STATX_BTIME, &container) != 0 || (container.stx_mask & STATX_BTIME) == 0)
        return false;
    if (::stat(dir.c_str(), &cgroup) != 0) return false;
    return std::pair(cgroup.st_ctim.tv_sec, cgroup.st_ctim.tv_nsec) >=
           std::pair(time_t{container.stx_btime.tv_sec}, static_cast<long>(container.stx_btime.tv_nsec));
}

/// May a parent of the container's cgroup `dir` be ours without a mark? Where no marks can be set; and where the start
/// did not end, as long as `dir` is missing, since parents are made and marked before it. Ask before `dir` is removed.
inline bool parents_may_be_unmarked(const std::string &dir, bool ended, bool unmarked) {
    return unmarked || (!ended && ::access(dir.c_str(), F_OK) != 0);
}

/// Takes away the shared parents of mount+path that are empty now, as far as they bear our mark. `unmarked_of`: the
/// container's record if one without it can be ours (half_made()), else empty.
inline void remove_parents(const std::string &mount, const std::string &path, const std::string &unmarked_of) {
    for (std::string parent = parent_path(path); !parent.empty(); parent = parent_path(parent)) {
        const std::string dir = mount + parent;
        if (::access(dir.c_str(), F_OK) != 0 && errno == ENOENT) continue; // a start that was killed on its way down
        const bool ours = mark_of(dir) == shared_mark || (!unmarked_of.empty() && half_made(dir, unmarked_of));
        if (!ours || ::rmdir(dir.c_str()) != 0) return;
    }
}

/// The container's processes in a cgroup of it.
class Members {
public:
    /// `alone`: it has a pid namespace of its own.
    Members(std::string owner, bool alone) : owner_(std::move(owner)), alone_(alone) {}

    /// All that live in one of its own, but for cgroups of other containers below. Of a guest those that are not in the
    /// runtime's own namespaces: a container's process is in its pid namespace if it has one, and in its mount
    /// namespace in any case; whoever sees the machine's was never in it.
    bool list(const std::string &dir, Whose whose, std::vector<pid_t> &pids) const {
        std::vector<pid_t> all;
        if (whose == Whose::others) return true;
        if (!processes_in(dir, all, [&](int each) { return !is_anothers(each, owner_); })) return false;
        for (const pid_t pid : all)
            if (whose == Whose::ours || apart(pid)) pids.push_back(pid);
        std::sort(pids.begin(), pids.end());
        pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
        return true;
    }
    const std::string &owner() const { return owner_; }
    /// With the first of them the kernel has ended all, so nobody is looked for among others' processes.
    bool end_with_init() const { return alone_; }

private:
    bool apart(pid_t pid) const {
        struct stat theirs {
        }, own{};
        const std::string of_process = alone_ ? "/ns/pid" : "/ns/mnt";
        if (::stat(("/proc/" + std::to_string(pid) + of_process).c_str(), &theirs) != 0 ||
            ::stat(("/proc/self" + of_process).c_str(), &own) != 0)
            return false; // gone, or not ours to look at
        return theirs.st_ino != own.st_ino || theirs.st_dev != own.st_dev;
    }

    std::string owner_;
    bool alone_;
};

} // namespace ctr::cgroup
