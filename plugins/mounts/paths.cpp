// SPDX-License-Identifier: MIT
#include "paths.hpp"

namespace mounts {

std::string clean(std::string_view path) {
    std::string out;
    for (std::size_t begin = 0; begin <= path.size();) {
        std::size_t end = path.find('/', begin);
        if (end == std::string_view::npos) end = path.size();
        const std::string_view part = path.substr(begin, end - begin);
        if (part == "..")
            out.erase(out.find_last_of('/') == std::string::npos ? 0 : out.find_last_of('/'));
        else if (!part.empty() && part != ".")
            out.append("/").append(part);
        begin = end + 1;
    }
    return out.empty() ? "/" : out;
}

bool is_below(std::string_view path, std::string_view directory) {
    if (directory == "/") return true;
    return path.substr(0, directory.size()) == directory &&
           (path.size() == directory.size() || path[directory.size()] == '/');
}

bool may_cover(std::string_view proc_file) {
    for (const std::string_view file :
         {"/proc/cpuinfo", "/proc/diskstats", "/proc/meminfo", "/proc/stat", "/proc/swaps", "/proc/uptime",
          "/proc/loadavg", "/proc/slabinfo", "/proc/sys/kernel/ns_last_pid", "/proc/sys/crypto/fips_enabled"})
        if (proc_file == file) return true;
    return false;
}

} // namespace mounts
