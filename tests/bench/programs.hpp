// SPDX-License-Identifier: MIT
//
// The programs that are compared, and one timed start of one of them.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace bench {

/// Microseconds: from spawn to the end, and processor time (user and system) of the program and all that it waited for. The second
/// tells more than the first while others use the machine.
struct Time {
    double wall, cpu;
};

struct Program {
    std::string name;
    std::vector<std::string> command;
    std::vector<Time> warm, cold;
};

/// Those that are installed here. What is not is told on standard output, with the reason.
std::vector<Program> find_programs(const std::string &ctr, const std::string &floor_source,
                                   const std::string &workspace);

/// Nothing if it failed; it has said why on standard error.
std::optional<Time> time_one(const Program &program);

} // namespace bench
