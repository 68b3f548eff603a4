// SPDX-License-Identifier: MIT
#include "state.hpp"

namespace hooks {

std::string json_string(std::string_view text) {
    constexpr char digits[] = "0123456789abcdef";
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20 || byte == 0x7f) {
            out += "\\u00";
            out += digits[byte >> 4U];
            out += digits[byte & 15U];
        } else {
            out += c;
        }
    }
    return out + '"';
}

std::string state_of(ctr::Plan plan, const std::string &bundle, const std::string &status) {
    const auto literal = [](std::string_view text) { return ctr::Step::escape(json_string(text)); };
    std::string out = "{\"ociVersion\":" + literal(plan.spec("/ociVersion").str()) + ",\"id\":" + literal(plan.id()) +
                      ",\"status\":" + literal(status);
    if (status != "stopped") out += ",\"pid\":${child.pid}";
    out += ",\"bundle\":" + literal(bundle);
    const ctr::Node annotations = plan.spec("/annotations");
    std::string members;
    for (std::size_t i = 0; i < annotations.size(); ++i)
        members += (i == 0 ? "" : ",") + literal(annotations.key(i)) + ":" + literal(annotations.at(i).str());
    if (!members.empty()) out += ",\"annotations\":{" + members + "}";
    return out + "}";
}

} // namespace hooks
