// SPDX-License-Identifier: MIT
//
// The programs that are compared, and one timed start of one of them.
#pragma once

#include <string>
#include <vector>

namespace bench {

struct Program {
    std::string name;
    std::vector<std::string> command;
    bool is_runtime = true; // the floor and the payload are not
    std::vector<double> warm, cold; // microseconds
};

/// Those that are installed here. What is not is told on standard output, with the reason.
std::vector<Program> find_programs(const std::string &ctr, const std::string &floor_source, const std::string &workspace);

/// Microseconds from spawn to its end; below zero if it failed.
double time_one(const Program &program);

} // namespace bench
