// SPDX-License-Identifier: MIT
#include "platform.hpp"

#include "failure.hpp"

#include <sys/utsname.h>

namespace image {

std::vector<Platform> runnable_on(std::string_view machine) {
    struct Row {
        std::string_view machine, architecture, variant;
    };
    // amd64/v2 and above are not here: whether the processor has them is not in uname.
    static constexpr Row rows[] = {
        {"x86_64", "amd64", ""},    {"x86_64", "amd64", "v1"},  {"x86_64", "386", ""},
        {"i686", "386", ""},        {"i586", "386", ""},        {"i386", "386", ""},
        {"aarch64", "arm64", ""},   {"aarch64", "arm64", "v8"}, {"armv8l", "arm", "v8"},
        {"armv8l", "arm", "v7"},    {"armv8l", "arm", "v6"},    {"armv8l", "arm", ""},
        {"armv7l", "arm", "v7"},    {"armv7l", "arm", "v6"},    {"armv7l", "arm", "v5"},
        {"armv7l", "arm", ""},      {"armv6l", "arm", "v6"},    {"armv6l", "arm", "v5"},
        {"armv6l", "arm", ""},      {"ppc64le", "ppc64le", ""}, {"ppc64", "ppc64", ""},
        {"s390x", "s390x", ""},     {"riscv64", "riscv64", ""}, {"loongarch64", "loong64", ""},
        {"mips64", "mips64le", ""}, {"mips64", "mips64", ""},
    };
    std::vector<Platform> all;
    for (const Row &row : rows)
        if (row.machine == machine) all.push_back({"linux", std::string(row.architecture), std::string(row.variant)});
    if (all.empty()) all.push_back({"linux", std::string(machine), ""});
    return all;
}

std::vector<Platform> runnable_here() {
    utsname names{};
    if (uname(&names) != 0) system_failure("uname", {});
    return runnable_on(names.machine);
}

int rank_of(const std::vector<Platform> &runnable, const Platform &platform) {
    for (std::size_t i = 0; i < runnable.size(); ++i) {
        const Platform &each = runnable[i];
        if (each.os == platform.os && each.architecture == platform.architecture && each.variant == platform.variant)
            return static_cast<int>(i);
    }
    return -1;
}

} // namespace image
