// SPDX-License-Identifier: MIT
//
// An owned file descriptor. Borrowed ones are plain ints by convention.
#pragma once

#include <cerrno>
#include <unistd.h>
#include <utility>

namespace ctr {

class Fd {
public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd &&other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd &operator=(Fd &&other) noexcept {
        if (this != &other) reset(std::exchange(other.fd_, -1));
        return *this;
    }
    Fd(const Fd &) = delete;
    Fd &operator=(const Fd &) = delete;
    ~Fd() { reset(); }

    int get() const { return fd_; }
    bool valid() const { return fd_ >= 0; } // no operator bool: 0 is a good descriptor
    int release() { return std::exchange(fd_, -1); }

    /// Closes the descriptor that it held. Does not change errno, because errors are often read after scopes have
    /// ended.
    void reset(int fd = -1) {
        const int problem = errno;
        if (fd_ >= 0) static_cast<void>(::close(fd_));
        fd_ = fd;
        errno = problem;
    }

private:
    int fd_ = -1;
};

} // namespace ctr
