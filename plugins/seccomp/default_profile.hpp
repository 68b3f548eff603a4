// SPDX-License-Identifier: MIT
//
// The filter for a container that does not choose one.
#pragma once

#include "profile.hpp"

#include <set>
#include <span>

namespace seccomp {

/// The profile for a container that may have these capabilities (without CAP_; only those that the profile looks at
/// matter).
Profile default_profile(const std::set<std::string> &capabilities);

/// The capabilities that the profile looks at, sorted.
std::span<const std::string_view> default_profile_looks_at();

/// Changes when the profile's table does. Together with the capabilities it replaces the whole text in the cache key,
/// so that a start with a cached filter need not write out 400 names.
std::uint64_t default_profile_revision();

} // namespace seccomp
