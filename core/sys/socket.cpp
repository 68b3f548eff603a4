// SPDX-License-Identifier: MIT
#include "sys/socket.hpp"

#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>

namespace core::sys {
namespace {

/// The address of a path. `directory` must stay open while the address is in use.
struct Address {
    sockaddr_un at{};
    Fd directory;
};

Result<Address> address_of(const std::string &path) {
    Address out;
    out.at.sun_family = AF_UNIX;
    std::string text = path;
    if (path.size() >= sizeof out.at.sun_path) {
        const auto slash = path.find_last_of('/');
        const std::string parent = slash == std::string::npos ? "." : path.substr(0, slash + 1);
        out.directory.reset(::open(parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
        if (!out.directory.valid()) return system_error("open", parent);
        text = "/proc/self/fd/" + std::to_string(out.directory.get()) + "/" + path.substr(slash + 1);
    }
    if (text.size() >= sizeof out.at.sun_path)
        return invalid(path, "its last part is longer than a socket's name can be", "use a shorter name");
    std::memcpy(out.at.sun_path, text.c_str(), text.size());
    return out;
}

Result<Fd> new_socket(int type) {
    Fd fd(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
    if (!fd.valid()) return system_error("socket");
    return fd;
}

const sockaddr *generic(const Address &address) { return reinterpret_cast<const sockaddr *>(&address.at); }

} // namespace

Result<Fd> listen_at(const std::string &path, int type) {
    CTR_ASSIGN(const Address address, address_of(path));
    CTR_ASSIGN(Fd fd, new_socket(type));
    if (::bind(fd.get(), generic(address), sizeof address.at) != 0) return system_error("bind", path);
    // Mode 0600 whatever the umask is, so that no other user can connect; nobody can connect before listen().
    if (::chmod(address.at.sun_path, 0600) != 0) return system_error("chmod", path);
    if (::listen(fd.get(), 4) != 0) return system_error("listen", path);
    return fd;
}

Result<Fd> bind_datagrams(const std::string &path) {
    CTR_ASSIGN(const Address address, address_of(path));
    CTR_ASSIGN(Fd fd, new_socket(SOCK_DGRAM));
    if (::bind(fd.get(), generic(address), sizeof address.at) != 0) return system_error("bind", path);
    return fd;
}

Result<Fd> connect_to(const std::string &path, int type) {
    CTR_ASSIGN(const Address address, address_of(path));
    CTR_ASSIGN(Fd fd, new_socket(type));
    if (::connect(fd.get(), generic(address), sizeof address.at) != 0) return system_error("connect", path);
    return fd;
}

Result<void> send_fd(int socket, int fd, const std::string &text, const std::string &path) {
    iovec data = {const_cast<char *>(text.data()), text.size()};
    alignas(cmsghdr) char room[CMSG_SPACE(sizeof fd)] = {};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = room;
    message.msg_controllen = sizeof room;
    cmsghdr *rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(rights), &fd, sizeof fd);
    ssize_t sent = -1;
    do
        sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0) return system_error("sendmsg", path);
    return {};
}

} // namespace core::sys
