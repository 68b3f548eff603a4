// SPDX-License-Identifier: MIT
//
// Small things about files.
#pragma once

#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

namespace bridge {

/// Owns a file descriptor.
class Fd {
public:
    explicit Fd(int fd = -1) : fd_(fd) {}
    Fd(Fd &&other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd &operator=(Fd &&other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Fd() {
        if (fd_ >= 0) close(fd_);
    }
    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }

private:
    int fd_;
};

/// The names in a directory without "." and "..", sorted; empty if there is no such directory.
std::vector<std::string> list_directory(const std::string &path);

/// Where a symbolic link points; empty if it is none.
std::string read_link(const std::string &path);

} // namespace bridge
