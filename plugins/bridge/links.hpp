// SPDX-License-Identifier: MIT
//
// The driver's rtnetlink requests: bridges, veth pairs, addresses, routes.
#pragma once

#include "netlink.hpp"
#include "subnet.hpp"

#include <optional>
#include <string>

namespace bridge {

struct Link {
    int index = 0;
    bool up = false;
    int mtu = 0;
    std::string kind; ///< "bridge", "veth"; empty for a physical one
    std::string alias;
    int peer_namespace = -1; ///< the id of the namespace where the other end of a pair lives, -1 if it has none
};

/// Nothing if there is no such link.
ctr::Result<std::optional<Link>> find_link(Netlink &netlink, const std::string &name);

/// Index, up and MTU only, by ioctl: this does not need the RTNL lock, for which find_link() may wait many milliseconds
/// while the kernel deletes a namespace's interfaces. Nothing if there is no such link.
std::optional<Link> glance_at_link(const std::string &name);

/// Makes a bridge, brings it up and adds the gateway's address. The alias is set last, so a bridge with the alias is
/// complete.
ctr::Result<> make_bridge(Netlink &netlink, const std::string &name, const Subnet &subnet, int mtu,
                          const std::string &alias);

ctr::Result<> bring_up(Netlink &netlink, int index, const std::string &name);

/// Success if it is not there.
ctr::Result<> delete_link(Netlink &netlink, const std::string &name);

/// Takes the link off its bridge and down. Success if it is not there.
ctr::Result<> unplug_link(Netlink &netlink, int index, const std::string &name);

/// True if the link has exactly this address.
ctr::Result<bool> has_address(Netlink &netlink, int index, const Subnet &subnet);

/// The name of an interface (other than `except`) whose own subnet overlaps; empty if there is none.
ctr::Result<std::string> find_overlap(Netlink &netlink, const Subnet &subnet, const std::string &except);

/// The MTU of the interface that the default route leaves by; 0 if there is none.
ctr::Result<int> default_route_mtu(Netlink &netlink);

struct VethPair {
    std::string name; ///< the machine's end
    int bridge = 0;   ///< index of its master
    int mtu = 0;
    std::string peer; ///< the container's end
    std::string peer_hardware_address;
    int peer_pid = 0; ///< a process in the container's namespace
};

/// One request: the pair, its other end made inside the other namespace. (Made here and moved, it would cost RCU grace
/// periods: 29 ms against 0.5.)
Message veth_message(const VethPair &pair);

/// In the container's namespace, in one batch: lo up, the interface up, its address, the default route.
ctr::Result<> configure_inside(Netlink &netlink, const std::string &name, Address address, const Subnet &subnet);

/// The id by which this namespace knows that of process `pid` (it has one as soon as a pair leads there); -1 if it has
/// none.
ctr::Result<int> namespace_id(Netlink &netlink, int pid);

/// False if nothing holds the namespace with this id any more, so that the kernel is about to delete its interfaces.
ctr::Result<bool> namespace_is_held(Netlink &netlink, int id);

} // namespace bridge
