// SPDX-License-Identifier: MIT
//
// Makes the table of ctr.cgroup/1 from a driver's functions, which take the C++ face of a run. Exceptions are caught
// before the boundary.
#pragma once

#include <ctr/ext/cgroup.h>
#include <ctr/plugin.hpp>

namespace ctr::cgroup {

/// Runs a function of the extension; an exception becomes an error.
template <typename Function> int guarded(ctr_run *raw, Function function) noexcept {
    try {
        return function(Run{raw});
    } catch (const std::exception &e) {
        return Run{raw}.fail({.error_class = CTR_E_INTERNAL,
                              .message = e.what(),
                              .hint = "this is a bug of the plugin",
                              .syscall = "C++ exception"});
    }
}

/// `kind` is the kind of the step that made the cgroup; all five functions read from that step where it is.
template <auto Kill, auto Processes, auto Freeze, auto Update, auto Stats>
constexpr ctr_cgroup_v1 extension(const char *kind) {
    return {
        sizeof(ctr_cgroup_v1),
        kind,
        [](ctr_run *raw, int signal) { return guarded(raw, [&](Run run) { return Kill(run, signal); }); },
        [](ctr_run *raw, void (*found)(void *, int64_t), void *user) {
            return guarded(raw, [&](Run run) { return Processes(run, found, user); });
        },
        [](ctr_run *raw, int frozen) { return guarded(raw, [&](Run run) { return Freeze(run, frozen != 0); }); },
        [](ctr_run *raw, const ctr_node *resources) {
            return guarded(raw, [&](Run run) { return Update(run, Node{resources}); });
        },
        [](ctr_run *raw, void (*found)(void *, const char *, uint64_t), void *user) {
            return guarded(raw, [&](Run run) { return Stats(run, found, user); });
        },
    };
}

} // namespace ctr::cgroup
