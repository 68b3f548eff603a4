// SPDX-License-Identifier: MIT
#pragma once

#include <ctr/cpp/fd.hpp>

namespace core {

using ctr::Fd;

} // namespace core
