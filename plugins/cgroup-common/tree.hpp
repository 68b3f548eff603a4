// SPDX-License-Identifier: MIT
//
// A cgroup and everything below it. A container that may make cgroups decides how deep the tree is. A path can be
// longer than PATH_MAX, and recursion could exhaust the stack. So the tree is walked by one descriptor at a time, down
// by name and up by "..".
#pragma once

#include "cgroupfs.hpp"

#include <csignal>
#include <vector>

#include <dirent.h>
#include <sys/stat.h>

namespace ctr::cgroup {

inline Fd open_directory(int at, const char *name) {
    return Fd(::openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

inline std::vector<std::string> children_of(int dir) {
    std::vector<std::string> all;
    Fd own =
        open_directory(dir, "."); // a separate descriptor, because a listing has a position and closes its descriptor
    DIR *const listing = own.valid() ? ::fdopendir(own.get()) : nullptr;
    if (listing == nullptr) return all;
    own.release();
    while (const dirent *const entry = ::readdir(listing)) {
        const std::string_view name = entry->d_name;
        if (entry->d_type == DT_DIR && name != "." && name != "..") all.emplace_back(name);
    }
    ::closedir(listing);
    return all;
}

/// Calls visit(dir, above, name) for each cgroup below `top`, the deepest first, and at last visit(top, -1, ""). If
/// enter(dir) is false, that cgroup and those below it are not visited. Cgroups that disappear meanwhile are left out.
template <typename Enter, typename Visit> void walk(int top, const Enter &enter, const Visit &visit) {
    struct Level {
        std::string name;
        std::vector<std::string> left; // children that are still to be visited
    };
    Fd here = open_directory(top, ".");
    if (!here.valid()) return;
    std::vector<Level> levels;
    levels.push_back({"", children_of(here.get())});
    while (levels.size() > 1 || !levels.back().left.empty()) {
        Level &level = levels.back();
        if (!level.left.empty()) {
            std::string name = std::move(level.left.back());
            level.left.pop_back();
            Fd below = open_directory(here.get(), name.c_str());
            if (!below.valid() || !enter(below.get())) continue;
            here = std::move(below);
            levels.push_back({std::move(name), children_of(here.get())});
            continue;
        }
        Fd above = open_directory(here.get(), "..");
        if (!above.valid()) return;
        visit(here.get(), above.get(), level.name);
        here = std::move(above);
        levels.pop_back();
    }
    visit(here.get(), -1, std::string());
}

/// Adds the processes of one cgroup. False: its list cannot be read (errno).
inline bool add_processes(int dir, std::vector<pid_t> &pids) {
    const auto text = read_at(dir, "cgroup.procs");
    if (!text) return false;
    ctr::each_part(*text, '\n', [&](std::string_view line) {
        const auto pid = leading_number(line);
        if (pid && *pid != 0) pids.push_back(static_cast<pid_t>(*pid)); // 0: not visible from this pid namespace
    });
    return true;
}

/// Every process in the cgroup and in those below that `enter` allows. False if the cgroup itself cannot be read
/// (errno). A cgroup below that disappeared meanwhile is no error.
template <typename Enter> bool processes_in(const std::string &dir, std::vector<pid_t> &pids, const Enter &enter) {
    const Fd top = open_directory(AT_FDCWD, dir.c_str());
    if (!top.valid()) return false;
    bool readable = true;
    int code = 0;
    walk(top.get(), enter, [&](int each, int above, const std::string &) {
        if (add_processes(each, pids) || above >= 0 || errno == EOPNOTSUPP)
            return; // threaded cgroups list no processes
        readable = false;
        code = errno;
    });
    std::sort(pids.begin(), pids.end());
    pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
    errno = code;
    return readable;
}

inline bool everywhere(int) { return true; }

inline bool processes_in(const std::string &dir, std::vector<pid_t> &pids) {
    return processes_in(dir, pids, everywhere);
}

inline void signal_all(const std::vector<pid_t> &pids, int signal) {
    const pid_t self = ::getpid();
    for (const pid_t pid : pids)
        if (pid != self) ::kill(pid, signal);
}

enum class Removed { all, but_others, busy, failed };

/// Removes the cgroup and those below it. Returns but_others if only cgroups that `enter` does not allow, and those
/// above them, remain; failed: see errno. A cgroup is EBUSY for a moment after its last process died.
template <typename Enter> Removed remove_tree(const std::string &dir, const Enter &enter) {
    if (::rmdir(dir.c_str()) == 0 || errno == ENOENT) return Removed::all;
    if (errno != EBUSY && errno != ENOTEMPTY) return Removed::failed;
    const Fd top = open_directory(AT_FDCWD, dir.c_str());
    if (!top.valid()) return errno == ENOENT ? Removed::all : Removed::failed;
    bool others = false;
    walk(
        top.get(), [&](int each) { return enter(each) || (others = true, false); },
        [&](int, int above, const std::string &name) {
            if (above >= 0) ::unlinkat(above, name.c_str(), AT_REMOVEDIR);
        });
    if (::rmdir(dir.c_str()) == 0 || errno == ENOENT) return Removed::all;
    if (!others) return Removed::busy;
    std::vector<pid_t> pids;
    return processes_in(dir, pids, enter) && pids.empty() ? Removed::but_others : Removed::busy;
}

} // namespace ctr::cgroup
