// SPDX-License-Identifier: MIT
#include "oci/rendezvous.hpp"

#include "sys/files.hpp"
#include "sys/socket.hpp"

#include <charconv>
#include <cstdlib>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace core::oci {
namespace {

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

} // namespace

Result<void> tell_engine(const cli::Arguments &arguments, const sys::Child &child, Fd &console) {
    if (arguments.has("console-socket")) {
        // Go's receivers take the text for the file's name.
        CTR_TRY(send_to(arguments.one("console-socket"), console.get(), "/dev/ptmx").in("--console-socket"));
        console.reset();
    }
    if (arguments.has("pidfd-socket"))
        CTR_TRY(send_to(arguments.one("pidfd-socket"), child.pidfd.get(), "pidfd").in("--pidfd-socket"));
    if (arguments.has("pid-file"))
        CTR_TRY(sys::replace_file(arguments.one("pid-file"), std::to_string(child.pid), 0644).in("--pid-file"));
    return {};
}

bool nothing_to_tell(const cli::Arguments &arguments) {
    return !arguments.has("console-socket") && !arguments.has("pidfd-socket") && !arguments.has("pid-file");
}

Result<void> check_console(const cli::Arguments &arguments, bool terminal, bool stays) {
    const bool socket = arguments.has("console-socket");
    if (terminal && !stays && !socket)
        return invalid("/process/terminal",
                       "cannot allocate tty if "
                       "the command detaches without setting console socket",
                       "give --console-socket, or set /process/terminal to false");
    if (socket && !terminal)
        return invalid("--console-socket", "cannot use console socket if no terminal is allocated",
                       "set /process/terminal to true (exec: --tty)");
    return {};
}

Result<unsigned> passed_fds(const cli::Arguments &arguments, Json &process) {
    constexpr unsigned most = 4096;
    unsigned listening = 0;
    if (const char *text = std::getenv("LISTEN_FDS"); text != nullptr) listening = number(text, most).value_or(0);
    const auto more = number(arguments.one("preserve-fds", "0"), most);
    if (!more) return invalid("--preserve-fds " + arguments.one("preserve-fds"), "expected a number from 0 to 4096");
    for (unsigned fd = 3; fd < 3 + listening + *more; ++fd)
        if (::fcntl(static_cast<int>(fd), F_GETFD) < 0)
            return invalid("--preserve-fds " + arguments.one("preserve-fds", "0"),
                           "file descriptor " + std::to_string(fd) + " is not open", "open it before the call");
    if (listening > 0) {
        process["env"].push_back("LISTEN_FDS=" + std::to_string(listening));
        process["env"].push_back("LISTEN_PID=1");
    }
    return listening + *more;
}

} // namespace core::oci
