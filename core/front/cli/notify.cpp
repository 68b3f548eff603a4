// SPDX-License-Identifier: MIT
#include "front/cli/notify.hpp"

#include "container/journal.hpp"
#include "sys/files.hpp"
#include "sys/process.hpp"
#include "sys/socket.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <linux/close_range.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

namespace core::cli {
namespace {

constexpr const char *variable = "NOTIFY_SOCKET", *inside = "/run/notify", *name = "/notify.sock",
                     *directory_name = "notify";

/// The caller's socket: a path, or an abstract name behind an "@". Empty if it is not usable.
std::string socket_of_caller() {
    const char *text = std::getenv(variable);
    const bool good = text != nullptr && (*text == '/' || *text == '@') && text[1] != '\0' &&
                      std::strlen(text) < sizeof sockaddr_un{}.sun_path;
    return good ? text : "";
}

bool is_variable(const Json &entry) { return entry.get_ref<const std::string &>().rfind("NOTIFY_SOCKET=", 0) == 0; }

/// True for the assignments of sd_notify(3) that say something about the program itself. MAINPID is not passed on,
/// because it is a pid in the container, nor what comes with descriptors (FDSTORE, BARRIER).
bool may_pass(std::string_view line) {
    for (const std::string_view key :
         {"READY=", "RELOADING=", "STOPPING=", "STATUS=", "ERRNO=", "BUSERROR=", "EXIT_STATUS=", "MONOTONIC_USEC=",
          "WATCHDOG=", "WATCHDOG_USEC=", "EXTEND_TIMEOUT_USEC="})
        if (line.substr(0, key.size()) == key)
            return std::none_of(line.begin(), line.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
    return false;
}

std::string passing_lines(std::string_view text, bool &ready) {
    std::string out;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (!may_pass(line)) continue;
        ready = ready || line == "READY=1";
        out += std::string(line) + "\n";
    }
    return out;
}

} // namespace

bool wants_notify(const Json &spec) {
    if (socket_of_caller().empty()) return false;
    const Json env = spec.value("/process/env"_json_pointer, Json::array());
    return std::none_of(env.begin(), env.end(), is_variable);
}

std::string notify_directory(const container::Engine &engine, const std::string &id) {
    return container::files_of(engine.journal_of(id)) + "/" + directory_name;
}

void add_notify(const container::Engine &engine, container::CreateRequest &request) {
    request.directory = directory_name;
    request.open_ahead = false; // we must listen before the program can speak
    request.spec["mounts"].push_back({{"destination", inside},
                                      {"type", "bind"},
                                      {"source", notify_directory(engine, request.id)},
                                      {"options", {"bind", "ro", "nosuid", "nodev", "noexec"}}});
    request.spec["process"]["env"].push_back(std::string(variable) + "=" + inside + name);
}

Result<Notify> Notify::listen(const std::string &directory) {
    Notify out;
    const std::string path = directory + name;
    ::unlink(path.c_str());
    CTR_ASSIGN(out.socket_, sys::bind_datagrams(path));
    if (::chmod(path.c_str(), 0777) != 0) return system_error("chmod", path); // the program may run as any user
    return out;
}

void Notify::send(const std::string &text, int as_pid) const {
    const std::string address = socket_of_caller();
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    std::memcpy(to.sun_path, address.data(), address.size());
    if (to.sun_path[0] == '@') to.sun_path[0] = '\0';
    const Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const timeval limit = {1, 0}; // a manager that does not read must not block us
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    iovec data = {const_cast<char *>(text.data()), text.size()};
    msghdr message{};
    message.msg_name = &to;
    message.msg_namelen = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    // A manager accepts messages only from its service's main process, which is now the container's first process.
    alignas(cmsghdr) char room[CMSG_SPACE(sizeof(ucred))] = {};
    if (as_pid > 0) {
        message.msg_control = room;
        message.msg_controllen = sizeof room;
        cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_CREDENTIALS;
        header->cmsg_len = CMSG_LEN(sizeof(ucred));
        const ucred who = {as_pid, ::getuid(), ::getgid()};
        std::memcpy(CMSG_DATA(header), &who, sizeof who);
    }
    if (::sendmsg(socket.get(), &message, MSG_NOSIGNAL) >= 0 || as_pid <= 0) return;
    message.msg_control = nullptr;
    message.msg_controllen = 0;
    static_cast<void>(::sendmsg(socket.get(), &message, MSG_NOSIGNAL)); // not root, or it has just ended
}

void Notify::pass_on(int pid) {
    char text[4096];
    for (ssize_t n; (n = ::recv(socket_.get(), text, sizeof text, MSG_DONTWAIT)) >= 0;) {
        bool ready = false;
        const std::string lines = passing_lines({text, static_cast<std::size_t>(n)}, ready);
        if (!lines.empty()) send(lines, ready_ ? pid : 0);
        if (!ready || ready_) continue;
        ready_ = true;
        send("MAINPID=" + std::to_string(pid) + "\n", 0);
    }
}

void Notify::until_ready(int pid, int pidfd, sys::Interruption &interruption) {
    while (!ready_) {
        pollfd polled[] = {{socket_.get(), POLLIN, 0}, {pidfd, POLLIN, 0}, {interruption.fd(), POLLIN, 0}};
        if (::poll(polled, 3, -1) < 0 && errno != EINTR) return;
        pass_on(pid);
        if (polled[1].revents != 0 || (polled[2].revents != 0 && interruption.take())) return;
    }
}

Result<void> Notify::stay(int pid, int pidfd) {
    auto forked = sys::fork_process([&] {
        // This process lives alone: it keeps no terminal, no pipes of others and only two descriptors.
        ::setsid();
        if (::chdir("/") != 0) return 1;
        const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
        for (int fd = 0; fd < 3; ++fd)
            if (null < 0 || ::dup2(null, fd) < 0) return 1;
        const int socket = ::fcntl(socket_.get(), F_DUPFD_CLOEXEC, 100), process = ::fcntl(pidfd, F_DUPFD_CLOEXEC, 100);
        if (socket < 100 || process < 100) return 1;
        const auto low = static_cast<unsigned>(std::min(socket, process)),
                   high = static_cast<unsigned>(std::max(socket, process));
        ::syscall(SYS_close_range, 3U, low - 1, 0U);
        if (high > low + 1) ::syscall(SYS_close_range, low + 1, high - 1, 0U);
        ::syscall(SYS_close_range, high + 1, ~0U, 0U);
        static_cast<void>(socket_.release());
        socket_.reset(socket);
        sigset_t none;
        ::sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        for (bool alive = true; alive;) {
            pollfd polled[] = {{socket, POLLIN, 0}, {process, POLLIN, 0}};
            if (::poll(polled, 2, -1) < 0 && errno != EINTR) return 1;
            alive = polled[1].revents == 0;
            pass_on(pid);
        }
        return 0;
    });
    return forked.ok() ? Result<void>() : Result<void>(std::move(forked).error());
}

} // namespace core::cli
