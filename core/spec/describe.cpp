// SPDX-License-Identifier: MIT
#include "spec/describe.hpp"

#include "base/text.hpp"

#include <nlohmann/json.hpp>

namespace core::spec {

std::string got(const Json &value) {
    switch (value.type()) {
    case Json::value_t::object: return "an object";
    case Json::value_t::array: return "an array";
    case Json::value_t::string: return in_quotes(value.get_ref<const std::string &>());
    default: return value.dump();
    }
}

std::string Where::pointer() const {
    if (up_ == nullptr) return std::string(token_);
    return up_->pointer() + "/" + (is_index_ ? std::to_string(index_) : pointer_token(token_));
}

} // namespace core::spec
