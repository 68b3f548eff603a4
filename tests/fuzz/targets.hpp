// SPDX-License-Identifier: MIT
//
// What reads text or files that others wrote: each reader as a function of bytes, with good inputs to start from. The
// mutation test (default suite, seconds) and the libFuzzer programs (CTR_FUZZ, as long as you like) run the same
// functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fuzz {

struct Target {
    const char *name;
    /// Reads the bytes. Empty if they were read, or refused with an error that says something; else what is wrong with
    /// the reader.
    std::string (*run)(std::string_view bytes);
    std::vector<std::string> seeds;
};

const std::vector<Target> &targets();

} // namespace fuzz
