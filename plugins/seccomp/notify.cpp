// SPDX-License-Identifier: MIT
//
// How the descriptor gets out of a process whose own filter may already forbid it to send one. Before the filter is
// loaded the child makes a socket pair and gives one end to the parent (seccomp.channel). seccomp.load writes the
// descriptor's number into its end and waits. seccomp.notify takes the descriptor by pidfd_getfd(2), hands it to the
// supervisor, and lets the child go on. So the child needs no system call but read and write in between, and the
// program never runs without its supervisor.
#include "notify.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctr/cpp/fd.hpp>
#include <ctr/cpp/text.hpp>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

namespace seccomp {
namespace {

using ctr::Fd;
using ctr::Node;
using ctr::Plan;
using ctr::Run;

std::string member(const char *name, const std::string &value) {
    return ctr::json_string(name) + ":" + ctr::json_string(value);
}

std::string annotations(Node map) {
    std::string out;
    for (std::size_t i = 0; i < map.size(); ++i)
        out += (out.empty() ? "" : ",") + ctr::json_string(map.key(i)) + ":" + ctr::json_string(map.at(i).str());
    return "{" + out + "}";
}

/// The directory that a root file system is in.
std::string parent_of(const std::string &path) { return path.substr(0, path.find_last_of('/')); }

/// The JSON text of the container process state, split where the process's id must be inserted.
std::vector<std::string> state_pieces(Plan plan) {
    const bool exec = plan.operation() == CTR_OP_EXEC;
    const std::string version = plan.spec("/ociVersion").str("1.3.0");
    std::string bundle = plan.spec("/ctr/bundle").str();
    if (bundle.empty()) bundle = parent_of(plan.spec("/root/path").str());
    const std::string metadata = plan.spec("/linux/seccomp/listenerMetadata").str();

    std::vector<std::string> pieces = {"{" + member("ociVersion", version) + ",\"fds\":[\"seccompFd\"],\"pid\":"};
    std::string state = (metadata.empty() ? "" : "," + member("metadata", metadata)) + ",\"state\":{" +
                        member("ociVersion", version) + "," + member("id", plan.id()) + "," +
                        member("status", exec ? "running" : "created") + ",\"pid\":";
    const std::string end =
        "," + member("bundle", bundle) + ",\"annotations\":" + annotations(plan.spec("/annotations")) + "}}";
    if (exec) {
        pieces.push_back(state + std::to_string(plan.spec("/ctr/container/pid").integer(0)) + end);
    } else {
        pieces.push_back(state);
        pieces.push_back(end);
    }
    return pieces;
}

/// The process that made the pair, as this one sees it.
int peer_pid(int socket) {
    ucred who{};
    socklen_t size = sizeof who;
    return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 ? who.pid : -1;
}

ssize_t read_number(int socket, int &number) {
    ssize_t got = 0;
    do
        got = ::recv(socket, &number, sizeof number, MSG_WAITALL);
    while (got < 0 && errno == EINTR);
    return got;
}

/// The descriptor is sent with the first byte.
bool send_all(int socket, const std::string &text, int fd) {
    iovec piece = {const_cast<char *>(text.data()), text.size()};
    alignas(cmsghdr) char room[CMSG_SPACE(sizeof fd)] = {};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = room;
    message.msg_controllen = sizeof room;
    cmsghdr *rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(rights), &fd, sizeof fd);
    for (;;) {
        const ssize_t sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) return false;
        piece.iov_base = static_cast<char *>(piece.iov_base) + sent;
        piece.iov_len -= static_cast<std::size_t>(sent);
        if (piece.iov_len == 0) return true;
        message.msg_control = nullptr;
        message.msg_controllen = 0;
    }
}

int hand_over(Run run, int listener, int pid) {
    const std::string path = run.str("path");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return errno = ENAMETOOLONG, run.fail("connect", path);
    std::memcpy(address.sun_path, path.c_str(), path.size());
    const Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (socket.get() < 0) return run.fail("socket", path);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0)
        return run.fail("connect", path, "the supervisor of SCMP_ACT_NOTIFY must listen at listenerPath");
    std::string state;
    for (std::size_t i = 0; i < run.count("state"); ++i)
        state += (i == 0 ? "" : std::to_string(pid)) + run.str("state", i);
    return send_all(socket.get(), state, listener) ? 0 : run.fail("sendmsg", path);
}

} // namespace

int plan_notify(Plan plan, const std::vector<std::string> &after) {
    ctr::Step channel = plan.step("seccomp.channel", CTR_CONFINE);
    for (const auto &token : after)
        channel.after(token);
    if (channel.output("peer", CTR_TYPE_FD, "seccomp.peer").note("on it the filter's descriptor is announced").add() !=
        0)
        return -1;
    return plan.step("seccomp.notify", CTR_CONFINE)
        .value("peer", "seccomp.peer")
        .arg("path", plan.spec("/linux/seccomp/listenerPath").str())
        .args("state", state_pieces(plan))
        .note("the supervisor gets the descriptor; the process's id stands between the pieces of state")
        .add();
}

int notify_step(Run run) {
    const int peer = run.fd("peer"), pid = peer_pid(peer);
    int number = -1;
    const ssize_t got = pid < 0 ? -1 : read_number(peer, number);
    if (got < 0) return run.fail("recv", "seccomp listener");
    if (got != static_cast<ssize_t>(sizeof number))
        return run.fail({.error_class = CTR_E_SYSTEM,
                         .message = "the process ended before its filter was there",
                         .path = "seccomp listener"});
    const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (process.get() < 0) return run.fail("pidfd_open", std::to_string(pid));
    const Fd listener(static_cast<int>(::syscall(SYS_pidfd_getfd, process.get(), number, 0)));
    if (listener.get() < 0)
        return run.fail("pidfd_getfd", "seccomp listener",
                        errno == EPERM ? "needs CAP_SYS_PTRACE over the container's process" : "");
    if (hand_over(run, listener.get(), pid) != 0) return -1;
    const char done = 1;
    return ::send(peer, &done, sizeof done, MSG_NOSIGNAL) == sizeof done ? 0 : run.fail("send", "seccomp listener");
}

int notify_in_shell(Run run, ctr::Shell shell) {
    return shell.text("# A supervisor at " + run.str("path") + " would get the filter's descriptor (SCM_RIGHTS).");
}

int channel_in_shell(Run, ctr::Shell shell) { return shell.text("# a socket pair, for the filter's descriptor"); }

} // namespace seccomp
