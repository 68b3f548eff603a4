// SPDX-License-Identifier: MIT
//
// The functions of a host that read a spec or a config, over a JSON document.
#pragma once

#include <ctr/plugin.hpp>

#include <cstdint>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

namespace fake {

using Json = nlohmann::json;

namespace detail {
inline const Json *json(const ctr_node *n) { return reinterpret_cast<const Json *>(n); }
inline const ctr_node *node(const Json *j) { return reinterpret_cast<const ctr_node *>(j); }
inline ctr_str str(const std::string &s) { return {s.c_str(), s.size()}; }
inline const Json *find(const Json &in, const char *pointer) {
    const Json::json_pointer where(pointer);
    return in.contains(where) ? &in.at(where) : nullptr;
}
inline int node_type(const ctr_node *n) {
    if (n == nullptr) return CTR_NODE_NONE;
    switch (json(n)->type()) {
    case Json::value_t::null: return CTR_NODE_NULL;
    case Json::value_t::boolean: return CTR_NODE_BOOL;
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned: return CTR_NODE_INT;
    case Json::value_t::number_float: return CTR_NODE_NUMBER;
    case Json::value_t::string: return CTR_NODE_STRING;
    case Json::value_t::array: return CTR_NODE_ARRAY;
    default: return CTR_NODE_OBJECT;
    }
}
inline int node_int(const ctr_node *n, std::int64_t *out) {
    if (node_type(n) != CTR_NODE_INT) return -1;
    if (json(n)->is_number_unsigned() && json(n)->get<std::uint64_t>() > INT64_MAX) return -1;
    return *out = json(n)->get<std::int64_t>(), 0;
}
inline int node_uint(const ctr_node *n, std::uint64_t *out) {
    if (node_type(n) != CTR_NODE_INT) return -1;
    if (!json(n)->is_number_unsigned() && json(n)->get<std::int64_t>() < 0) return -1;
    return *out = json(n)->get<std::uint64_t>(), 0;
}
inline ctr_str node_key(const ctr_node *n, std::size_t i) {
    if (node_type(n) != CTR_NODE_OBJECT || i >= json(n)->size()) return {"", 0};
    auto it = json(n)->begin();
    std::advance(it, i);
    return str(it.key());
}
inline const ctr_node *node_at(const ctr_node *n, std::size_t i) {
    if (n == nullptr || !json(n)->is_structured() || i >= json(n)->size()) return nullptr;
    auto it = json(n)->begin();
    std::advance(it, i);
    return node(&*it);
}
} // namespace detail

inline void read_json_nodes(ctr_host &h) {
    using namespace detail;
    h.node_type = node_type;
    h.node_get = [](const ctr_node *n, const char *where) {
        return n == nullptr ? nullptr : node(find(*json(n), where));
    };
    h.node_str = [](const ctr_node *n, ctr_str *out) {
        if (node_type(n) != CTR_NODE_STRING) return -1;
        return *out = str(json(n)->get_ref<const std::string &>()), 0;
    };
    h.node_int = node_int;
    h.node_uint = node_uint;
    h.node_number = [](const ctr_node *n, double *out) {
        return n == nullptr || !json(n)->is_number() ? -1 : (*out = json(n)->get<double>(), 0);
    };
    h.node_bool = [](const ctr_node *n, int *out) {
        return node_type(n) != CTR_NODE_BOOL ? -1 : (*out = json(n)->get<bool>(), 0);
    };
    h.node_count = [](const ctr_node *n) {
        return n == nullptr || !json(n)->is_structured() ? std::size_t{0} : json(n)->size();
    };
    h.node_at = node_at;
    h.node_key = node_key;
}

} // namespace fake
