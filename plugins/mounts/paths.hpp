// SPDX-License-Identifier: MIT
//
// Paths inside the container, as text.
#pragma once

#include <string>
#include <string_view>

namespace mounts {

/// An absolute path without ".", ".." and doubled slashes. Relative ones begin at "/" (runtime-spec 1.2); ".." stops
/// there.
std::string clean(std::string_view path);
/// True if `path` is `directory` or lies in it; both clean.
bool is_below(std::string_view path, std::string_view directory);
/// True for the files below /proc that may be covered by a mount: those that tools like lxcfs replace, but none that
/// controls the runtime or a security module (CVE-2019-16884).
bool may_cover(std::string_view proc_file);

} // namespace mounts
