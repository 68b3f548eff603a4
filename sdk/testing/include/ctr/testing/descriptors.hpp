// SPDX-License-Identifier: MIT
//
// Which descriptors this process has open. Compare the list from before a call with the one from after it to find
// leaks.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <unistd.h>

namespace ctr::testing {

/// The open descriptors: number, and the target of its link in /proc/self/fd.
inline std::map<int, std::string> open_descriptors() {
    std::map<int, std::string> all;
    const std::string this_directory = "/proc/" + std::to_string(::getpid()) + "/fd";
    for (const auto &each : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code gone;
        const std::string leads_to = std::filesystem::read_symlink(each.path(), gone).string();
        if (!gone && leads_to != this_directory) all[std::stoi(each.path().filename())] = leads_to;
    }
    return all;
}

} // namespace ctr::testing
