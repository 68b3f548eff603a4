// SPDX-License-Identifier: MIT
//
// Names of interfaces, as the kernel takes them. Pure.
#pragma once

#include <string>
#include <string_view>

namespace netdevices {

/// At most 15 bytes, no slash, colon, white space, nor "." and "..". With `pattern` one "%d" is allowed.
bool is_name(std::string_view name, bool pattern);
/// "net%d" and 3 give "net3"; a name without %d stays.
std::string numbered(const std::string &pattern, int number);

} // namespace netdevices
