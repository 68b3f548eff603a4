// SPDX-License-Identifier: MIT
#include "netlink.hpp"

#include <cerrno>
#include <cstring>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

namespace netdevices {
namespace {

using ctr::Result;
using ctr::system_error;

template <typename Header> std::string request(int type, int flags, const Header &header) {
    nlmsghdr start{};
    start.nlmsg_type = static_cast<std::uint16_t>(type);
    start.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    std::string out(reinterpret_cast<const char *>(&start), sizeof start);
    out.append(reinterpret_cast<const char *>(&header), sizeof header);
    out.resize(NLMSG_ALIGN(out.size()));
    return out;
}

/// What follows the message's head.
template <typename Header> Header header_of(const nlmsghdr *message) {
    Header out{};
    std::memcpy(&out, reinterpret_cast<const char *>(message) + NLMSG_HDRLEN, sizeof out);
    return out;
}

void put(std::string &request, int type, const void *data, std::size_t size) {
    rtattr start{};
    start.rta_type = static_cast<std::uint16_t>(type);
    start.rta_len = static_cast<std::uint16_t>(RTA_LENGTH(size));
    request.append(reinterpret_cast<const char *>(&start), sizeof start);
    request.append(static_cast<const char *>(data), size);
    request.resize(NLMSG_ALIGN(request.size()));
}
void put(std::string &request, int type, const std::string &bytes) { put(request, type, bytes.data(), bytes.size()); }

/// Calls `each` with every attribute between the message's own header and its end.
template <typename Header, typename Each> void attributes(const nlmsghdr *message, Each each) {
    const std::size_t start = NLMSG_ALIGN(sizeof(nlmsghdr)) + NLMSG_ALIGN(sizeof(Header));
    const char *data = reinterpret_cast<const char *>(message);
    for (std::size_t at = start; at + sizeof(rtattr) <= message->nlmsg_len;) {
        rtattr head{};
        std::memcpy(&head, data + at, sizeof head);
        if (head.rta_len < sizeof head || at + head.rta_len > message->nlmsg_len) return;
        each(head.rta_type & NLA_TYPE_MASK, std::string(data + at + sizeof head, head.rta_len - sizeof head));
        at += RTA_ALIGN(head.rta_len);
    }
}

Address address_of(const nlmsghdr *message, const ifaddrmsg &header) {
    Address out;
    out.family = header.ifa_family;
    out.prefix = header.ifa_prefixlen;
    out.flags = header.ifa_flags;
    attributes<ifaddrmsg>(message, [&out](int type, const std::string &bytes) {
        if (type == IFA_LOCAL) out.local = bytes;
        if (type == IFA_ADDRESS) out.peer = bytes;
        if (type == IFA_BROADCAST) out.broadcast = bytes;
        if (type == IFA_FLAGS && bytes.size() == sizeof out.flags) std::memcpy(&out.flags, bytes.data(), bytes.size());
    });
    return out;
}

} // namespace

Result<Netlink> Netlink::open() {
    Netlink out;
    out.socket_.reset(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    if (!out.socket_.valid()) return system_error("socket(AF_NETLINK)");
    return out;
}

/// Sends one request and reads to its end, an acknowledgement or that of a list.
template <typename Found> Result<> Netlink::talk(const char *what, std::string &request, Found found) {
    nlmsghdr start{};
    std::memcpy(&start, request.data(), sizeof start);
    start.nlmsg_len = static_cast<std::uint32_t>(request.size());
    start.nlmsg_seq = ++sequence_;
    std::memcpy(request.data(), &start, sizeof start);
    if (::send(socket_.get(), request.data(), request.size(), 0) < 0) return system_error(what);
    alignas(nlmsghdr) static char buffer[65536];
    for (;;) {
        const ssize_t got = ::recv(socket_.get(), buffer, sizeof buffer, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_error(what);
        auto left = static_cast<unsigned>(got);
        for (auto *message = reinterpret_cast<nlmsghdr *>(buffer); NLMSG_OK(message, left);
             message = NLMSG_NEXT(message, left)) {
            if (message->nlmsg_seq != sequence_) continue;
            if (message->nlmsg_type == NLMSG_DONE) return {};
            if (message->nlmsg_type != NLMSG_ERROR) {
                found(message);
                continue;
            }
            const int error = header_of<nlmsgerr>(message).error;
            return error == 0 ? Result<>() : ctr::Error{.errno_value = -error, .syscall = what};
        }
    }
}

Result<int> Netlink::index_of(const std::string &name) {
    std::string query = request(RTM_GETLINK, NLM_F_ACK, ifinfomsg{});
    put(query, IFLA_IFNAME, name.c_str(), name.size() + 1);
    int index = 0;
    const auto done =
        talk("RTM_GETLINK", query, [&](const nlmsghdr *message) { index = header_of<ifinfomsg>(message).ifi_index; });
    if (!done.ok() && done.error().errno_value != ENODEV) return done.error();
    return index;
}

Result<std::vector<Address>> Netlink::addresses(int index) {
    std::vector<Address> all;
    std::string query = request(RTM_GETADDR, NLM_F_DUMP, ifaddrmsg{});
    CTR_TRY(talk("RTM_GETADDR", query, [&](const nlmsghdr *message) {
        const auto header = header_of<ifaddrmsg>(message);
        if (static_cast<int>(header.ifa_index) != index || header.ifa_scope != RT_SCOPE_UNIVERSE) return;
        const Address address = address_of(message, header);
        if ((address.flags & IFA_F_PERMANENT) != 0) all.push_back(address);
    }));
    return all;
}

Result<> Netlink::move(int index, int namespace_fd, const std::string &name) {
    ifinfomsg link{};
    link.ifi_index = index;
    std::string change = request(RTM_NEWLINK, NLM_F_ACK, link);
    put(change, IFLA_NET_NS_FD, &namespace_fd, sizeof namespace_fd);
    put(change, IFLA_IFNAME, name.c_str(), name.size() + 1);
    return talk("RTM_NEWLINK", change, [](const nlmsghdr *) {});
}

Result<> Netlink::set_up(int index) {
    ifinfomsg link{};
    link.ifi_index = index;
    link.ifi_flags = link.ifi_change = IFF_UP;
    std::string change = request(RTM_NEWLINK, NLM_F_ACK, link);
    return talk("RTM_NEWLINK", change, [](const nlmsghdr *) {});
}

Result<> Netlink::add_address(int index, const Address &address) {
    ifaddrmsg header{};
    header.ifa_family = address.family;
    header.ifa_prefixlen = address.prefix;
    header.ifa_index = static_cast<std::uint32_t>(index);
    std::string change = request(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, header);
    if (!address.local.empty()) put(change, IFA_LOCAL, address.local);
    if (!address.peer.empty()) put(change, IFA_ADDRESS, address.peer);
    if (!address.broadcast.empty()) put(change, IFA_BROADCAST, address.broadcast);
    // Flags that only the kernel sets (tentative, secondary, permanent) are left out.
    const std::uint32_t flags = address.flags & (IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR |
                                                 IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN);
    put(change, IFA_FLAGS, &flags, sizeof flags);
    return talk("RTM_NEWADDR", change, [](const nlmsghdr *) {});
}

} // namespace netdevices
