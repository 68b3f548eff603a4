// SPDX-License-Identifier: MIT
//
// The core uses the SDK's errors and results. Only main and the front ends print.
#pragma once

#include <ctr/cpp/result.hpp>

namespace core {

using ctr::errno_name;
using ctr::errno_text;
using ctr::Error;
using ctr::failure;
using ctr::hint_of_limits;
using ctr::invalid;
using ctr::Result;
using ctr::system_error;

} // namespace core
