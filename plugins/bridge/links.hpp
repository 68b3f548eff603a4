// SPDX-License-Identifier: MIT
//
// What the driver says to rtnetlink: bridges, veth pairs, addresses, routes.
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

/// Empty `out` if there is no such link.
Problem find_link(Netlink &netlink, const std::string &name, std::optional<Link> &out);

/// Index, up and MTU only, by ioctl: answered without the RTNL lock, for which find_link() may wait many milliseconds
/// while the kernel deletes some namespace's interfaces. False if there is no such link.
bool glance_at_link(const std::string &name, Link &out);

/// Makes a bridge that is up and has the gateway's address, and only then gives it its alias: a bridge with the alias
/// is complete.
Problem make_bridge(Netlink &netlink, const std::string &name, const Subnet &subnet, int mtu, const std::string &alias);

Problem bring_up(Netlink &netlink, int index, const std::string &name);

/// Success if it is not there.
Problem delete_link(Netlink &netlink, const std::string &name);

/// Takes the link off its bridge and down. Success if it is not there.
Problem unplug_link(Netlink &netlink, int index, const std::string &name);

/// Whether the link has this very address.
Problem has_address(Netlink &netlink, int index, const Subnet &subnet, bool &found);

/// The name of an interface (other than `except`) whose own subnet overlaps; empty if there is none.
Problem find_overlap(Netlink &netlink, const Subnet &subnet, const std::string &except, std::string &name);

/// The MTU of the interface that the default route leaves by; 0 if there is none.
Problem default_route_mtu(Netlink &netlink, int &mtu);

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
Problem configure_inside(Netlink &netlink, const std::string &name, Address address, const Subnet &subnet);

/// The id by which this namespace knows that of process `pid` (it has one as soon as a pair leads there); -1 if it has
/// none.
Problem namespace_id(Netlink &netlink, int pid, int &id);

/// False if nothing holds the namespace with this id any more, so that the kernel is about to delete its interfaces.
Problem namespace_is_held(Netlink &netlink, int id, bool &held);

} // namespace bridge
