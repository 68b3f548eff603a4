// SPDX-License-Identifier: MIT
//
// The files of a cgroup: write, read, mark, kill, remove. Both versions have the same tree of directories.
//
// Whose is a directory? Undo may run in another process, after a crash, without anything recorded. So each directory that we make carries an
// extended attribute: the container's run directory on its own cgroup (two run roots may hold the same id), "shared" on parents, which the last
// container that leaves takes away. kernfs keeps attributes as long as the directory lives. A directory without our mark is never removed.
#pragma once

#include "path.hpp"
#include "setting.hpp"

#include <ctr/cpp/fd.hpp>
#include <ctr/plugin.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utility>

namespace ctr::cgroup {

/// True, or false and errno. The kernel takes a control file's text in one write.
inline bool write_fd(int fd, std::string_view text) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n >= 0 && static_cast<std::size_t>(n) != text.size()) errno = EIO;
    return n == static_cast<ssize_t>(text.size());
}

inline bool write_file(const std::string &path, std::string_view text) {
    const Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    return fd.valid() && write_fd(fd.get(), text);
}

inline std::optional<std::string> read_fd(int fd) {
    std::string all;
    char buffer[4096];
    for (;;) {
        const ssize_t n = ::read(fd, buffer, sizeof buffer);
        if (n < 0) return std::nullopt;
        if (n == 0) return all;
        all.append(buffer, static_cast<std::size_t>(n));
    }
}

inline std::optional<std::string> read_file(const std::string &path) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid()) return std::nullopt;
    return read_fd(fd.get());
}

inline std::string trimmed(std::string text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == ' '))
        text.pop_back();
    return text;
}

/// The decimal number at the start of a text.
inline std::optional<std::uint64_t> leading_number(std::string_view text) {
    std::uint64_t out = 0;
    std::size_t i = 0;
    for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i) {
        const auto digit = static_cast<std::uint64_t>(text[i] - '0');
        if (out > (UINT64_MAX - digit) / 10) return UINT64_MAX;
        out = out * 10 + digit;
    }
    return i == 0 ? std::nullopt : std::optional(out);
}

/// The number behind `key` in lines of "key number".
inline std::optional<std::uint64_t> keyed_number(std::string_view text, std::string_view key) {
    std::optional<std::uint64_t> out;
    split(text, '\n', [&](std::string_view line) {
        if (!out && line.substr(0, key.size()) == key && line.substr(key.size(), 1) == " ")
            out = leading_number(line.substr(key.size() + 1));
    });
    return out;
}

// ---- marks --------------------------------------------------------------------------------------------------------------

inline constexpr const char *mark_names[] = {"trusted.ctr",
                                             "user.ctr"}; // the second where we are not the machine's root (v2 only)
inline constexpr std::string_view shared_mark = "shared";

/// False if this kernel or this user cannot: then only what was recorded tells whose it is.
inline bool set_mark(const std::string &dir, std::string_view value) {
    for (const char *name : mark_names)
        if (::setxattr(dir.c_str(), name, value.data(), value.size(), 0) == 0) return true;
    return false;
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

// ---- making -------------------------------------------------------------------------------------------------------------

enum class Made { fresh, existed, failed };

/// Makes mount+path and its missing parents. The last container below a shared parent may remove it just when we want to make ours in it:
/// then mkdir says ENOENT and we begin again.
inline Made make_cgroup(const std::string &mount, const std::string &path, const std::string &mark) {
    const std::string dir = mount + path;
    for (int attempt = 0; attempt < 16; ++attempt) {
        if (::mkdir(dir.c_str(), 0755) == 0) return set_mark(dir, mark), Made::fresh;
        if (errno == EEXIST) return Made::existed;
        const std::string parent = parent_path(path);
        if (errno != ENOENT || parent.empty()) return Made::failed;
        if (make_cgroup(mount, parent, std::string(shared_mark)) == Made::failed) return Made::failed;
    }
    return Made::failed;
}

/// Was it made by a ctr that was killed between mkdir and its mark? Then it bears none, and is not older than the container's own
/// record `owner`, which is made first of all. (Only an empty one is ever removed for that.)
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

/// Takes away the shared parents of mount+path that are empty now. `owner` is the container's record.
inline void remove_parents(const std::string &mount, const std::string &path, const std::string &owner) {
    for (std::string parent = parent_path(path); !parent.empty(); parent = parent_path(parent)) {
        const std::string dir = mount + parent;
        if (mark_of(dir) != shared_mark && !half_made(dir, owner)) return;
        if (::rmdir(dir.c_str()) != 0) return;
    }
}

// ---- walking ------------------------------------------------------------------------------------------------------------

/// The cgroup and all below it, the deepest first.
inline void subtree(const std::string &dir, std::vector<std::string> &out) {
    if (DIR *const listing = ::opendir(dir.c_str())) {
        std::vector<std::string> children;
        while (const dirent *const entry = ::readdir(listing)) {
            const std::string_view name = entry->d_name;
            if (entry->d_type == DT_DIR && name != "." && name != "..")
                children.push_back(dir + '/' + std::string(name));
        }
        ::closedir(listing);
        for (const auto &child : children)
            subtree(child, out);
    }
    out.push_back(dir);
}

inline std::vector<std::string> subtree(const std::string &dir) {
    std::vector<std::string> all;
    subtree(dir, all);
    return all;
}

/// Every process in the cgroup and below. False if the cgroup itself cannot be read (errno); one below that has gone in between is no error.
inline bool processes_in(const std::string &dir, std::vector<pid_t> &pids) {
    for (const auto &each : subtree(dir)) {
        const auto text = read_file(each + "/cgroup.procs");
        if (!text && each == dir && errno != EOPNOTSUPP) return false;
        split(text.value_or(""), '\n', [&](std::string_view line) {
            const auto pid = leading_number(line);
            if (pid && *pid != 0) pids.push_back(static_cast<pid_t>(*pid)); // 0: not visible from this pid namespace
        });
    }
    std::sort(pids.begin(), pids.end());
    pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
    return true;
}

// ---- ending -------------------------------------------------------------------------------------------------------------

/// Waits a little longer each time, in all at most `limit_ms`.
class Patience {
public:
    explicit Patience(std::int64_t limit_ms) : left_us_(limit_ms * 1000) {}
    bool wait() {
        if (left_us_ <= 0) return false;
        const timespec pause{0, step_us_ * 1000};
        ::nanosleep(&pause, nullptr);
        left_us_ -= step_us_;
        step_us_ = std::min<std::int64_t>(step_us_ * 2, 20000);
        return true;
    }

private:
    std::int64_t left_us_;
    std::int64_t step_us_ = 100;
};

/// How long a killed process may take to leave: one in an uninterruptible wait for a disk may need seconds.
inline constexpr std::int64_t end_ms = 10000;

/// Removes the cgroup and those below it; true when it is gone. A cgroup is EBUSY for a moment after its last process died.
inline bool remove_tree(const std::string &dir) {
    if (::rmdir(dir.c_str()) == 0 || errno == ENOENT) return true;
    if (errno != EBUSY && errno != ENOTEMPTY) return false;
    for (const auto &each : subtree(dir))
        if (::rmdir(each.c_str()) != 0 && errno != ENOENT && (errno != EBUSY || each == dir)) return false;
    return true;
}

inline void signal_all(const std::vector<pid_t> &pids, int signal) {
    const pid_t self = ::getpid();
    for (const pid_t pid : pids)
        if (pid != self) ::kill(pid, signal);
}

// ---- settings -----------------------------------------------------------------------------------------------------------

/// What the kernel means. Its errno alone misleads: EBUSY of a memory limit is about memory that is in use.
inline Error explain(const Setting &setting, const std::string &path, int code) {
    Error e;
    e.errno_value = code;
    e.syscall = "write";
    e.path = path;
    e.message = "the kernel refused \"" + setting.value + "\" for " + setting.file;
    const std::string_view file = setting.file;
    const auto is = [&](std::string_view prefix) { return file.substr(0, prefix.size()) == prefix; };
    if (code == ENOENT) {
        e.error_class = CTR_E_UNSUPPORTED;
        e.syscall = "open";
        e.message = "this kernel has no " + setting.file;
        if (is("memory.memsw") || is("memory.swap"))
            e.hint = "limits of swap need swap accounting: boot with swapaccount=1";
        else if (is("blkio.") || is("io."))
            e.hint = "weights need an I/O scheduler that knows them (bfq), latency and cost their own kernel option";
        else if (is("cpu.rt"))
            e.hint = "realtime budgets need a kernel with CONFIG_RT_GROUP_SCHED";
        else if (is("hugetlb."))
            e.hint = "the page size must be one of /sys/kernel/mm/hugepages";
        else
            e.hint = "leave the resource out, or use a newer kernel";
    } else if (is("memory.") && code == EBUSY) {
        e.error_class = CTR_E_BUSY;
        e.hint = "more memory than that is in use and cannot be reclaimed: give a higher limit";
    } else if ((is("memory.limit") || is("memory.memsw")) && code == EINVAL) {
        e.error_class = CTR_E_INVALID;
        e.hint = "memory.limit may not be above memory.swap (memory and swap together): give both";
    } else if (is("cpuset.") && (code == EINVAL || code == EACCES || code == ERANGE)) {
        e.error_class = CTR_E_INVALID;
        e.hint = "the processors and memory nodes must exist, and the parent cgroup must have them too";
    } else if (is("cpu.rt") && code == EINVAL) {
        e.error_class = CTR_E_INVALID;
        e.hint = "the parent cgroup has no realtime budget left: give it one first in its cpu.rt_runtime_us";
    } else if (is("cpu.") && code == EINVAL) {
        e.error_class = CTR_E_INVALID;
        e.hint = "quota and period are 1000 to 1000000 microseconds (quota may be larger), within the parent's; burst "
                 "is at most the quota";
    } else if (is("devices.") && code == EPERM) {
        e.error_class = CTR_E_PERMISSION;
        e.hint = "a cgroup can allow no device that its parent denies";
    } else if ((is("blkio.") || is("io.")) && (code == ENODEV || code == ENXIO)) {
        e.error_class = CTR_E_NOT_FOUND;
        e.hint = "there is no such block device; partitions have no limits of their own, give the whole disk";
    } else if (code == EACCES || code == EPERM) {
        e.error_class = CTR_E_PERMISSION;
        e.hint = "run ctr as root, or have the cgroup delegated to this user";
    } else if (code == EINVAL || code == ERANGE) {
        e.error_class = CTR_E_INVALID;
        e.hint = "the value is outside of what this file takes";
    }
    return e;
}

/// Writes settings in their order; neighbours for the same file share one descriptor. `locate` gives a control file's path.
/// When `again` is set (an update of a living cgroup) a refused value is tried once more after the others: lowering a memory limit below
/// the old swap limit, or a quota below the old burst, works in one order and raising them in the other.
template <typename Locate>
std::optional<Error> write_settings(const Settings &settings, const Locate &locate, bool again = false) {
    Settings refused;
    std::optional<Error> first;
    std::string open_path;
    Fd fd;
    bool missing = false;
    for (std::size_t i = 0; i < settings.size(); ++i) {
        const Setting &s = settings[i];
        if (s.when == When::if_previous_missing && !missing) continue;
        const std::string path = locate(s);
        int code = 0;
        if (path != open_path) {
            fd = Fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
            code = fd.valid() ? 0 : errno;
            open_path = fd.valid() ? path : std::string();
        }
        missing = code == ENOENT;
        if (code == 0 && !write_fd(fd.get(), s.value)) code = errno;
        if (code == 0) continue;
        const bool another = i + 1 < settings.size() && settings[i + 1].when == When::if_previous_missing;
        if (missing && (s.when == When::if_present || another)) continue;
        if (!first) first = explain(s, path, code);
        if (!again || (code != EINVAL && code != EBUSY)) return first;
        refused.push_back({s.file, s.value});
    }
    if (refused.empty()) return std::nullopt;
    if (refused.size() == settings.size()) return first;
    return write_settings(refused, locate, false);
}

} // namespace ctr::cgroup
