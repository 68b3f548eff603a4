// SPDX-License-Identifier: MIT
#include "links.hpp"

#include "files.hpp"
#include "names.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <ctr/cpp/fd.hpp>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace bridge {
namespace {

using ctr::Fd;
using ctr::Result;

constexpr int create = NLM_F_CREATE | NLM_F_EXCL;

template <typename Header> int attribute_bytes(nlmsghdr *h) { return nlmsg_attrlen(h, sizeof(Header)); }

template <typename Header> const nlattr *find_attribute(nlmsghdr *h, int type) {
    return nla_find(nlmsg_attrdata(h, sizeof(Header)), attribute_bytes<Header>(h), type);
}

ifinfomsg link_header(int index, bool up) {
    ifinfomsg header{};
    header.ifi_index = index;
    if (up) header.ifi_flags = header.ifi_change = IFF_UP;
    return header;
}

Link read_link(nlmsghdr *h) {
    Link link;
    const auto *header = static_cast<const ifinfomsg *>(nlmsg_data(h));
    link.index = header->ifi_index;
    link.up = (header->ifi_flags & IFF_UP) != 0;
    if (const nlattr *a = find_attribute<ifinfomsg>(h, IFLA_MTU)) link.mtu = static_cast<int>(nla_get_u32(a));
    if (const nlattr *a = find_attribute<ifinfomsg>(h, IFLA_IFALIAS)) link.alias = nla_get_string(a);
    if (const nlattr *a = find_attribute<ifinfomsg>(h, IFLA_LINK_NETNSID)) link.peer_namespace = nla_get_s32(a);
    if (const nlattr *info = find_attribute<ifinfomsg>(h, IFLA_LINKINFO))
        if (const nlattr *kind = nla_find(static_cast<const nlattr *>(nla_data(info)), nla_len(info), IFLA_INFO_KIND))
            link.kind = nla_get_string(kind);
    return link;
}

Message link_query(int index, const std::string &what) {
    Message query(RTM_GETLINK, 0, what);
    query.header(link_header(index, false)).put(IFLA_EXT_MASK, std::uint32_t{RTEXT_FILTER_SKIP_STATS});
    return query;
}

Message address_message(int index, Address address, const Subnet &subnet) {
    ifaddrmsg header{};
    header.ifa_family = AF_INET;
    header.ifa_prefixlen = static_cast<std::uint8_t>(subnet.prefix);
    header.ifa_index = static_cast<std::uint32_t>(index);
    Message message(RTM_NEWADDR, create, "give the address " + format(address));
    message.header(header)
        .put(IFA_LOCAL, htonl(address))
        .put(IFA_ADDRESS, htonl(address))
        .put(IFA_BROADCAST, htonl(subnet.broadcast()));
    return message;
}

Message default_route_message(int index, Address gateway) {
    rtmsg header{};
    header.rtm_family = AF_INET;
    header.rtm_table = RT_TABLE_MAIN;
    header.rtm_protocol = RTPROT_BOOT;
    header.rtm_scope = RT_SCOPE_UNIVERSE;
    header.rtm_type = RTN_UNICAST;
    Message message(RTM_NEWROUTE, create, "add the default route by " + format(gateway));
    message.header(header).put(RTA_GATEWAY, htonl(gateway)).put(RTA_OIF, static_cast<std::uint32_t>(index));
    return message;
}

void put_hardware_address(Message &message, const std::string &text) {
    ether_addr hardware{};
    if (ether_aton_r(text.c_str(), &hardware) != nullptr) message.put_data(IFLA_ADDRESS, &hardware, sizeof hardware);
}

Message up_message(int index, const std::string &name) {
    Message message(RTM_SETLINK, 0, "bring up " + name);
    message.header(link_header(index, true));
    return message;
}

/// Calls `found(interface index, its subnet)` for each IPv4 address in the namespace.
Result<> each_address(Netlink &netlink, const std::function<void(int, Address, const Subnet &)> &found) {
    Message query(RTM_GETADDR, NLM_F_DUMP, "list addresses");
    ifaddrmsg header{};
    header.ifa_family = AF_INET;
    query.header(header);
    return netlink.ask(std::move(query), 0, [&](nlmsghdr *h) {
        const auto *data = static_cast<const ifaddrmsg *>(nlmsg_data(h));
        const nlattr *local = find_attribute<ifaddrmsg>(h, IFA_LOCAL);
        if (local == nullptr || data->ifa_family != AF_INET) return;
        const Address address = ntohl(nla_get_u32(local));
        Subnet subnet{0, data->ifa_prefixlen, address};
        subnet.network = address & subnet.mask();
        found(static_cast<int>(data->ifa_index), address, subnet);
    });
}

} // namespace

Result<std::optional<Link>> find_link(Netlink &netlink, const std::string &name) {
    std::optional<Link> out;
    Message query = link_query(0, "look for " + name);
    query.put(IFLA_IFNAME, name);
    CTR_TRY(netlink.ask(std::move(query), ENODEV, [&](nlmsghdr *h) { out = read_link(h); }));
    return out;
}

std::optional<Link> glance_at_link(const std::string &name) {
    Link out;
    const Fd any(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    name.copy(request.ifr_name, IFNAMSIZ - 1);
    if (ioctl(any.get(), SIOCGIFINDEX, &request) != 0) return std::nullopt;
    out.index = request.ifr_ifindex;
    if (ioctl(any.get(), SIOCGIFMTU, &request) != 0) return std::nullopt;
    out.mtu = request.ifr_mtu;
    if (ioctl(any.get(), SIOCGIFFLAGS, &request) != 0) return std::nullopt;
    out.up = (request.ifr_flags & IFF_UP) != 0;
    return out;
}

Result<> make_bridge(Netlink &netlink, const std::string &name, const Subnet &subnet, int mtu,
                     const std::string &alias) {
    Message link(RTM_NEWLINK, create, "make the bridge " + name);
    link.header(link_header(0, true)).put(IFLA_IFNAME, name);
    if (mtu != 0) link.put(IFLA_MTU, static_cast<std::uint32_t>(mtu));
    // A bridge without its own hardware address takes the lowest of its ports, and changes it when that container ends.
    put_hardware_address(link, hardware_address(subnet.gateway));
    link.nest(IFLA_LINKINFO, [](Message &m) { m.put(IFLA_INFO_KIND, "bridge"); });
    CTR_TRY(netlink.send(std::move(link)));
    const int index = netlink.index_of(name);
    std::vector<Message> batch;
    batch.push_back(address_message(index, subnet.gateway, subnet));
    batch.emplace_back(RTM_SETLINK, 0, "mark the bridge " + name);
    batch.back().header(link_header(index, false)).put(IFLA_IFALIAS, alias);
    return netlink.send(batch);
}

Result<> bring_up(Netlink &netlink, int index, const std::string &name) {
    return netlink.send(up_message(index, name));
}

Result<> delete_link(Netlink &netlink, const std::string &name) {
    Message message(RTM_DELLINK, 0, "delete " + name);
    message.header(link_header(0, false)).put(IFLA_IFNAME, name);
    auto done = netlink.send(std::move(message));
    return !done.ok() && done.error().errno_value == ENODEV ? Result<>() : done;
}

Result<> unplug_link(Netlink &netlink, int index, const std::string &name) {
    Message message(RTM_SETLINK, 0, "unplug " + name);
    ifinfomsg header = link_header(index, false);
    header.ifi_change = IFF_UP;
    message.header(header).put(IFLA_MASTER, std::uint32_t{0});
    auto done = netlink.send(std::move(message));
    return !done.ok() && done.error().errno_value == ENODEV ? Result<>() : done;
}

Result<bool> has_address(Netlink &netlink, int index, const Subnet &subnet) {
    bool found = false;
    CTR_TRY(each_address(netlink, [&](int on, Address address, const Subnet &its) {
        found = found || (on == index && address == subnet.gateway && its.prefix == subnet.prefix);
    }));
    return found;
}

Result<std::string> find_overlap(Netlink &netlink, const Subnet &subnet, const std::string &except) {
    int index = 0;
    const int own = netlink.index_of(except);
    CTR_TRY(each_address(netlink, [&](int on, Address, const Subnet &its) {
        if (on != own && subnet.overlaps(its)) index = on;
    }));
    std::array<char, IF_NAMESIZE> text{};
    if (index != 0) if_indextoname(static_cast<unsigned>(index), text.data());
    return std::string(text.data());
}

Result<int> default_route_mtu(Netlink &netlink) {
    int index = 0, mtu = 0;
    Message routes(RTM_GETROUTE, NLM_F_DUMP, "list routes");
    rtmsg header{};
    header.rtm_family = AF_INET;
    routes.header(header);
    CTR_TRY(netlink.ask(std::move(routes), 0, [&](nlmsghdr *h) {
        const auto *route = static_cast<const rtmsg *>(nlmsg_data(h));
        if (route->rtm_family != AF_INET || route->rtm_dst_len != 0 || route->rtm_table != RT_TABLE_MAIN || index != 0)
            return;
        if (const nlattr *out = find_attribute<rtmsg>(h, RTA_OIF)) index = static_cast<int>(nla_get_u32(out));
    }));
    if (index != 0)
        CTR_TRY(netlink.ask(link_query(index, "look at the default route's interface"), ENODEV,
                            [&](nlmsghdr *h) { mtu = read_link(h).mtu; }));
    return mtu;
}

Message veth_message(const VethPair &pair) {
    Message message(RTM_NEWLINK, create, "make the veth pair " + pair.name + " and " + pair.peer);
    message.header(link_header(0, true))
        .put(IFLA_IFNAME, pair.name)
        .put(IFLA_MTU, static_cast<std::uint32_t>(pair.mtu))
        .put(IFLA_MASTER, static_cast<std::uint32_t>(pair.bridge));
    const auto peer = [&pair](Message &m) {
        m.append(link_header(0, false)).put(IFLA_IFNAME, pair.peer).put(IFLA_MTU, static_cast<std::uint32_t>(pair.mtu));
        m.put(IFLA_NET_NS_PID, static_cast<std::uint32_t>(pair.peer_pid));
        put_hardware_address(m, pair.peer_hardware_address);
    };
    message.nest(IFLA_LINKINFO, [&peer](Message &info) {
        info.put(IFLA_INFO_KIND, "veth");
        info.nest(IFLA_INFO_DATA, [&peer](Message &data) { data.nest(VETH_INFO_PEER, peer); });
    });
    return message;
}

Result<> configure_inside(Netlink &netlink, const std::string &name, Address address, const Subnet &subnet) {
    const int index = netlink.index_of(name);
    std::vector<Message> batch;
    batch.push_back(up_message(1, "lo")); // LOOPBACK_IFINDEX: always 1
    batch.push_back(up_message(index, name));
    batch.push_back(address_message(index, address, subnet));
    batch.push_back(default_route_message(index, subnet.gateway));
    return netlink.send(batch);
}

// These two functions do not need the RTNL lock, which the kernel's worker holds for many milliseconds while it deletes
// interfaces.
Result<int> namespace_id(Netlink &netlink, int pid) {
    int id = -1;
    Message query(RTM_GETNSID, 0, "ask for the id of the container's network namespace");
    query.header(rtgenmsg{AF_UNSPEC}).put(NETNSA_PID, static_cast<std::uint32_t>(pid));
    CTR_TRY(netlink.ask(std::move(query), ENOENT, [&](nlmsghdr *h) {
        if (const nlattr *a = find_attribute<rtgenmsg>(h, NETNSA_NSID)) id = nla_get_s32(a);
    }));
    return id;
}

Result<bool> namespace_is_held(Netlink &netlink, int id) {
    bool held = false;
    // The kernel looks the id up and takes a reference. If the namespace is dying, it answers as if it did not know the
    // id.
    Message query(RTM_GETNSID, 0, "ask for the container's network namespace");
    query.header(rtgenmsg{AF_UNSPEC}).put(NETNSA_NSID, static_cast<std::uint32_t>(id));
    CTR_TRY(netlink.ask(std::move(query), ENOENT, [&](nlmsghdr *) { held = true; }));
    return held;
}

} // namespace bridge
