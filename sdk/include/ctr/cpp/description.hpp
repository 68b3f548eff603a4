// SPDX-License-Identifier: MIT
//
// What several plugins read in a description (runtime-spec, config-linux.md).
#pragma once

#include <ctr/plugin.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ctr {

/// An entry of linux.namespaces.
struct Namespace {
    std::string where; // its JSON pointer, for errors
    std::string path;  // of the namespace to join; empty: a new one
    bool is_new() const { return path.empty(); }
};

/// The container's own namespace of a type (the runtime-spec's word, "network"), or nothing if it shares the runtime's.
inline std::optional<Namespace> namespace_of(Plan plan, std::string_view type) {
    const std::string list = "/linux/namespaces";
    const Node all = plan.spec(list);
    for (std::size_t i = 0; i < all.size(); ++i)
        if (all.at(i).get("/type").str() == type)
            return Namespace{.where = list + "/" + std::to_string(i), .path = all.at(i).get("/path").str()};
    return std::nullopt;
}

/// [plan] The id map at a pointer ("/linux/uidMappings") as lines "INSIDE OUTSIDE SIZE", as the kernel takes them
/// (user_namespaces(7)). -1: refused.
inline int read_id_map(Plan plan, const std::string &where, std::vector<std::string> &lines) {
    const Node map = plan.spec(where);
    for (std::size_t i = 0; i < map.size(); ++i) {
        std::string line;
        for (const char *part : {"containerID", "hostID", "size"}) {
            const std::string place = where + "/" + std::to_string(i) + "/" + part;
            const auto number = map.at(i).get(std::string("/") + part).uinteger();
            if (!number || *number > UINT32_MAX) return plan.invalid(place, "must be a whole number up to 4294967295");
            if (*number == 0 && std::string_view(part) == "size") return plan.invalid(place, "must be at least 1");
            line += (line.empty() ? "" : " ") + std::to_string(*number);
        }
        lines.push_back(std::move(line));
    }
    return 0;
}

/// The id on the machine for an id in the container, by the map at a pointer. Without a map both are the same. Nothing
/// if the id is not mapped.
inline std::optional<std::int64_t> id_outside(Plan plan, const std::string &where, std::int64_t inside) {
    const Node map = plan.spec(where);
    if (!map) return inside;
    for (std::size_t i = 0; i < map.size(); ++i) {
        const std::int64_t first = map.at(i).get("/containerID").integer(0), size = map.at(i).get("/size").integer(0);
        if (inside >= first && inside - first < size) return map.at(i).get("/hostID").integer(0) + (inside - first);
    }
    return std::nullopt;
}

} // namespace ctr
