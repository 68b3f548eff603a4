// SPDX-License-Identifier: MIT
//
// The time of day as text.
#pragma once

#include <string>

namespace core::sys {

/// "2026-11-23T20:15:01.123456789Z" (RFC 3339 in UTC), now.
std::string timestamp();

} // namespace core::sys
