// SPDX-License-Identifier: MIT
#include "sys/interruption.hpp"

#include <cstring>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace core::sys {

bool Interruption::take() {
    signalfd_siginfo info{};
    if (::read(signals_.get(), &info, sizeof info) != sizeof info) return false;
    if (first_ == 0) first_ = static_cast<int>(info.ssi_signo);
    return true;
}

Error Interruption::error() const {
    const char *name = ::sigabbrev_np(first_);
    return failure(CTR_E_SYSTEM,
                   std::string("ended by SIG") + (name == nullptr ? "?" : name) + ": what was done is taken back");
}

Result<void> Interruption::wait_for(int fd) {
    for (;;) {
        pollfd polled[] = {{fd, POLLIN, 0}, {signals_.get(), POLLIN, 0}};
        if (::poll(polled, 2, -1) < 0 && errno != EINTR) return system_error("poll");
        if (polled[0].revents != 0) return {};
        if (polled[1].revents != 0 && take()) return error();
    }
}

} // namespace core::sys
