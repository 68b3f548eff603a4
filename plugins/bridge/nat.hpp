// SPDX-License-Identifier: MIT
//
// NAT for what leaves the subnet: one nft table a bridge, with the owner's mark as its comment.
#pragma once

#include "problem.hpp"
#include "subnet.hpp"

#include <string>

namespace bridge {

enum class Table { missing, ours, foreign };

/// One netlink round trip. "ours": its comment has `mark`.
Problem find_table(const std::string &name, const std::string &mark, Table &out);
/// By libnftables, loaded only now.
Problem make_table(const std::string &name, const std::string &mark, const std::string &bridge, const Subnet &subnet);
/// Success if it is not there.
Problem delete_table(const std::string &name);
/// The table in nft's language: what make_table() runs, and what the script prints.
std::string table_text(const std::string &name, const std::string &mark, const std::string &bridge,
                       const Subnet &subnet);

/// Lets the machine route between its interfaces (net.ipv4.ip_forward of the namespace we are in).
Problem allow_forwarding();

} // namespace bridge
