// SPDX-License-Identifier: MIT
//
// The names come from a table here and not from libcap-ng: loading that library costs 80 us in each start, and the
// numbers of linux/capability.h never change. Planning does not ask which of them the running kernel has: the child's
// steps find out (prctl fails with EINVAL after the last one, and capset sets only what is permitted).
#include "sets.hpp"

#include "../capabilities-common/docker_default.hpp"

#include <array>
#include <ctr/cpp/text.hpp>

namespace capabilities {
namespace {

constexpr std::array<std::string_view, 41> names = {"CHOWN",
                                                    "DAC_OVERRIDE",
                                                    "DAC_READ_SEARCH",
                                                    "FOWNER",
                                                    "FSETID",
                                                    "KILL",
                                                    "SETGID",
                                                    "SETUID",
                                                    "SETPCAP",
                                                    "LINUX_IMMUTABLE",
                                                    "NET_BIND_SERVICE",
                                                    "NET_BROADCAST",
                                                    "NET_ADMIN",
                                                    "NET_RAW",
                                                    "IPC_LOCK",
                                                    "IPC_OWNER",
                                                    "SYS_MODULE",
                                                    "SYS_RAWIO",
                                                    "SYS_CHROOT",
                                                    "SYS_PTRACE",
                                                    "SYS_PACCT",
                                                    "SYS_ADMIN",
                                                    "SYS_BOOT",
                                                    "SYS_NICE",
                                                    "SYS_RESOURCE",
                                                    "SYS_TIME",
                                                    "SYS_TTY_CONFIG",
                                                    "MKNOD",
                                                    "LEASE",
                                                    "AUDIT_WRITE",
                                                    "AUDIT_CONTROL",
                                                    "SETFCAP",
                                                    "MAC_OVERRIDE",
                                                    "MAC_ADMIN",
                                                    "SYSLOG",
                                                    "WAKE_ALARM",
                                                    "BLOCK_SUSPEND",
                                                    "AUDIT_READ",
                                                    "PERFMON",
                                                    "BPF",
                                                    "CHECKPOINT_RESTORE"};

bool same_letters(std::string_view any_case, std::string_view upper) {
    if (any_case.size() != upper.size()) return false;
    for (std::size_t i = 0; i < upper.size(); ++i) {
        const char c = any_case[i];
        if ((c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c) != upper[i]) return false;
    }
    return true;
}

constexpr const char *name_hint = "names are those of capabilities(7), with or without CAP_, or ALL";

} // namespace

std::optional<int> number_of(std::string_view name) {
    if (name.size() > 4 && same_letters(name.substr(0, 4), "CAP_")) name.remove_prefix(4);
    for (std::size_t i = 0; i < names.size(); ++i)
        if (same_letters(name, names[i])) return static_cast<int>(i);
    return std::nullopt;
}

std::string names_of(Mask mask, std::string_view separator) {
    if (mask == everything) return "ALL";
    std::string text;
    for (int i = 0; i < 64; ++i) {
        if ((mask & bit(i)) == 0) continue;
        if (!text.empty()) text += separator;
        const auto at = static_cast<std::size_t>(i);
        text += at < names.size() ? std::string(names[at]) : std::to_string(i);
    }
    return text.empty() ? "none" : text;
}

std::string hex(Mask mask) { return ctr::hex(mask, 16); }

Mask default_mask() {
    Mask mask = 0;
    for (const char *name : docker_default)
        mask |= bit(*number_of(name));
    return mask;
}

ctr::Result<Mask> parse_list(const std::string &path, const std::vector<std::string> &entries) {
    Mask mask = 0;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (same_letters(entries[i], "ALL")) {
            mask = everything;
        } else if (const auto number = number_of(entries[i])) {
            mask |= bit(*number);
        } else {
            return ctr::invalid(path + "/" + std::to_string(i), "\"" + entries[i] + "\" is no capability", name_hint);
        }
    }
    return mask;
}

ctr::Result<Change> parse_change(const std::vector<std::string> &add, const std::vector<std::string> &drop) {
    Change change;
    CTR_ASSIGN(change.add, parse_list("/ctr/capabilities/add", add));
    CTR_ASSIGN(change.drop, parse_list("/ctr/capabilities/drop", drop));
    if (change.add == everything && change.drop == everything)
        return ctr::invalid("/ctr/capabilities/add/0", "ALL is both added and dropped",
                            "name the capabilities on one of the two sides");
    return change;
}

Mask changed(Mask base, Change change) {
    if (change.add == everything) return everything & ~change.drop;
    if (change.drop == everything) return change.add;
    return (base & ~change.drop) | change.add;
}

Mask parse_oci(const std::vector<std::string> &entries, std::vector<std::string> &unknown) {
    Mask mask = 0;
    for (const auto &entry : entries) {
        const auto number = entry.rfind("CAP_", 0) == 0 ? number_of(entry) : std::nullopt;
        if (number)
            mask |= bit(*number);
        else
            unknown.push_back(entry);
    }
    return mask;
}

Mask make_consistent(Sets &sets) {
    const Sets asked = sets;
    sets.effective &= sets.permitted;
    sets.inheritable &= sets.bounding;
    sets.ambient &= sets.permitted & sets.inheritable;
    return (asked.effective ^ sets.effective) | (asked.inheritable ^ sets.inheritable) | (asked.ambient ^ sets.ambient);
}

} // namespace capabilities
