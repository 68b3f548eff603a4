// SPDX-License-Identifier: MIT
//
// Errors are values: a function that can fail returns Result<T>. An Error says what failed, about what, the kernel's word and
// what to do; each *layer* it passes adds one line of context. Only main and cli print.
#pragma once

#include <cassert>
#include <cerrno>
#include <string>
#include <utility>
#include <variant>

namespace core {

/// The classes of sdk/include/ctr/types.h (ctr_error_class), for the core's own errors.
enum class ErrorClass { internal = 1, invalid, unsupported, not_found, exists, busy, permission, system, context };

struct Error {
    ErrorClass error_class = ErrorClass::system;
    std::string message; // what failed, in words; may be empty when syscall says it
    std::string hint;    // what to do about it; may be empty
    int errno_value = 0; // 0: none
    std::string syscall; // "mount"; may be empty
    std::string path;    // what it was about; may be empty
    std::string context; // "starting container web: step 12 (overlay.mount)"; outermost first

    /// One line without the hint: "context: message: path: syscall: No such file or directory (ENOENT)".
    std::string text() const;
    /// Adds what was being done, as the outermost context.
    Error in(std::string what) && {
        context = context.empty() ? std::move(what) : std::move(what) + ": " + context;
        return std::move(*this);
    }
};

/// What to do about errors that the caller's own limits are the reason of; else empty.
std::string hint_of_limits(int errno_value);

/// A system call failed with errno (read at the call).
inline Error system_error(std::string syscall, std::string path = {}, std::string hint = {}) {
    const int why = errno;
    return Error{ErrorClass::system, {}, hint.empty() ? hint_of_limits(why) : std::move(hint), why, std::move(syscall),
                 std::move(path),    {}};
}
inline Error invalid(std::string path, std::string message, std::string hint = {}) {
    return Error{ErrorClass::invalid, std::move(message), std::move(hint), 0, {}, std::move(path), {}};
}
inline Error failure(ErrorClass error_class, std::string message, std::string hint = {}) {
    return Error{error_class, std::move(message), std::move(hint), 0, {}, {}, {}};
}

/// "ENOENT" for 2; "errno 999" for what has no name.
std::string errno_name(int errno_value);
/// "No such file or directory" for 2; independent of the locale.
std::string errno_text(int errno_value);

template <typename T = void> class [[nodiscard]] Result {
public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
    bool ok() const { return state_.index() == 0; }
    T &value() & { return std::get<0>(state_); }
    const T &value() const & { return std::get<0>(state_); }
    T &&value() && { return std::get<0>(std::move(state_)); }
    Error &error() & { return std::get<1>(state_); }
    const Error &error() const & { return std::get<1>(state_); }
    Error &&error() && { return std::get<1>(std::move(state_)); }
    /// Adds context to the error, if there is one.
    Result in(std::string what) && {
        if (!ok()) return std::get<1>(std::move(state_)).in(std::move(what));
        return std::move(*this);
    }

private:
    std::variant<T, Error> state_;
};

template <> class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Error error) : failed_(true), error_(std::move(error)) {}
    bool ok() const { return !failed_; }
    Error &error() & { return assert(failed_), error_; }
    const Error &error() const & { return assert(failed_), error_; }
    Error &&error() && { return assert(failed_), std::move(error_); }
    Result in(std::string what) && {
        if (failed_) error_ = std::move(error_).in(std::move(what));
        return std::move(*this);
    }

private:
    bool failed_ = false;
    Error error_;
};

} // namespace core

/// Returns the error of a Result<void> expression to the caller.
#define CTR_TRY(expression)                                                                                            \
    do {                                                                                                               \
        if (auto ctr_try_result = (expression); !ctr_try_result.ok()) return std::move(ctr_try_result).error();        \
    } while (false)

#define CTR_CONCAT_(a, b) a##b
#define CTR_CONCAT(a, b) CTR_CONCAT_(a, b)
/// CTR_ASSIGN(Fd root, open_dir(path)): declares or assigns, or returns the error to the caller.
#define CTR_ASSIGN(target, expression) CTR_ASSIGN_(target, expression, CTR_CONCAT(ctr_assign_, __LINE__))
#define CTR_ASSIGN_(target, expression, name)                                                                          \
    auto name = (expression);                                                                                          \
    if (!name.ok()) return std::move(name).error();                                                                    \
    target = std::move(name).value()
