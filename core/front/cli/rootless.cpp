// SPDX-License-Identifier: MIT
#include "front/cli/rootless.hpp"

#include "sys/files.hpp"

#include <charconv>
#include <cstdlib>
#include <sstream>
#include <unistd.h>

namespace core::cli {
namespace {

std::string variable(const char *name) {
    const char *value = std::getenv(name);
    return value == nullptr || *value != '/' ? std::string() : std::string(value);
}

/// The user's name in the machine's /etc/passwd; empty if it is not there.
std::string name_of(std::uint32_t uid) {
    const auto text = sys::read_file("/etc/passwd");
    std::istringstream lines(text.ok() ? text.value() : "");
    for (std::string line; std::getline(lines, line);) {
        const auto first = line.find(':'), second = line.find(':', first + 1), third = line.find(':', second + 1);
        if (third == std::string::npos) continue;
        if (line.substr(second + 1, third - second - 1) == std::to_string(uid)) return line.substr(0, first);
    }
    return {};
}

std::uint32_t number(const std::string &text) {
    std::uint32_t value = 0;
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
    return wrong == std::errc() && end == text.data() + text.size() ? value : 0;
}

/// The user's own id becomes 0 inside. The ranges of "NAME|UID:FIRST:COUNT" lines follow it.
std::vector<IdRange> ranges(std::uint32_t own, const std::string &file, const std::string &who,
                            const std::string &name) {
    std::vector<IdRange> out = {{0, own, 1}};
    const auto text = sys::read_file(file);
    std::istringstream lines(text.ok() ? text.value() : "");
    std::uint32_t next = 1;
    for (std::string line; std::getline(lines, line);) {
        const auto first = line.find(':'), second = line.find(':', first + 1);
        if (second == std::string::npos) continue;
        const std::string user = line.substr(0, first);
        if (user != who && (name.empty() || user != name)) continue;
        const std::uint32_t from = number(line.substr(first + 1, second - first - 1)),
                            count = number(line.substr(second + 1));
        if (from == 0 || count == 0 || count > UINT32_MAX - next) continue;
        out.push_back({next, from, count});
        next += count;
    }
    return out;
}

bool can_map_more() { return ::access("/usr/bin/newuidmap", X_OK) == 0 && ::access("/usr/bin/newgidmap", X_OK) == 0; }

} // namespace

OwnIds own_ids() {
    if (::geteuid() == 0) return {};
    const std::string who = std::to_string(::geteuid()), name = name_of(::geteuid());
    OwnIds ids = {ranges(::geteuid(), "/etc/subuid", who, name), ranges(::getegid(), "/etc/subgid", who, name)};
    if (!can_map_more() || ids.uids.size() == 1 || ids.gids.size() == 1) {
        ids.uids.resize(1);
        ids.gids.resize(1);
    }
    return ids;
}

Result<void> use_own_roots(std::string &run_root, std::string &data_root) {
    const std::string home = variable("HOME"), data = variable("XDG_DATA_HOME"), run = variable("XDG_RUNTIME_DIR");
    if (run_root.empty()) {
        if (run.empty())
            return failure(CTR_E_INVALID, "XDG_RUNTIME_DIR is not set: there is no place for the state of containers",
                           "log in as that user, or give --run-root DIR");
        run_root = run + "/ctr";
    }
    if (data_root.empty()) {
        if (data.empty() && home.empty())
            return failure(CTR_E_INVALID, "neither XDG_DATA_HOME nor HOME is set: there is no place for images",
                           "set one of them, or give --data-root DIR");
        data_root = data.empty() ? home + "/.local/share/ctr" : data + "/ctr";
    }
    return {};
}

} // namespace core::cli
