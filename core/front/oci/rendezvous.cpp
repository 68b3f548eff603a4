// SPDX-License-Identifier: MIT
#include "front/oci/rendezvous.hpp"

#include "sys/files.hpp"
#include "sys/socket.hpp"
#include "sys/surroundings.hpp"

#include <charconv>
#include <climits>
#include <cstdlib>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace core::oci {
namespace {

constexpr unsigned most_fds = 4096; // from LISTEN_FDS, and from --preserve-fds

Result<void> send_to(const std::string &path, int fd, const std::string &text) {
    CTR_ASSIGN(const Fd socket, sys::connect_to(path, SOCK_STREAM));
    return sys::send_fd(socket.get(), fd, text, path);
}

std::optional<unsigned> number(const std::string &text, unsigned most) {
    unsigned value = 0;
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (wrong != std::errc() || end != text.data() + text.size() || value > most) return std::nullopt;
    return value;
}

Result<void> check_open(unsigned count, const std::string &asked) {
    for (unsigned fd = 3; fd < 3 + count; ++fd)
        if (::fcntl(static_cast<int>(fd), F_GETFD) < 0)
            return invalid(asked, "file descriptor " + std::to_string(fd) + " is not open", "open it before the call");
    return {};
}

/// The number of descriptors of socket activation (sd_listen_fds(3)). LISTEN_FDS is meant only for the process
/// LISTEN_PID. Another one may have been left in the environment, and then descriptor 3 can be anything. Without a
/// LISTEN_PID it is ignored, but it is an error if the descriptors are not even open, because the caller expects
/// something else.
Result<unsigned> activation_fds() {
    const char *text = std::getenv("LISTEN_FDS"), *pid = std::getenv("LISTEN_PID");
    const auto fds = number(text == nullptr ? "" : text, UINT_MAX);
    if (!fds) return 0U;
    const std::string asked = "LISTEN_FDS=" + std::string(text);
    if (pid == nullptr) CTR_TRY(check_open(*fds, asked + " without LISTEN_PID"));
    if (pid == nullptr || number(pid, INT_MAX) != static_cast<unsigned>(::getpid())) return 0U;
    if (*fds > most_fds) return invalid(asked, "expected a number from 0 to " + std::to_string(most_fds));
    CTR_TRY(check_open(*fds, asked));
    return *fds;
}

} // namespace

Result<void> tell_engine(const cli::Arguments &arguments, const sys::Child &child, Fd &console) {
    if (arguments.has("console-socket")) {
        // Receivers in Go use the text as the file's name.
        CTR_TRY(send_to(arguments.one("console-socket"), console.get(), "/dev/ptmx").in("--console-socket"));
        console.reset();
    }
    if (arguments.has("pidfd-socket"))
        CTR_TRY(send_to(arguments.one("pidfd-socket"), child.pidfd.get(), "pidfd").in("--pidfd-socket"));
    if (arguments.has("pid-file"))
        CTR_TRY(sys::replace_file(arguments.one("pid-file"), std::to_string(child.pid), sys::as_the_caller_wants(0666))
                    .in("--pid-file"));
    return {};
}

bool nothing_to_tell(const cli::Arguments &arguments) {
    return !arguments.has("console-socket") && !arguments.has("pidfd-socket") && !arguments.has("pid-file");
}

Result<void> check_console(const cli::Arguments &arguments, bool terminal, bool stays) {
    const bool socket = arguments.has("console-socket");
    if (terminal && !stays && !socket)
        return invalid("/process/terminal", "cannot allocate tty if runc will detach without setting console socket",
                       "give --console-socket, or set /process/terminal to false");
    if (socket && !terminal)
        return invalid("--console-socket", "cannot use console socket if no terminal is allocated",
                       "set /process/terminal to true (exec: --tty)");
    return {};
}

Result<unsigned> passed_fds(const cli::Arguments &arguments, Json &process) {
    CTR_ASSIGN(const unsigned listening, activation_fds());
    const std::string given = arguments.one("preserve-fds", "0"), asked = "--preserve-fds " + given;
    const auto more = number(given, most_fds);
    if (!more) return invalid(asked, "expected a number from 0 to " + std::to_string(most_fds));
    CTR_TRY(check_open(listening + *more, asked));
    if (listening > 0) {
        process["env"].push_back("LISTEN_FDS=" + std::to_string(listening));
        process["env"].push_back("LISTEN_PID=1");
    }
    return listening + *more;
}

} // namespace core::oci
