// SPDX-License-Identifier: MIT
//
// Errors are values: a function that can fail returns Result<T>. Each *layer* that an error passes adds one line of
// context with in().
#pragma once

#include <ctr/cpp/error.hpp>

#include <cassert>
#include <utility>
#include <variant>

namespace ctr {

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

} // namespace ctr

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
