// SPDX-License-Identifier: MIT
#include "cli/terminal.hpp"

#include "sys/files.hpp"

#include <poll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace core::cli {
namespace {

/// The user's terminal passes every key as it is while the container has one of its own.
class RawMode {
public:
    explicit RawMode(bool wanted) {
        if (!wanted || ::tcgetattr(STDIN_FILENO, &old_) != 0) return;
        termios raw = old_;
        ::cfmakeraw(&raw);
        active_ = ::tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
    }
    ~RawMode() {
        if (active_) ::tcsetattr(STDIN_FILENO, TCSADRAIN, &old_);
    }
    RawMode(const RawMode &) = delete;
    RawMode &operator=(const RawMode &) = delete;

private:
    termios old_{};
    bool active_ = false;
};

/// Copies once; false at the end of the source.
bool copy(int from, int to) {
    char buffer[16384];
    const ssize_t got = ::read(from, buffer, sizeof buffer);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return true;
    if (got <= 0) return false; // a pty's master reads EIO when the last of the other side is gone
    return sys::write_all(to, std::string_view(buffer, static_cast<std::size_t>(got)), "terminal").ok();
}

void pass_signals(int signal_fd, const sys::Child &child, int console) {
    signalfd_siginfo info{};
    if (::read(signal_fd, &info, sizeof info) != sizeof info) return;
    const int signal = static_cast<int>(info.ssi_signo);
    if (signal == SIGWINCH) {
        if (const auto size = terminal_size(STDIN_FILENO); size && console >= 0) ::ioctl(console, TIOCSWINSZ, &*size);
        return;
    }
    ::syscall(SYS_pidfd_send_signal, child.pidfd.get(), signal, nullptr, 0U);
}

} // namespace

ForwardedSignals::ForwardedSignals() {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT, SIGALRM})
        ::sigaddset(&set, signal);
    ::sigprocmask(SIG_BLOCK, &set, &old_);
    fd_.reset(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

ForwardedSignals::~ForwardedSignals() {
    // What came too late to be passed on is not for ctr either: the container has ended.
    signalfd_siginfo info{};
    while (::read(fd_.get(), &info, sizeof info) == sizeof info) {
    }
    ::sigprocmask(SIG_SETMASK, &old_, nullptr);
}

std::optional<winsize> terminal_size(int fd) {
    winsize size{};
    if (::ioctl(fd, TIOCGWINSZ, &size) != 0) return std::nullopt;
    return size;
}

bool wants_carriage_returns() { return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1; }

Result<sys::Exit> attend(const sys::Child &child, const ForwardedSignals &signals, Fd console, bool interactive) {
    const bool terminal = console.valid() && interactive && ::isatty(STDIN_FILENO) == 1;
    const RawMode raw(terminal);
    if (const auto size = terminal_size(STDIN_FILENO); size && console.valid())
        ::ioctl(console.get(), TIOCSWINSZ, &*size);
    bool stdin_open = console.valid() && interactive, ended = false;
    while (!ended || console.valid()) {
        pollfd polled[] = {{ended ? -1 : child.pidfd.get(), POLLIN, 0},
                           {signals.fd(), POLLIN, 0},
                           {console.valid() ? console.get() : -1, POLLIN, 0},
                           {stdin_open && console.valid() ? STDIN_FILENO : -1, POLLIN, 0}};
        // Once the first process is gone, what it wrote last is still read; a background process that keeps the terminal open is not waited for.
        const int ready = ::poll(polled, 4, ended ? 100 : -1);
        if (ready < 0 && errno != EINTR) return system_error("poll");
        if (ready <= 0) {
            if (ended) break;
            continue;
        }
        if ((polled[0].revents & POLLIN) != 0) ended = true;
        if ((polled[1].revents & POLLIN) != 0) pass_signals(signals.fd(), child, console.get());
        if (polled[2].revents != 0 && !copy(console.get(), STDOUT_FILENO)) console.reset();
        if (polled[3].revents != 0 && !copy(STDIN_FILENO, console.get())) {
            stdin_open = false;
            // The end of a script's input: what a person would say with ctrl-D.
            if (!terminal) static_cast<void>(sys::write_all(console.get(), std::string_view("\x04", 1), "terminal"));
        }
    }
    return sys::wait_for(child);
}

} // namespace core::cli
