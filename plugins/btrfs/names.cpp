// SPDX-License-Identifier: MIT
#include "names.hpp"

#include <algorithm>

namespace btrfs {
namespace {

constexpr std::string_view partial_suffix = ".partial";

} // namespace

std::string partial_name(std::string_view operation, std::string_view layer_name) {
    return std::string(layer_name) + "." + std::string(operation) + std::string(partial_suffix);
}

bool is_partial(std::string_view name) {
    return is_component(name) && name.ends_with(partial_suffix) && chain_id(name.substr(0, name.find('.'))).has_value();
}

} // namespace btrfs
