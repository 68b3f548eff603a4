// SPDX-License-Identifier: MIT
//
// The time of day as text.
#pragma once

#include <string>

namespace core::sys {

/// The time now in UTC, as in RFC 3339: "2026-11-23T20:15:01.123456789Z".
std::string timestamp();

} // namespace core::sys
