// SPDX-License-Identifier: MIT
#include "keys.hpp"

#include <algorithm>

namespace sysctl {
namespace {

/// System V IPC, ipc(2): each IPC namespace has its own. (kernel.shm_next_id and similar ones are for checkpointing,
/// and belong to the namespace too.)
constexpr std::string_view ipc_keys[] = {"msgmax", "msgmnb",      "msgmni",          "msg_next_id",
                                         "sem",    "sem_next_id", "shmall",          "shmmax",
                                         "shmmni", "shm_next_id", "shm_rmid_forced", "auto_msgmni"};

bool starts_with(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

bool is_component(std::string_view name) { return !name.empty() && name != "." && name != ".."; }

} // namespace

const char *name_of(Owner owner) {
    switch (owner) {
    case Owner::ipc: return "ipc";
    case Owner::network: return "network";
    case Owner::uts: return "uts";
    case Owner::user: return "user";
    case Owner::machine: break;
    }
    return "";
}

std::optional<std::string> path_of(std::string_view key) {
    const auto first = key.find_first_of("./");
    if (first == std::string_view::npos) return std::nullopt;
    const bool dotted = key[first] == '.';
    std::string path(key);
    if (dotted)
        for (char &c : path)
            c = c == '.' ? '/' : c == '/' ? '.' : c;
    for (std::size_t from = 0; from <= path.size();) {
        const auto to = std::min(path.find('/', from), path.size());
        if (!is_component(std::string_view(path).substr(from, to - from))) return std::nullopt;
        from = to + 1;
    }
    return path.find('\0') == std::string::npos ? std::optional(path) : std::nullopt;
}

Owner owner_of(std::string_view path) {
    if (starts_with(path, "net/")) return Owner::network;
    if (starts_with(path, "fs/mqueue/")) return Owner::ipc;
    if (starts_with(path, "user/max_")) return Owner::user;
    if (!starts_with(path, "kernel/")) return Owner::machine;
    const auto name = path.substr(7);
    if (name == "hostname" || name == "domainname") return Owner::uts;
    for (const auto &each : ipc_keys)
        if (name == each) return Owner::ipc;
    return Owner::machine;
}

} // namespace sysctl
