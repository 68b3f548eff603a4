// SPDX-License-Identifier: MIT
//
// Runs a program and gives back what it said.
#pragma once

#include <string>
#include <vector>

namespace sdk_test {

struct Outcome {
    int status = -1; // as a shell says it: 128 + signal; 127: could not be started
    std::string out, err;
};

/// Found in PATH; standard input is /dev/null.
Outcome run(const std::vector<std::string> &command);

} // namespace sdk_test
