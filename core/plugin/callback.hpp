// SPDX-License-Identifier: MIT
//
// Which function of a plugin is running, and which handles it was given. sdk/include/ctr/contexts.h says what it may
// call then; every function of the host's table asks here first, by CTR_LEGAL.
//
// A handle (ctr_plan *, ctr_run *, ctr_shell *) is good as long as the function runs that got it. A plugin that keeps
// it, or calls where it should not, is told CTR_E_CONTEXT as the error of the step or plan that runs: the handle that
// it gives is compared with the right one and never followed.
#pragma once

#include <ctr/contexts.h>
#include <ctr/plugin.h>

namespace core::plugin {

struct Callback {
    unsigned context = 0;                                           // CTR_IN_*; 0: no plugin's function runs
    void *handle = nullptr;                                         // its ctr_plan or ctr_run
    const void *shell = nullptr;                                    // its ctr_shell
    void (*refuse)(void *handle, const ctr_error *error) = nullptr; // makes that the plan's or the step's error
};

/// One for the process, since the host has one thread; the child of a clone has its own copy. (inline, because the
/// check of CTR_CHILD code knows data only where it is defined.)
inline constinit Callback running;

/// Stands around each call of a plugin's function.
class Calling {
public:
    explicit Calling(const Callback &callback) : outer_(running) { running = callback; }
    ~Calling() { running = outer_; }
    Calling(const Calling &) = delete;
    Calling &operator=(const Calling &) = delete;

private:
    const Callback outer_;
};

/// Contexts of each function, from the SDK's one table.
enum : unsigned {
#define CTR_CONTEXTS_OF(function, contexts) contexts_##function = (contexts),
    CTR_HOST_FUNCTIONS(CTR_CONTEXTS_OF)
#undef CTR_CONTEXTS_OF
};

/// May it be called now, with this handle? If not, that is the running function's error.
CTR_CHILD bool legal(const void *handle, unsigned contexts, const char *function);

#define CTR_LEGAL(handle, function) ::core::plugin::legal(handle, ::core::plugin::contexts_##function, #function)

} // namespace core::plugin
