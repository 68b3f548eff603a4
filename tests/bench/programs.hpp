// SPDX-License-Identifier: MIT
//
// The programs that are compared, what each is to do, and one timed go of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace bench {

/// Microseconds: from spawn to the end, and processor time (user and system) of the program and all that it waited for.
/// The second tells more than the first while others use the machine.
struct Time {
    double wall, cpu;
};

using Command = std::vector<std::string>;

/// One program at one task.
struct Contender {
    std::string name;
    std::vector<Command> before; // once, not timed
    std::vector<Command> timed;  // in sequence
    std::vector<Command> after;  // once, not timed
    std::vector<Time> warm, cold;
};

struct Task {
    std::string title;
    std::vector<Contender> contenders; // ctr first
};

/// run, run with a seccomp profile, create + start + delete, exec; by ctr-oci, crun and runc as far as they are
/// installed. What is not is told on standard output, with the reason. The first task has the floor beside them: what
/// the kernel alone costs.
std::vector<Task> find_tasks(const std::string &ctr_oci, const std::string &floor_source, const std::string &workspace);

/// Nothing if it failed; it has said why on standard error.
std::optional<Time> time_one(const std::vector<Command> &commands);

} // namespace bench
