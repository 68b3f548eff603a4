// SPDX-License-Identifier: MIT
#include "state.hpp"

#include <ctr/cpp/text.hpp>

namespace hooks {

std::string state_of(ctr::Plan plan, const std::string &bundle, const std::string &status) {
    const auto literal = [](std::string_view text) { return ctr::Step::escape(ctr::json_string(text)); };
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
