// SPDX-License-Identifier: MIT
//
// Arguments that several kinds of step have.
#pragma once

#include "subnet.hpp"

#include <cstdlib>
#include <ctr/plugin.hpp>

namespace bridge {

/// `gateway`, "10.129.0.1/16": the bridge's own address and, with it, the subnet.
inline Subnet subnet_of(ctr::Run run) {
    const std::string text = run.str("gateway");
    const std::size_t slash = text.find('/');
    Subnet subnet;
    subnet.gateway = parse_address(text.substr(0, slash)).value_or(0);
    subnet.prefix =
        slash == std::string::npos ? 32 : static_cast<int>(std::strtol(text.c_str() + slash + 1, nullptr, 10));
    subnet.network = subnet.gateway & subnet.mask();
    return subnet;
}

} // namespace bridge
