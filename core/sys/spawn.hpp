// SPDX-License-Identifier: MIT
//
// Running another program and waiting for it. Only newuidmap, newgidmap, ps and OCI hooks are run at all.
#pragma once

#include "base/result.hpp"

#include <string>
#include <vector>

namespace core::sys {

/// Runs argv (argv[0] is looked up in the standard directories, not in PATH) with no input, an empty environment but PATH, and its error
/// output kept. Gives its exit status if it exited; an error with what it said if it failed to start or died of a signal.
struct Ran {
    int status = 0;
    std::string errors; // at most 4 KiB of what it wrote to stderr
    std::string output; // what it wrote to stdout, if that was asked for; at most 16 MiB
};
Result<Ran> run_program(const std::vector<std::string> &argv, bool keep_output = false);

} // namespace core::sys
