// SPDX-License-Identifier: MIT
//
// How this plugin's own functions fail: an exception that carries the SDK's error. Reading nested documents and streams
// within streams fails in many places, constructors among them, and below C frames of libarchive; it is handled in one,
// steps.cpp and plugin.cpp. Nothing crosses the boundary.
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

/// A name in an archive may have a megabyte; nobody reads more than its beginning.
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
