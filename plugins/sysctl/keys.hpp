// SPDX-License-Identifier: MIT
//
// Which kernel parameters belong to a namespace. Pure: no kernel, no host.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sysctl {

/// The type of namespace (the OCI word) that holds a parameter.
enum class Owner { machine, ipc, network, uts, user };

/// "network"; for machine "".
const char *name_of(Owner owner);

/// The key as a path below /proc/sys, "net/ipv4/conf/eth0.100/forwarding". As sysctl(8) has it, the first separator
/// decides: after a dot, dots part the key and a slash stands for a dot in a name. Nothing if the key is malformed.
std::optional<std::string> path_of(std::string_view key);

/// Who owns the parameter at that path.
Owner owner_of(std::string_view path);

} // namespace sysctl
