// SPDX-License-Identifier: MIT
//
// Paths of cgroups, and where cgroup file systems are mounted. Pure: text in, text out.
#pragma once

#include <ctr/cpp/result.hpp>
#include <ctr/cpp/text.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ctr::cgroup {

/// Brings a cgroup path into the form "/a/b": absolute, no empty or "." components. "" for the root itself. Refuses
/// what could name something else: "..", control characters (the kernel forbids the newline), names over NAME_MAX.
inline Result<std::string> normal_path(std::string_view path) {
    const auto refused = [](const char *why) { return failure(CTR_E_INVALID, why); };
    std::string out;
    while (!path.empty()) {
        const std::size_t slash = path.find('/');
        const std::string_view name = path.substr(0, slash);
        path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1);
        if (name.empty() || name == ".") continue;
        if (name == "..") return refused("\"..\" may not stand in it");
        if (name.size() > 255) return refused("a component is longer than 255 bytes");
        for (const char c : name)
            if (static_cast<unsigned char>(c) < 0x20) return refused("it contains a control character");
        out.append(1, '/').append(name);
    }
    return out;
}

/// The container's cgroup below the root of a hierarchy. `asked` is linux.cgroupsPath: an absolute path is used as it
/// is, a relative one is below `parent`, and without a path it is parent/id.
inline Result<std::string> container_path(std::string_view asked, std::string_view parent, std::string_view id) {
    static constexpr const char *where = "/linux/cgroupsPath";
    const bool absolute = !asked.empty() && asked.front() == '/';
    if (!absolute && asked.find(':') != std::string_view::npos)
        return invalid(
            where, "\"" + std::string(asked) + "\" is the form slice:prefix:name, which only systemd can make",
            "give an absolute path such as /ctr/" + std::string(id) + ", or use a driver that speaks to systemd");
    const std::string whole =
        absolute ? std::string(asked) : std::string(parent) + '/' + std::string(asked.empty() ? id : asked);
    auto path = normal_path(whole);
    if (path.ok() && !path.value().empty()) return path;
    const std::string reason = path.ok() ? "it is the root of the hierarchy" : path.error().message;
    return invalid(where, "the cgroup path \"" + whole + "\" cannot be used: " + reason,
                   "give a path of plain names, for example /ctr/" + std::string(id));
}

/// True if a path has the form that plans have. The check is needed because a record may be damaged, and mount+"" would
/// mean every process of the machine.
inline bool is_container_path(std::string_view path) {
    const auto normal = normal_path(path);
    return !path.empty() && normal.ok() && normal.value() == path;
}

/// "/a/b" -> "/a"; "/a" -> "".
inline std::string parent_path(std::string_view path) { return std::string(path.substr(0, path.rfind('/'))); }

/// "/a/b" -> "b".
inline std::string last_name(std::string_view path) { return std::string(path.substr(path.rfind('/') + 1)); }

/// One line of mountinfo that is a cgroup file system.
struct CgroupMount {
    std::string type;                 // "cgroup" or "cgroup2"
    std::string point;                // where
    std::string root;                 // which directory of the hierarchy is seen there
    std::vector<std::string> options; // of the superblock: the controllers of a v1 hierarchy stand here
    bool read_only = false;
};

/// mountinfo writes space, tab, newline and backslash as \ooo.
inline std::string unescape_mountinfo(std::string_view text) {
    const auto octal = [](char c) { return c >= '0' && c <= '7'; };
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 3 < text.size() && octal(text[i + 1]) && octal(text[i + 2]) && octal(text[i + 3])) {
            out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
            i += 3;
        } else {
            out += text[i];
        }
    }
    return out;
}

/// The cgroup mounts in the text of /proc/self/mountinfo, in its order.
inline std::vector<CgroupMount> cgroup_mounts(std::string_view mountinfo) {
    std::vector<CgroupMount> all;
    each_part(mountinfo, '\n', [&](std::string_view line) {
        // id parent major:minor ROOT POINT options [optional fields] - TYPE source SUPER-OPTIONS
        const std::size_t dash = line.find(" - ");
        if (dash == std::string_view::npos || line.substr(dash + 3, 6) != "cgroup") return;
        const auto before = ctr::split(line.substr(0, dash), ' '), after = ctr::split(line.substr(dash + 3), ' ');
        if (before.size() < 6 || after.size() < 3 || (after[0] != "cgroup" && after[0] != "cgroup2")) return;
        const auto flags = ctr::split(before[5], ',');
        all.push_back({after[0], unescape_mountinfo(before[4]), unescape_mountinfo(before[3]),
                       ctr::split(after[2], ','), !flags.empty() && flags.front() == "ro"});
    });
    return all;
}

} // namespace ctr::cgroup
