// SPDX-License-Identifier: MIT
#pragma once

#include <unistd.h>

#include <utility>

namespace overlay {

/// A file descriptor that is closed at the end of its scope. Leaves errno alone: the error is read after scopes end.
class Fd {
public:
    explicit Fd(int fd = -1) : fd_(fd) {}
    Fd(Fd &&other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd &operator=(Fd &&other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Fd() {
        if (fd_ >= 0) static_cast<void>(::close(fd_)); // close(2) of these kinds never fails in a way that matters
    }
    explicit operator bool() const { return fd_ >= 0; }
    int get() const { return fd_; }
    int release() { return std::exchange(fd_, -1); }

private:
    int fd_;
};

} // namespace overlay
