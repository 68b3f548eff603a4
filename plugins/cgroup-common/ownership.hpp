// SPDX-License-Identifier: MIT
//
// Which container owns a cgroup? Undo may run in another process, after a crash, without anything recorded, and by then
// the path may belong to somebody else. So each directory that we make gets an extended attribute as a mark
// (docs/decisions/0010). On the container's own cgroup it is the path of the container's record (an id is not enough,
// because two run roots may have the same id). On parents it is "shared", and the last container that leaves removes
// them. kernfs keeps attributes as long as the directory exists. A directory without our mark is never emptied or
// removed.
//
// A cgroup that existed before is used if no process is in it. The new container replaces the mark, so the container
// that had it before leaves it alone from then on.
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
                                             "user.ctr"}; // the second if we are not the machine's root (v2 only)
inline constexpr std::string_view shared_mark = "shared";

inline std::string guest_mark(const std::string &owner) { return "guest " + owner; }

/// False if this kernel or this user cannot set marks. Then only the recorded outputs tell who owns the cgroup.
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

/// True for the cgroup of another container of this machine below ours, which walk() must not enter. A ctr inside the
/// container sets marks too, but their records do not exist here. Only the mark that needs root counts, because the
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
    unmarked, // made, but this file system does not store marks
    existed,
    failed
};

/// Makes mount+path and its missing parents. The last container below a shared parent may remove the parent just when
/// we make ours in it. Then mkdir fails with ENOENT and we begin again.
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

/// Makes an existing, vacant cgroup the container's. Returns `existed` if the container is a guest in it.
inline Made take_over(const std::string &mount, const std::string &path, const std::string &owner) {
    const std::string dir = mount + path, old = mark_of(dir);
    const std::string guest = guest_mark({});
    if (old.empty() || old.compare(0, guest.size(), guest) == 0) {
        set_mark(dir, guest_mark(owner));
        return Made::existed;
    }
    // If it has no cgroups below it, it is removed and made again, so that nothing of its past remains (in a cgroup on
    // which cgroup.kill was used no process can be born any more).
    if (::rmdir(dir.c_str()) == 0) {
        const Made made = make_cgroup(mount, path, owner);
        return made == Made::existed ? Made::failed : made;
    }
    return set_mark(dir, owner) ? Made::fresh : Made::unmarked;
}

/// Fails if a process is in a cgroup that shall be taken over. `but`: a process that may be there already, or 0.
inline Result<> check_vacant(const std::string &dir, pid_t but) {
    std::vector<pid_t> pids;
    if (!processes_in(dir, pids)) return system_error("read", dir + "/cgroup.procs");
    pids.erase(std::remove(pids.begin(), pids.end(), but), pids.end());
    if (pids.empty()) return {};
    // Engines and scripts look for the first words.
    return Error{.error_class = CTR_E_EXISTS,
                 .message = "container's cgroup is not empty: " + std::to_string(pids.size()) + " process(es) found",
                 .hint = "choose another name or cgroupsPath, or end process " + std::to_string(pids.front()),
                 .path = dir};
}

/// The error for a frozen cgroup. A process that joins it would stop at once, and could not report anything.
inline Error frozen(const std::string &dir) {
    return {.error_class = CTR_E_BUSY,
            .message = "container's cgroup unexpectedly frozen",
            .hint = "thaw it or the cgroup above it, or choose another cgroupsPath",
            .path = dir};
}

// ---- undo -----------------------------------------------------------------------------------------------------------

enum class Whose {
    ours,
    guests, // the container lives in it, but it existed before and stays
    others
};

/// `unmarked`: it is recorded that we made it, on a file system without marks.
inline Whose whose(const std::string &dir, const std::string &owner, bool unmarked) {
    const std::string mark = mark_of(dir);
    if (mark == owner || (mark.empty() && unmarked)) return Whose::ours;
    return mark == guest_mark(owner) ? Whose::guests : Whose::others;
}

/// True if a ctr that was killed between mkdir and setting the mark may have made this cgroup. Such a cgroup has no
/// mark, and is not older than the container's record `owner`, which is made first of all. (Only an empty cgroup is
/// ever removed for this reason.) This is a hint and no proof: both times are as coarse as a tick of the kernel, and if
/// the inode of a directory was dropped from memory, kernfs gives it the time of the next lookup. So ask only where
/// such a directory can exist. The mark follows each mkdir at once, so it can only be the last directory made by a step
/// that did not end.
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

/// True if a parent of the container's cgroup `dir` may be ours without a mark: where no marks can be set; or if the
/// start did not end and `dir` is missing, because parents are made and marked before it. Ask before `dir` is removed.
inline bool parents_may_be_unmarked(const std::string &dir, bool ended, bool unmarked) {
    return unmarked || (!ended && ::access(dir.c_str(), F_OK) != 0);
}

/// Removes the shared parents of mount+path that are empty now and have our mark. `unmarked_of`: the container's record
/// if a parent without a mark can be ours (half_made()), else empty.
inline void remove_parents(const std::string &mount, const std::string &path, const std::string &unmarked_of) {
    for (std::string parent = parent_path(path); !parent.empty(); parent = parent_path(parent)) {
        const std::string dir = mount + parent;
        if (::access(dir.c_str(), F_OK) != 0 && errno == ENOENT) continue; // the start was killed before
        const bool ours = mark_of(dir) == shared_mark || (!unmarked_of.empty() && half_made(dir, unmarked_of));
        if (!ours || ::rmdir(dir.c_str()) != 0) return;
    }
}

/// Lists the container's processes in one of its cgroups.
class Members {
public:
    /// `alone`: it has a pid namespace of its own.
    Members(std::string owner, bool alone) : owner_(std::move(owner)), alone_(alone) {}

    /// In the container's own cgroup: all processes, except those in cgroups of other containers below. In a cgroup
    /// where it is a guest: only processes that are not in the runtime's own namespaces. A process of the container is
    /// in the container's mount namespace, and in its pid namespace if it has one; a process in the machine's is not
    /// the container's.
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
    /// True if the kernel kills all processes of the container when its first process ends (it has a pid namespace).
    /// Then there is no need to look for them among the processes of others.
    bool end_with_init() const { return alone_; }

private:
    bool apart(pid_t pid) const {
        struct stat theirs {
        }, own{};
        const std::string of_process = alone_ ? "/ns/pid" : "/ns/mnt";
        if (::stat(("/proc/" + std::to_string(pid) + of_process).c_str(), &theirs) != 0 ||
            ::stat(("/proc/self" + of_process).c_str(), &own) != 0)
            return false; // it is gone, or we may not look at it
        return theirs.st_ino != own.st_ino || theirs.st_dev != own.st_dev;
    }

    std::string owner_;
    bool alone_;
};

} // namespace ctr::cgroup
