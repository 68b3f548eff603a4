// SPDX-License-Identifier: MIT
//
// From JSON to a profile: the runtime-spec's linux.seccomp and docker's profile format, which is the same with
// conditions on capabilities, architectures and kernels.
#pragma once

#include "profile.hpp"

#include <ctr/cpp/result.hpp>
#include <ctr/plugin.hpp>

#include <set>

namespace seccomp {

/// What docker's includes and excludes are compared with.
struct Circumstances {
    /// Without CAP_, upper case: what the container may have (its bounding set).
    std::set<std::string> capabilities;
    /// ALL was asked for: every capability but those in `dropped`.
    bool all_capabilities = false;
    std::set<std::string> dropped;
    std::string kernel; // "6.18.44"
    bool has(std::string_view capability) const;
};

enum class Format { oci, docker };

/// The error's path is where below the profile ("/syscalls/3/action"); CTR_E_UNSUPPORTED: well-formed, but not carried
/// out.
ctr::Result<Profile> translate(ctr::Node node, Format format, const Circumstances &circumstances);

/// "4.8", "5.10.3": true if `kernel` is at least `least`. Nothing if `least` is no version.
std::optional<bool> kernel_at_least(std::string_view kernel, std::string_view least);

} // namespace seccomp
