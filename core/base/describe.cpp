// SPDX-License-Identifier: MIT
#include "base/describe.hpp"

#include "base/text.hpp"

#include <nlohmann/json.hpp>

namespace core {

std::string got(const Json &value) {
    switch (value.type()) {
    case Json::value_t::object: return "an object";
    case Json::value_t::array: return "an array";
    case Json::value_t::string: return in_quotes(value.get_ref<const std::string &>());
    default: return value.dump();
    }
}

std::string Where::pointer() const {
    std::string out;
    out.reserve(64); // enough for nearly all
    append_to(out);
    return out;
}

void Where::append_to(std::string &out) const {
    if (up_ == nullptr) return void(out += token_);
    up_->append_to(out);
    out += '/';
    constexpr std::size_t most = 256; // bytes of one name, so that an error stays readable
    if (is_index_)
        out += std::to_string(index_);
    else if (token_.size() > most)
        out += pointer_token(beginning(token_, most)) + "...";
    else if (token_.find_first_of("~/") == std::string_view::npos)
        out += token_;
    else
        out += pointer_token(token_);
}

} // namespace core
