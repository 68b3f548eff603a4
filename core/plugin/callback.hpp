// SPDX-License-Identifier: MIT
//
// Which function of a plugin is running, and which handles it was given. sdk/include/ctr/contexts.h says what it may
// call meanwhile. Every function of the host's table that takes a handle first checks this with CTR_LEGAL.
//
// A handle (ctr_plan *, ctr_run *, ctr_shell *) is valid while the function runs that got it. If a plugin keeps it, or
// calls a function where it may not, the step or plan that runs fails with CTR_E_CONTEXT. The handle is compared with
// the right one and never followed before that.
#pragma once

#include <ctr/contexts.h>
#include <ctr/plugin.h>

namespace core::plugin {

struct Callback {
    unsigned context = 0;                                           // CTR_IN_*; 0: no plugin's function runs
    void *handle = nullptr;                                         // its ctr_plan or ctr_run
    const void *shell = nullptr;                                    // its ctr_shell
    void (*refuse)(void *handle, const ctr_error *error) = nullptr; // reports an error of the plan or the step
};

/// One for the process, because the host has one thread; the child of a clone has its own copy. (It is inline because
/// the check of CTR_CHILD code finds data only where it is defined.)
inline constinit Callback running;

/// Exists while a plugin's function is called.
class Calling {
public:
    explicit Calling(const Callback &callback) : outer_(running) { running = callback; }
    ~Calling() { running = outer_; }
    Calling(const Calling &) = delete;
    Calling &operator=(const Calling &) = delete;

private:
    const Callback outer_;
};

/// The contexts of each function, from the SDK's table.
enum : unsigned {
#define CTR_CONTEXTS_OF(function, contexts) contexts_##function = (contexts),
    CTR_HOST_FUNCTIONS(CTR_CONTEXTS_OF)
#undef CTR_CONTEXTS_OF
};

/// True if the function may be called now with this handle. If not, the running function gets an error.
CTR_CHILD bool legal(const void *handle, unsigned contexts, const char *function);

#define CTR_LEGAL(handle, function) ::core::plugin::legal(handle, ::core::plugin::contexts_##function, #function)

} // namespace core::plugin
