// SPDX-License-Identifier: MIT
#include "front/cli/terminal.hpp"

#include <algorithm>
#include <climits>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace core::cli {
namespace {

/// Sets the user's terminal to raw mode while the container has a terminal of its own, so that every key is passed on.
class RawMode {
public:
    explicit RawMode(bool wanted) {
        if (wanted) active_ = ::tcgetattr(STDIN_FILENO, &old_) == 0;
        enter();
    }
    ~RawMode() { leave(); }
    RawMode(const RawMode &) = delete;
    RawMode &operator=(const RawMode &) = delete;

    /// Also called when ctr was stopped and continues, because its shell has set other modes meanwhile.
    void enter() {
        if (!active_) return;
        termios raw = old_;
        ::cfmakeraw(&raw);
        ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
    /// Sets the modes at once and does not wait until all is printed (TCSADRAIN), because nobody may be reading it.
    void leave() {
        if (!std::exchange(active_, false)) return;
        const pid_t foreground = ::tcgetpgrp(STDIN_FILENO);
        if (foreground >= 0 && foreground != ::getpgrp()) return; // another job has the terminal now
        sigset_t stop, mask;
        ::sigemptyset(&stop);
        ::sigaddset(&stop, SIGTTOU);
        ::sigprocmask(SIG_BLOCK, &stop,
                      &mask); // tcsetattr(3) stops a process in the background
        ::tcsetattr(STDIN_FILENO, TCSANOW, &old_);
        ::sigprocmask(SIG_SETMASK, &mask, nullptr);
    }

private:
    termios old_{};
    bool active_ = false;
};

/// One of ctr's standard descriptors, read and written without blocking. Other processes share its file, so O_NONBLOCK
/// must not be set on it. Pipes and terminals are therefore opened again, sockets have a flag for each call, and files
/// on a disk do not block.
class Standard {
public:
    Standard(int fd, int access) : fd_(fd) {
        struct stat st {};
        if (::fstat(fd, &st) != 0) return;
        socket_ = S_ISSOCK(st.st_mode);
        if (!S_ISFIFO(st.st_mode) && ::isatty(fd) != 1) return;
        own_.reset(::open(("/proc/self/fd/" + std::to_string(fd)).c_str(), access | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
        if (own_.valid()) fd_ = own_.get();
        // If the terminal belongs to another user (su), it cannot be opened again. Then only as much is written as
        // poll(2) promises room for.
        most_ = own_.valid() ? most_ : S_ISFIFO(st.st_mode) ? PIPE_BUF : 256;
    }
    int fd() const { return fd_; }
    ssize_t read(char *to, std::size_t size) const {
        return socket_ ? ::recv(fd_, to, size, MSG_DONTWAIT) : ::read(fd_, to, size);
    }
    ssize_t write(const char *from, std::size_t size) const {
        size = std::min(size, most_);
        return socket_ ? ::send(fd_, from, size, MSG_DONTWAIT | MSG_NOSIGNAL) : ::write(fd_, from, size);
    }

private:
    int fd_;
    Fd own_;
    bool socket_ = false;
    std::size_t most_ = SIZE_MAX;
};

enum class Moved { yes, not_now, never };

Moved moved(ssize_t n) {
    if (n > 0) return Moved::yes;
    return n < 0 && (errno == EAGAIN || errno == EINTR) ? Moved::not_now : Moved::never;
}

/// Bytes that are passed on. It takes more only when all are written, so a reader that does not read stops only its
/// writer.
class Pipe {
public:
    bool empty() const { return from_ == bytes_.size(); }
    template <typename Read> Moved fill(Read read) {
        bytes_.resize(16384); // not on the stack, whose size a caller may have limited
        from_ = 0;
        const ssize_t n = read(bytes_.data(), bytes_.size());
        const Moved how = moved(n);
        bytes_.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
        return how;
    }
    template <typename Write> Moved drain(Write write) {
        const ssize_t n = write(bytes_.data() + from_, bytes_.size() - from_);
        if (n > 0) from_ += static_cast<std::size_t>(n);
        return moved(n);
    }
    void put(char byte) { bytes_.assign(1, byte), from_ = 0; }
    std::string take() {
        std::string rest = bytes_.substr(from_);
        bytes_.clear();
        from_ = 0;
        return rest;
    }

private:
    std::string bytes_;
    std::size_t from_ = 0;
};

/// Limits for reading what is left in the container's terminal when its first process has ended. A process that it left
/// behind may keep the terminal open and print for ever, so nobody waits for it.
constexpr std::size_t most_of_the_rest = std::size_t{1} << 20; // bytes
constexpr int quiet = 100;                                     // milliseconds without a byte
constexpr int patience = 2000;                                 // milliseconds to wait while nobody reads our output

class Attendance {
public:
    Attendance(const sys::Child &child, ForwardedSignals &signals, Fd console, bool interactive, const Watch &watch)
        : child_(child), signals_(signals), console_(std::move(console)), watch_(watch),
          raw_(console_.valid() && interactive && ::isatty(STDIN_FILENO) == 1), script_(::isatty(STDIN_FILENO) != 1),
          input_open_(console_.valid() && interactive) {
        if (!console_.valid()) return;
        ::fcntl(console_.get(), F_SETFL, ::fcntl(console_.get(), F_GETFL) | O_NONBLOCK);
        in_.emplace(STDIN_FILENO, O_RDONLY);
        out_.emplace(STDOUT_FILENO, O_WRONLY);
        resize();
    }

    Result<sys::Exit> until_end(const std::function<void(const sys::Exit &)> &ended) {
        for (bool alive = true; alive;) {
            CTR_ASSIGN(alive, look());
        }
        auto exit = sys::wait_for(child_);
        std::string rest = read_rest();
        console_.reset();
        raw_.leave();
        if (exit.ok()) ended(exit.value());
        print(rest);
        return exit;
    }

private:
    enum { at_child, at_ending, at_other, at_watch, at_console, at_input, at_output, n_polled };

    /// Handles what has happened. False if the child has ended.
    Result<bool> look() {
        const auto when = [](bool wanted, int fd) { return wanted ? fd : -1; };
        const bool tty = console_.valid(), from_tty = tty && to_user_.empty(), to_tty = tty && !to_container_.empty();
        const auto tty_events = static_cast<short>((from_tty ? POLLIN : 0) | (to_tty ? POLLOUT : 0));
        pollfd polled[n_polled] = {
            {child_.pidfd.get(), POLLIN, 0},
            {signals_.ending_fd(), POLLIN, 0},
            {signals_.other_fd(), POLLIN, 0},
            {watch_.fd, POLLIN, 0},
            {when(from_tty || to_tty, console_.get()), tty_events, 0},
            {when(tty && input_open_ && to_container_.empty(), tty ? in_->fd() : -1), POLLIN, 0},
            {when(tty && !to_user_.empty(), tty ? out_->fd() : -1), POLLOUT, 0},
        };
        if (::poll(polled, n_polled, -1) < 0) return errno == EINTR ? Result<bool>(true) : system_error("poll");
        if (polled[at_ending].revents != 0) pass_signals(signals_.ending_fd());
        if (polled[at_other].revents != 0) pass_signals(signals_.other_fd());
        if (polled[at_watch].revents != 0) watch_.ready();
        if (polled[at_console].revents != 0 && from_tty) take_output(polled[at_console].revents);
        if (polled[at_console].revents != 0 && to_tty) give_input(polled[at_console].revents);
        if (polled[at_input].revents != 0) take_input();
        if (polled[at_output].revents != 0) give_output();
        return (polled[at_child].revents & POLLIN) == 0;
    }

    void pass_signals(int from) {
        signalfd_siginfo info{};
        if (::read(from, &info, sizeof info) != sizeof info) return;
        const int signal = static_cast<int>(info.ssi_signo);
        if (signal == SIGWINCH) return resize();
        if (signal == SIGCONT) raw_.enter();
        ::syscall(SYS_pidfd_send_signal, child_.pidfd.get(), signal, nullptr, 0U);
    }

    void resize() const {
        if (const auto size = terminal_size(STDIN_FILENO); size && console_.valid())
            ::ioctl(console_.get(), TIOCSWINSZ, &*size);
    }

    Moved from_console() {
        return to_user_.fill([this](char *to, std::size_t size) { return ::read(console_.get(), to, size); });
    }
    void take_output(short events) {
        if ((events & (POLLIN | POLLHUP | POLLERR)) == 0) return;
        if (from_console() == Moved::never) console_.reset(); // EIO: the last process on the other side has closed it
    }
    void give_input(short events) {
        if ((events & POLLOUT) == 0 || !console_.valid()) return;
        const auto write = [this](const char *from, std::size_t size) { return ::write(console_.get(), from, size); };
        if (to_container_.drain(write) == Moved::never) static_cast<void>(to_container_.take());
    }
    void take_input() {
        const auto read = [this](char *to, std::size_t size) { return in_->read(to, size); };
        if (to_container_.fill(read) != Moved::never) return;
        input_open_ = false;
        if (script_) to_container_.put('\x04'); // the end of a script's input, as ctrl-D on a keyboard
    }
    /// If the reader of our output is gone, the container's terminal is hung up too.
    void give_output() {
        const auto write = [this](const char *from, std::size_t size) { return out_->write(from, size); };
        if (to_user_.drain(write) != Moved::never) return;
        static_cast<void>(to_user_.take());
        console_.reset();
    }

    std::string read_rest() {
        std::string rest = to_user_.take();
        while (console_.valid() && rest.size() < most_of_the_rest) {
            pollfd more = {console_.get(), POLLIN, 0};
            const int ready = ::poll(&more, 1, quiet);
            if (ready < 0 && errno == EINTR) continue;
            if (ready <= 0 || from_console() == Moved::never) break;
            rest += to_user_.take();
        }
        return rest;
    }

    void print(std::string_view rest) {
        while (!rest.empty()) {
            pollfd polled[] = {{out_->fd(), POLLOUT, 0}, {signals_.ending_fd(), POLLIN, 0}};
            const int ready = ::poll(polled, 2, patience);
            if (ready < 0 && errno == EINTR) continue;
            if (ready <= 0 || polled[1].revents != 0) return;
            const ssize_t n = out_->write(rest.data(), rest.size());
            if (moved(n) == Moved::never) return;
            if (n > 0) rest.remove_prefix(static_cast<std::size_t>(n));
        }
    }

    const sys::Child &child_;
    ForwardedSignals &signals_;
    Fd console_;
    const Watch &watch_;
    RawMode raw_;
    bool script_, input_open_;
    std::optional<Standard> in_, out_;
    Pipe to_container_, to_user_;
};

/// The signals that are passed on to the program. Left out are those by which the kernel reports about ctr itself
/// (SIGSEGV, SIGCHLD, SIGPIPE, SIGXCPU, ...), and those that stop it as a job of a shell.
sigset_t passed_on(bool ending) {
    sigset_t set;
    ::sigemptyset(&set);
    if (ending) {
        for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM})
            ::sigaddset(&set, signal);
        return set;
    }
    for (const int signal : {SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT, SIGALRM, SIGIO, SIGPWR})
        ::sigaddset(&set, signal);
    for (int signal = SIGRTMIN; signal <= SIGRTMAX; ++signal)
        ::sigaddset(&set, signal);
    return set;
}

Fd block_and_read(bool ending, sigset_t *old) {
    const sigset_t set = passed_on(ending);
    ::sigprocmask(SIG_BLOCK, &set, old);
    return Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

} // namespace

ForwardedSignals::ForwardedSignals() : other_(block_and_read(false, &old_)), ending_(block_and_read(true, nullptr)) {}

ForwardedSignals::~ForwardedSignals() {
    // Signals that came too late to be passed on are discarded, because the container has ended and they are not for
    // ctr.
    signalfd_siginfo info{};
    for (const int fd : {ending_fd(), other_fd()})
        while (::read(fd, &info, sizeof info) == sizeof info) {
        }
    ::sigprocmask(SIG_SETMASK, &old_, nullptr);
}

std::optional<winsize> terminal_size(int fd) {
    winsize size{};
    if (::ioctl(fd, TIOCGWINSZ, &size) != 0) return std::nullopt;
    return size;
}

bool wants_carriage_returns() { return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1; }

Result<sys::Exit> attend(const sys::Child &child, ForwardedSignals &signals, Fd console, bool interactive,
                         const std::function<void(const sys::Exit &)> &ended, const Watch &watch) {
    Attendance attendance(child, signals, std::move(console), interactive, watch);
    return attendance.until_end(ended);
}

} // namespace core::cli
