// SPDX-License-Identifier: MIT
//
// Where a new process of a running container belongs, in cgroup v2. A container may have made cgroups below its own and
// handed controllers down to them. Then its own cgroup may hold no process any more (EBUSY), and its init has moved
// into one of those below.
#pragma once

#include "cgroupfs.hpp"

namespace ctr::cgroup {

/// The path in cgroup v2 of the process behind a pidfd.
inline std::string unified_path_of(int pidfd) {
    std::string pid, path;
    ctr::each_part(read_file("/proc/self/fdinfo/" + std::to_string(pidfd)).value_or(""), '\n',
                   [&](std::string_view line) {
                       if (line.substr(0, 5) == "Pid:\t") pid = line.substr(5);
                   });
    ctr::each_part(read_file("/proc/" + pid + "/cgroup").value_or(""), '\n', [&](std::string_view line) {
        if (line.substr(0, 3) == "0::") path = line.substr(3);
    });
    return path;
}

/// mount+path, or the cgroup below it in which init is. Nothing if the cgroup is gone (errno).
inline std::optional<std::string> exec_directory(const std::string &mount, const std::string &path, int init) {
    const auto handed_down = read_file(mount + path + "/cgroup.subtree_control");
    if (!handed_down) return std::nullopt;
    if (trimmed(*handed_down).empty() || init < 0) return mount + path;
    const std::string own = unified_path_of(init), below = path + '/';
    return own.compare(0, below.size(), below) == 0 ? mount + own : mount + path;
}

} // namespace ctr::cgroup
