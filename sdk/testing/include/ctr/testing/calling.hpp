// SPDX-License-Identifier: MIT
//
// Which callback of the plugin runs, what it may call (ctr/contexts.h), and which error it reported. As in ctr itself
// an illegal call does nothing, and the plan or the step fails with CTR_E_CONTEXT. Here it also fails the test, even a
// test that expects a failure.
#pragma once

#include <ctr/plugin.hpp>

#include <cstring>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace ctr::testing {

/// A message of plan_log() or log().
struct Log {
    int level; // ctr_log_level
    std::string message;
};

/// What a callback reports. Only the first failure is kept, as in ctr.
struct Said {
    bool failed = false;
    Error failure; // if failed
    std::vector<Log> logs;

    /// The failure in one line: "CALL PATH ERRNO-IN-WORDS MESSAGE HINT", without the parts that are empty. Empty if
    /// nothing failed.
    std::string text() const {
        if (!failed) return "";
        const char *number = failure.errno_value == 0 ? "" : std::strerror(failure.errno_value);
        std::string out;
        for (const std::string &part :
             {failure.syscall, failure.path, std::string(number), failure.message, failure.hint})
            if (!part.empty()) out += (out.empty() ? "" : " ") + part;
        return out.empty() ? "failed" : out;
    }
    int fail(Error error) {
        if (!failed) failure = std::move(error);
        failed = true;
        return -1;
    }
};

namespace detail {

/// Which context, with which handles, may call the host now. Set around each call of the plugin.
struct Callback {
    unsigned context = 0; // CTR_IN_*; 0: nobody
    const void *handle = nullptr, *shell = nullptr;
    Said *said = nullptr;
};
inline Callback running;

class Calling {
public:
    explicit Calling(const Callback &callback) : outer_(running) { running = callback; }
    ~Calling() { running = outer_; }
    Calling(const Calling &) = delete;
    Calling &operator=(const Calling &) = delete;

private:
    const Callback outer_;
};

/// "parent child" for CTR_IN_PARENT | CTR_IN_CHILD.
inline std::string names_of(unsigned contexts) {
    constexpr const char *names[] = {"plan", "parent", "child", "undo", "shell", "call"};
    std::string out;
    for (unsigned i = 0; i < 6; ++i)
        if ((contexts & 1u << i) != 0) out += (out.empty() ? "" : " ") + std::string(names[i]);
    return out.empty() ? "no callback" : out;
}

inline bool legal(const void *handle, unsigned contexts, const char *function) {
    const bool known = handle != nullptr && (handle == running.handle || handle == running.shell);
    const bool context = (running.context & contexts) != 0;
    if (known && context) return true;
    ADD_FAILURE() << "host->" << function
                  << (context ? "() was called with a handle that this callback did not get"
                              : "() was called in " + names_of(running.context) + "; it is legal in " +
                                    names_of(contexts) + " (ctr/contexts.h)");
    if (running.said == nullptr) return false;
    running.said->fail({.error_class = CTR_E_CONTEXT,
                        .message = context ? "an SDK function was called with a handle that this callback did not get"
                                           : "an SDK function was called where it is not legal (ctr/contexts.h)",
                        .hint = "this is a bug of the plugin",
                        .syscall = function});
    return false;
}

enum : unsigned {
#define CTR_CONTEXTS_OF(function, contexts) contexts_##function = (contexts),
    CTR_HOST_FUNCTIONS(CTR_CONTEXTS_OF)
#undef CTR_CONTEXTS_OF
};

/// Each function of the table begins with this check.
#define CTR_TESTING_LEGAL(handle, function)                                                                            \
    ::ctr::testing::detail::legal(handle, ::ctr::testing::detail::contexts_##function, #function)

} // namespace detail
} // namespace ctr::testing
