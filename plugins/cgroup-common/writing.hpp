// SPDX-License-Identifier: MIT
//
// Writes settings into the files of a cgroup, and explains why the kernel refused one.
#pragma once

#include "cgroupfs.hpp"
#include "setting.hpp"

#include <ctr/cpp/result.hpp>
#include <ctr/plugin.hpp>

namespace ctr::cgroup {

/// An error with the reason, because errno alone misleads: EBUSY of a memory limit is about memory that is in use.
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
    } else if (is("devices.") && code == EINVAL) {
        e.error_class = CTR_E_INVALID;
        e.hint = "a cgroup keeps its device rules as long as there are others below it: remove those";
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

namespace detail {

/// One round. Settings that the kernel refuses in the current state go to `refused`; `first` explains the first of
/// them. False on an error that another order cannot repair.
template <typename Locate>
bool write_round(const Settings &settings, const Locate &locate, Settings &refused, Result<> &first) {
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
        if (code == 0 || (s.when == When::if_permitted && code == EPERM)) continue;
        const bool another = i + 1 < settings.size() && settings[i + 1].when == When::if_previous_missing;
        if (missing && (s.when == When::if_present || another)) continue;
        if (first.ok()) first = explain(s, path, code);
        if (code != EINVAL && code != EBUSY) return false;
        refused.push_back({s.file, s.value, s.when == When::if_permitted ? s.when : When::always});
    }
    return true;
}

} // namespace detail

/// Writes settings in their order; neighbours for the same file share one descriptor. `locate` gives a control file's
/// path. A refused setting is tried again after the others, as long as each round has a success. The reason: lowering
/// memory and swap limits, or period and quota, needs one order and raising them the other, and a cgroup that existed
/// before may have any numbers.
template <typename Locate> Result<> write_settings(Settings settings, const Locate &locate) {
    for (;;) {
        Settings refused;
        Result<> first;
        if (!detail::write_round(settings, locate, refused, first) || refused.size() == settings.size()) return first;
        if (refused.empty()) return {};
        settings = std::move(refused);
    }
}

} // namespace ctr::cgroup
