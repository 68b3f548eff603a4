// SPDX-License-Identifier: MIT
//
// The machine's netfilter rules for a bridge: one nft table, whose comment tells its owner and has a sum of its rules.
//
// The table does NAT for packets that leave the subnet, and it isolates. Isolation is needed because NAT needs routing,
// and a machine that routes does so for everybody: a neighbour who sends packets for the subnet to the machine would
// reach each port of each container, published or not. So packets from elsewhere (neither from the bridge nor from the
// machine itself) are dropped in
//
//     prerouting   if it is for an address of the subnet, the bridge's own included. Here the address is still the one
//                  that the sender wrote: what the administrator redirects to a container (DNAT comes later) is not
//                  meant, answers to what left by NAT neither
//     forward      if it is about to leave by the bridge, whatever its address: IPv6, routes of other people's
//
// unless it belongs to a connection that was made from the other side.
#pragma once

#include "subnet.hpp"

#include <ctr/cpp/result.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace bridge {

/// What a bridge's table says.
struct Rules {
    std::string bridge;
    Subnet subnet;
    bool nat = true;
    bool isolate = true;

    bool any() const { return nat || isolate; }
    /// The chains, in nft's language.
    std::string body() const;
    /// The owner's mark and a sum of the rules: a table with other rules has another comment.
    std::string comment(const std::string &mark) const;
};

/// One netlink round trip. The comment of the table: "" if it has none; nothing if there is no such table.
ctr::Result<std::optional<std::string>> find_table(const std::string &name);
/// The comment in the attribute NFTA_TABLE_USERDATA; "" if there is none.
std::string comment_in(std::string_view userdata);
/// Makes the table, or replaces an older one, by libnftables, which is loaded only now.
ctr::Result<> make_table(const std::string &name, const std::string &mark, const Rules &rules);
/// Success if it is not there.
ctr::Result<> delete_table(const std::string &name);
/// The table in nft's language: what make_table() runs, and what the script prints.
std::string table_text(const std::string &name, const std::string &mark, const Rules &rules);

/// Lets the machine route between its interfaces (net.ipv4.ip_forward of the namespace we are in).
ctr::Result<> allow_forwarding();

} // namespace bridge
