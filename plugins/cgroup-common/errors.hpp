// SPDX-License-Identifier: MIT
//
// Errors that all cgroup drivers report with the same words.
#pragma once

#include "cgroupfs.hpp"
#include "resources.hpp"

#include <ctr/plugin.hpp>

#include <cerrno>
#include <string>
#include <utility>

namespace ctr::cgroup {

inline Error damaged_record(const std::string &path) {
    return {.error_class = CTR_E_INVALID,
            .message = "the step does not name a container's cgroup (path \"" + path + "\")",
            .hint = "its record is damaged: nothing is touched"};
}

inline Error does_not_end(std::string cgroup) {
    return {.error_class = CTR_E_BUSY,
            .message = "processes of the container do not end after SIGKILL",
            .hint = "they wait for a disk or a network: see ps -o pid,stat,wchan",
            .syscall = "kill",
            .path = std::move(cgroup)};
}

inline Error cannot_be_removed(std::string cgroup) {
    return {.error_class = CTR_E_BUSY,
            .message = "the cgroup cannot be removed: something in it does not end",
            .hint = "see its cgroup.procs; a process in an uninterruptible wait ends when its disk or network answers",
            .errno_value = EBUSY,
            .syscall = "rmdir",
            .path = std::move(cgroup)};
}

inline Error does_not_freeze(std::string file) {
    return {.error_class = CTR_E_BUSY,
            .message = "the container did not freeze in time; it runs on",
            .hint = "a process in an uninterruptible wait holds it up: try again",
            .path = std::move(file)};
}

/// A memory limit below the current usage makes the kernel reclaim memory, and then kill processes or refuse the limit.
/// checkBeforeUpdate asks not to try that. `usage` and `limit` are the names of the files.
inline int check_usage(Run run, const std::string &dir, const Memory &memory, const char *usage, const char *limit) {
    if (!memory.check_before_update || !memory.limit || *memory.limit < 0) return 0;
    const auto text = read_file(dir + "/" + usage);
    if (!text) return run.fail("read", dir + "/" + usage);
    const auto used = leading_number(*text).value_or(0);
    if (used <= static_cast<std::uint64_t>(*memory.limit)) return 0;
    return run.fail({.error_class = CTR_E_BUSY,
                     .message = "memory.limit " + std::to_string(*memory.limit) + " is below the " +
                                std::to_string(used) + " bytes in use",
                     .hint = "give a higher limit, or leave checkBeforeUpdate out",
                     .path = dir + "/" + limit});
}

} // namespace ctr::cgroup
