// SPDX-License-Identifier: MIT
//
// An error for a person to read: what failed, on which object, the kernel's error and what to do. The host, every
// plugin and their tests use this one type.
#pragma once

#include <ctr/types.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace ctr {

/// "ENOENT" for 2; "errno 999" for what has no name.
inline std::string errno_name(int errno_value) {
    const char *name = ::strerrorname_np(errno_value);
    return name != nullptr ? name : "errno " + std::to_string(errno_value);
}

/// "No such file or directory" for 2; independent of the locale.
inline std::string errno_text(int errno_value) {
    const char *text = ::strerrordesc_np(errno_value);
    return text != nullptr ? text : "unknown error " + std::to_string(errno_value);
}

/// The step of a plan that failed. The kind is empty if the error is not about a step.
struct FailedStep {
    std::string plugin = {}, kind = {};
    int phase = 0; // ctr_phase
};

/// Built by name: Error{.error_class = CTR_E_BUSY, .message = "..."}. What is left out is empty.
struct Error {
    ctr_error_class error_class = CTR_E_SYSTEM;
    std::string message = {}; // what failed, in words; may be empty when syscall says it
    std::string hint = {};    // what to do about it
    int errno_value = 0;      // 0: none
    std::string syscall = {}; // "mount"
    std::string path = {};    // what it was about: a file, or a JSON pointer into the description
    std::string context = {}; // what was being done, the outermost first; the host sets this and `step`
    FailedStep step = {};

    /// One line without the hint: "context: path: message: syscall: No such file or directory (ENOENT)".
    std::string text() const {
        std::string out;
        const auto add = [&out](const std::string &part) {
            if (part.empty()) return;
            if (!out.empty()) out += ": ";
            out += part;
        };
        add(context);
        add(path);
        add(message);
        add(syscall);
        if (errno_value != 0) add(errno_text(errno_value) + " (" + errno_name(errno_value) + ")");
        return out.empty() ? "unknown error" : out;
    }
    /// Adds what was being done, as the outermost context.
    Error in(std::string what) && {
        context = context.empty() ? std::move(what) : std::move(what) + ": " + context;
        return std::move(*this);
    }
    /// A copy of what a C function was given.
    static Error from(const ctr_error &raw) {
        const auto text = [](const char *s) { return s == nullptr ? std::string() : std::string(s); };
        return {.error_class = static_cast<ctr_error_class>(raw.error_class),
                .message = text(raw.message),
                .hint = text(raw.hint),
                .errno_value = raw.errno_value,
                .syscall = text(raw.syscall),
                .path = text(raw.path)};
    }
    /// As the C table takes it. The pointers are valid as long as this error.
    ctr_error raw() const {
        const auto text = [](const std::string &s) { return s.empty() ? nullptr : s.c_str(); };
        return {sizeof(ctr_error), static_cast<std::uint32_t>(error_class),
                errno_value,       text(message),
                text(hint),        text(syscall),
                text(path)};
    }
};

/// What to do about errors that the caller's own resource limits cause; else empty.
inline std::string hint_of_limits(int errno_value) {
    switch (errno_value) {
    case EMFILE: return "the limit of open files is too low here: raise it (ulimit -n, RLIMIT_NOFILE)";
    case EFBIG: return "the limit of file sizes is too low here: raise it (ulimit -f, RLIMIT_FSIZE)";
    default: return {};
    }
}

/// A system call failed with errno (read at the call).
inline Error system_error(std::string syscall, std::string path = {}, std::string hint = {}) {
    const int why = errno;
    return {.hint = hint.empty() ? hint_of_limits(why) : std::move(hint),
            .errno_value = why,
            .syscall = std::move(syscall),
            .path = std::move(path)};
}
/// The content of `path` is wrong. `path` is a file with a place in it, or a JSON pointer into the description.
inline Error invalid(std::string path, std::string message, std::string hint = {}) {
    return {
        .error_class = CTR_E_INVALID, .message = std::move(message), .hint = std::move(hint), .path = std::move(path)};
}
inline Error failure(ctr_error_class error_class, std::string message, std::string hint = {}) {
    return {.error_class = error_class, .message = std::move(message), .hint = std::move(hint)};
}

} // namespace ctr
