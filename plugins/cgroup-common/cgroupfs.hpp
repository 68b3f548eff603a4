// SPDX-License-Identifier: MIT
//
// The files of a cgroup: writing and reading. Both versions have the same tree of directories.
#pragma once

#include "path.hpp"

#include <ctr/cpp/fd.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

namespace ctr::cgroup {

/// True, or false and errno. The kernel takes a control file's text in one write.
inline bool write_fd(int fd, std::string_view text) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n >= 0 && static_cast<std::size_t>(n) != text.size()) errno = EIO;
    return n == static_cast<ssize_t>(text.size());
}

/// A file of the cgroup `dir`.
inline bool write_at(int dir, const char *file, std::string_view text) {
    const Fd fd(::openat(dir, file, O_WRONLY | O_CLOEXEC));
    return fd.valid() && write_fd(fd.get(), text);
}

inline bool write_file(const std::string &path, std::string_view text) {
    return write_at(AT_FDCWD, path.c_str(), text);
}

inline std::optional<std::string> read_fd(int fd) {
    std::string all;
    char buffer[4096];
    for (;;) {
        const ssize_t n = ::read(fd, buffer, sizeof buffer);
        if (n < 0) return std::nullopt;
        if (n == 0) return all;
        all.append(buffer, static_cast<std::size_t>(n));
    }
}

inline std::optional<std::string> read_at(int dir, const char *file) {
    const Fd fd(::openat(dir, file, O_RDONLY | O_CLOEXEC));
    if (!fd.valid()) return std::nullopt;
    return read_fd(fd.get());
}

inline std::optional<std::string> read_file(const std::string &path) { return read_at(AT_FDCWD, path.c_str()); }

inline std::string trimmed(std::string text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == ' '))
        text.pop_back();
    return text;
}

/// The decimal number at the start of a text.
inline std::optional<std::uint64_t> leading_number(std::string_view text) {
    std::uint64_t out = 0;
    std::size_t i = 0;
    for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i) {
        const auto digit = static_cast<std::uint64_t>(text[i] - '0');
        if (out > (UINT64_MAX - digit) / 10) return UINT64_MAX;
        out = out * 10 + digit;
    }
    return i == 0 ? std::nullopt : std::optional(out);
}

/// The number after `key` in lines of "key number".
inline std::optional<std::uint64_t> keyed_number(std::string_view text, std::string_view key) {
    std::optional<std::uint64_t> out;
    ctr::each_part(text, '\n', [&](std::string_view line) {
        if (!out && line.substr(0, key.size()) == key && line.substr(key.size(), 1) == " ")
            out = leading_number(line.substr(key.size() + 1));
    });
    return out;
}

/// True if a cgroup of v2 or one of its ancestors is frozen. A new cgroup below a frozen one counts as frozen too.
inline bool is_frozen(const std::string &dir) {
    const auto events = read_file(dir + "/cgroup.events");
    return events && keyed_number(*events, "frozen").value_or(0) != 0;
}

/// Waits a little longer each time, at most `limit_ms` in total.
class Patience {
public:
    explicit Patience(std::int64_t limit_ms) : end_us_(now_us() + limit_ms * 1000) {}
    bool wait() {
        if (now_us() >= end_us_) return false;
        const timespec pause{0, step_us_ * 1000};
        ::nanosleep(&pause, nullptr);
        step_us_ = std::min<std::int64_t>(step_us_ * 2, 20000);
        return true;
    }

private:
    static std::int64_t now_us() {
        timespec now{};
        ::clock_gettime(CLOCK_MONOTONIC, &now);
        return std::int64_t{now.tv_sec} * 1000000 + now.tv_nsec / 1000;
    }
    std::int64_t end_us_;
    std::int64_t step_us_ = 100;
};

/// How long a killed process may take to end: one that waits uninterruptibly for a disk may need seconds.
inline constexpr std::int64_t end_ms = 10000;

} // namespace ctr::cgroup
