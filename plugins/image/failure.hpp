// SPDX-License-Identifier: MIT
//
// How this plugin's own functions fail: an exception that carries the SDK's error. Reading nested documents and streams
// can fail in many places, in constructors and below C frames of libarchive too. The exceptions are caught in steps.cpp
// and plugin.cpp only, and none crosses the boundary.
#pragma once

#include <ctr/plugin.hpp>

#include <exception>
#include <string>
#include <utility>

namespace image {

struct Failure : std::exception {
    ctr::Error error;
    explicit Failure(ctr::Error what_failed) : error(std::move(what_failed)) {}
    const char *what() const noexcept override { return error.message.c_str(); }
};

/// Shortens text for messages, because a name in an archive may have a megabyte.
inline std::string brief(std::string text, std::size_t most = 400) {
    if (text.size() <= most) return text;
    text.resize(most);
    return text += "...";
}

/// A document, an archive or an argument is wrong.
[[noreturn]] inline void refuse(std::string path, std::string message, std::string hint = {}) {
    throw Failure(ctr::invalid(brief(std::move(path)), brief(std::move(message), 1000), brief(std::move(hint), 2000)));
}

/// A system call failed with errno.
[[noreturn]] inline void system_failure(std::string syscall, std::string path, std::string hint = {}) {
    throw Failure(ctr::system_error(std::move(syscall), brief(std::move(path)), brief(std::move(hint), 2000)));
}

} // namespace image
