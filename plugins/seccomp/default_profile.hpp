// SPDX-License-Identifier: MIT
//
// The filter for a container that asks for none in particular.
#pragma once

#include "profile.hpp"

#include <set>

namespace seccomp {

/// The profile for a container that may have these capabilities (without CAP_; only those that the profile looks at matter).
Profile default_profile(const std::set<std::string> &capabilities);

/// The capabilities that the profile looks at.
const std::set<std::string> &default_profile_looks_at();

} // namespace seccomp
