// SPDX-License-Identifier: MIT
#include "launch/values.hpp"

#include <cstring>
#include <nlohmann/json.hpp>

namespace core::launch {

void restore_values(Block &block, const std::map<std::string, Json> &values) {
    for (const auto &[name, json] : values) {
        Value *value = block.value(name);
        if (value == nullptr) continue;
        if (value->type == CTR_TYPE_INT && json.is_number_integer()) {
            value->integer = json.get<std::int64_t>();
        } else if (value->text != nullptr && (json.is_string() || json.is_array())) {
            std::string text;
            if (json.is_string())
                text = json.get<std::string>();
            else
                for (const Json &byte : json)
                    text += static_cast<char>(byte.get<int>());
            if (text.size() > CTR_VALUE_MAX) continue;
            std::memcpy(value->text, text.c_str(), text.size() + 1);
            value->length = static_cast<std::uint32_t>(text.size());
        } else {
            continue;
        }
        value->known = true;
    }
}

} // namespace core::launch
