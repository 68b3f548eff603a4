// SPDX-License-Identifier: MIT
//
// What went wrong below a step's function, or nothing: `if (Problem p = ...; p) return run.fail(*p);`.
#pragma once

#include <ctr/plugin.hpp>

#include <optional>

namespace bridge {

using Problem = std::optional<ctr::Error>;

/// A system call failed with errno.
inline Problem system_problem(std::string syscall, std::string path = {}, std::string hint = {}) {
    const int saved = errno;
    return ctr::Error{.error_class = CTR_E_SYSTEM,
                      .hint = std::move(hint),
                      .errno_value = saved,
                      .syscall = std::move(syscall),
                      .path = std::move(path)};
}

} // namespace bridge
