// SPDX-License-Identifier: MIT
#include "hierarchies.hpp"

#include <algorithm>

namespace ctr::cgroup1 {

bool Hierarchy::has(std::string_view controller) const {
    return std::find(controllers.begin(), controllers.end(), controller) != controllers.end();
}

std::string Hierarchy::text() const {
    std::string out;
    for (const auto &each : controllers)
        out += (out.empty() ? "" : ",") + each;
    return out + ' ' + mount;
}

Hierarchy Hierarchy::from(std::string_view text) {
    const std::size_t space = text.find(' ');
    Hierarchy h{ctr::split(text.substr(0, space), ','), {}};
    if (space != std::string_view::npos) h.mount = text.substr(space + 1);
    return h;
}

std::vector<Hierarchy> find_hierarchies(std::string_view mountinfo, std::string_view controllers) {
    // /proc/cgroups: "#subsys_name hierarchy num_cgroups enabled". Only its names tell a controller from an option such
    // as xattr.
    std::vector<std::string> known;
    ctr::each_part(controllers, '\n', [&](std::string_view line) {
        if (line.front() != '#') known.emplace_back(line.substr(0, line.find_first_of("\t ")));
    });

    std::vector<Hierarchy> all;
    std::vector<bool> shows_root;
    for (const auto &mount : cgroup::cgroup_mounts(mountinfo)) {
        if (mount.type != "cgroup") continue;
        Hierarchy h{{}, mount.point};
        for (const auto &option : mount.options)
            if (std::find(known.begin(), known.end(), option) != known.end()) h.controllers.push_back(option);
        if (h.controllers.empty()) continue;
        const auto same =
            std::find_if(all.begin(), all.end(), [&](const Hierarchy &other) { return other.has(h.name()); });
        if (same == all.end()) {
            all.push_back(std::move(h));
            shows_root.push_back(mount.root == "/");
        } else if (const auto i = static_cast<std::size_t>(same - all.begin()); mount.root == "/" && !shows_root[i]) {
            *same = std::move(h);
            shows_root[i] = true;
        }
    }
    return all;
}

std::vector<Hierarchy> find_unified(std::string_view mountinfo) {
    for (const auto &mount : cgroup::cgroup_mounts(mountinfo))
        if (mount.type == "cgroup2" && mount.root == "/" && !mount.read_only) return {{{unified}, mount.point}};
    return {};
}

bool has_all(const std::vector<Hierarchy> &all, std::string_view controllers) {
    bool complete = !all.empty();
    ctr::each_part(controllers, '\n', [&](std::string_view line) {
        const auto words = ctr::split(line.substr(0, line.find('#')), '\t');
        if (words.size() > 1 && words[1] != "0" && find_controller(all, words[0]) == nullptr) complete = false;
    });
    return complete;
}

std::vector<Hierarchy> find_systemd(std::string_view mountinfo) {
    std::vector<Hierarchy> all;
    const auto has = [&](const char *name) {
        return std::any_of(all.begin(), all.end(), [&](const Hierarchy &h) { return h.name() == name; });
    };
    for (const auto &mount : cgroup::cgroup_mounts(mountinfo)) {
        if (mount.root != "/") continue;
        const bool named = mount.type == "cgroup" &&
                           std::find(mount.options.begin(), mount.options.end(), "name=systemd") != mount.options.end();
        if (named && !has(named_systemd)) all.push_back({{named_systemd}, mount.point});
        if (mount.type == "cgroup2" && !has(unified)) all.push_back({{unified}, mount.point});
    }
    return has(named_systemd) ? all : std::vector<Hierarchy>();
}

const Hierarchy *find_controller(const std::vector<Hierarchy> &all, std::string_view controller) {
    for (const auto &each : all)
        if (each.has(controller)) return &each;
    return nullptr;
}

} // namespace ctr::cgroup1
