// SPDX-License-Identifier: MIT
//
// The functions of the host's table that read a spec or a config, here from a JSON document. Part of
// ctr/testing/host.hpp.
#pragma once

#include <ctr/plugin.hpp>

#include <cstdint>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

namespace ctr::testing {

using Json = nlohmann::json;

/// A part of a document as plugins see it, for functions that take a ctr::Node. The document must outlive it.
inline Node node(const Json &json);

namespace detail {

inline const Json *json_of(const ctr_node *raw) { return reinterpret_cast<const Json *>(raw); }
inline const ctr_node *node_of(const Json *json) { return reinterpret_cast<const ctr_node *>(json); }

/// RFC 6901, as the host reads it: an invalid pointer finds nothing.
inline const ctr_node *at_pointer(const Json *json, const char *pointer) {
    if (json == nullptr || pointer == nullptr) return nullptr;
    const char *at = pointer;
    while (*at == '/') {
        std::string token;
        for (++at; *at != '\0' && *at != '/'; ++at)
            if (*at == '~' && (at[1] == '0' || at[1] == '1'))
                token += *++at == '0' ? '~' : '/';
            else
                token += *at;
        if (json->is_object()) {
            const auto found = json->find(token);
            if (found == json->end()) return nullptr;
            json = &*found;
        } else if (json->is_array()) {
            const bool digits = !token.empty() && token.find_first_not_of("0123456789") == std::string::npos;
            if (!digits || token.size() > 9 || std::stoul(token) >= json->size()) return nullptr;
            json = &(*json)[std::stoul(token)];
        } else {
            return nullptr;
        }
    }
    return *at == '\0' ? node_of(json) : nullptr;
}

inline int node_type(const ctr_node *raw) {
    if (raw == nullptr) return CTR_NODE_NONE;
    switch (json_of(raw)->type()) {
    case Json::value_t::boolean: return CTR_NODE_BOOL;
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned: return CTR_NODE_INT;
    case Json::value_t::number_float: return CTR_NODE_NUMBER;
    case Json::value_t::string: return CTR_NODE_STRING;
    case Json::value_t::array: return CTR_NODE_ARRAY;
    case Json::value_t::object: return CTR_NODE_OBJECT;
    default: return CTR_NODE_NULL;
    }
}

inline int node_int(const ctr_node *raw, std::int64_t *out) {
    if (node_type(raw) != CTR_NODE_INT) return -1;
    const Json &json = *json_of(raw);
    if (json.is_number_unsigned() && json.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX)) return -1;
    return *out = json.get<std::int64_t>(), 0;
}

inline int node_uint(const ctr_node *raw, std::uint64_t *out) {
    if (node_type(raw) != CTR_NODE_INT) return -1;
    const Json &json = *json_of(raw);
    if (!json.is_number_unsigned() && json.get<std::int64_t>() < 0) return -1;
    return *out = json.get<std::uint64_t>(), 0;
}

inline std::size_t node_count(const ctr_node *raw) {
    return raw != nullptr && json_of(raw)->is_structured() ? json_of(raw)->size() : 0;
}

inline Json::const_iterator member(const ctr_node *raw, std::size_t index) {
    return std::next(json_of(raw)->begin(), static_cast<std::ptrdiff_t>(index));
}

inline void set_node_functions(ctr_host &table) {
    table.node_type = node_type;
    table.node_get = [](const ctr_node *raw, const char *pointer) { return at_pointer(json_of(raw), pointer); };
    table.node_str = [](const ctr_node *raw, ctr_str *out) {
        if (node_type(raw) != CTR_NODE_STRING) return -1;
        return *out = str(json_of(raw)->get_ref<const std::string &>()), 0;
    };
    table.node_int = node_int;
    table.node_uint = node_uint;
    table.node_number = [](const ctr_node *raw, double *out) {
        if (node_type(raw) != CTR_NODE_INT && node_type(raw) != CTR_NODE_NUMBER) return -1;
        return *out = json_of(raw)->get<double>(), 0;
    };
    table.node_bool = [](const ctr_node *raw, int *out) {
        if (node_type(raw) != CTR_NODE_BOOL) return -1;
        return *out = json_of(raw)->get<bool>() ? 1 : 0, 0;
    };
    table.node_count = node_count;
    table.node_at = [](const ctr_node *raw, std::size_t index) -> const ctr_node * {
        return index < node_count(raw) ? node_of(&*member(raw, index)) : nullptr;
    };
    table.node_key = [](const ctr_node *raw, std::size_t index) {
        if (node_type(raw) != CTR_NODE_OBJECT || index >= node_count(raw)) return ctr_str{"", 0};
        return str(member(raw, index).key());
    };
}

} // namespace detail
} // namespace ctr::testing
