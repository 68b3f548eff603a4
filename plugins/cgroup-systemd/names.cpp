// SPDX-License-Identifier: MIT
#include "names.hpp"

#include <charconv>

namespace ctr::systemd {
namespace {

bool ends_with(std::string_view text, std::string_view end) {
    return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

/// True if systemd accepts the name of a unit.
bool valid_unit(std::string_view unit) {
    static constexpr std::string_view valid = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\";
    return unit.size() <= 255 && unit.find_first_not_of(valid) == std::string_view::npos;
}

/// systemd puts "_" before names that could be mistaken for the kernel's own files.
std::string directory_of(const std::string &unit) {
    if (unit.front() == '_' || unit.front() == '.') return '_' + unit;
    for (const char *prefix :
         {"cgroup.", "cpu.", "cpuacct.", "cpuset.", "io.", "blkio.", "memory.", "devices.", "pids."})
        if (unit.compare(0, std::string_view(prefix).size(), prefix) == 0) return '_' + unit;
    return unit;
}

} // namespace

std::string users_path(std::int64_t uid) {
    const std::string number = std::to_string(uid);
    return "/user.slice/user-" + number + ".slice/user@" + number + ".service";
}

std::string unit_of(std::string_view path) {
    const std::string name = cgroup::last_name(path);
    return name.substr(0, 1) == "_" ? name.substr(1) : name;
}

std::int64_t outer_id(std::string_view uid_map, std::int64_t id) {
    std::int64_t outer = id;
    ctr::each_part(uid_map, '\n', [&](std::string_view line) {
        std::int64_t numbers[3] = {};
        const auto words = ctr::split(line, ' ');
        for (std::size_t i = 0; i < 3 && i < words.size(); ++i)
            std::from_chars(words[i].data(), words[i].data() + words[i].size(), numbers[i]);
        if (id >= numbers[0] && id - numbers[0] < numbers[2]) outer = numbers[1] + (id - numbers[0]);
    });
    return outer;
}

std::optional<std::string> slice_path(std::string_view slice) {
    if (slice == "-.slice") return "";
    if (!ends_with(slice, ".slice") || !valid_unit(slice)) return std::nullopt;
    const std::string_view name = slice.substr(0, slice.size() - 6);
    if (name.empty() || name.front() == '-' || name.back() == '-' || name.find("--") != std::string_view::npos)
        return std::nullopt;
    std::string path;
    for (std::size_t dash = name.find('-'); dash != std::string_view::npos; dash = name.find('-', dash + 1))
        path += '/' + directory_of(std::string(name.substr(0, dash)) + ".slice");
    return path + '/' + directory_of(std::string(slice));
}

Result<Scope> scope_of(std::string_view asked, std::string_view default_slice, std::string_view id) {
    const auto refused = [](std::string message, std::string hint) {
        return invalid("/linux/cgroupsPath", std::move(message), std::move(hint));
    };
    const std::string form = "give the form slice:prefix:name, for example system.slice:ctr:box";
    std::string slice(default_slice), prefix = "ctr", name(id);
    if (!asked.empty()) {
        const std::size_t first = asked.find(':');
        const std::size_t second = first == std::string_view::npos ? first : asked.find(':', first + 1);
        if (second == std::string_view::npos || asked.find(':', second + 1) != std::string_view::npos)
            return refused("\"" + std::string(asked) + "\" is not the form slice:prefix:name that systemd needs", form);
        if (first != 0) slice = asked.substr(0, first);
        prefix = asked.substr(first + 1, second - first - 1);
        if (second + 1 < asked.size()) name = asked.substr(second + 1);
    }
    const auto above = slice_path(slice);
    if (!above) return refused("\"" + slice + "\" is not the name of a slice", form);
    if (ends_with(name, ".slice"))
        return refused("\"" + name + "\" is a slice, and systemd puts no process into one", "name a scope");
    Scope scope{(prefix.empty() ? "" : prefix + '-') + name + ".scope", slice, {}};
    if (!valid_unit(scope.unit))
        return refused("\"" + scope.unit + "\" is no name that systemd takes",
                       "at most 255 letters, digits and :-_.\\ in all");
    scope.path = *above + '/' + directory_of(scope.unit);
    return scope;
}

} // namespace ctr::systemd
