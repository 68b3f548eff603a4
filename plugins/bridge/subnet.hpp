// SPDX-License-Identifier: MIT
//
// IPv4 subnet arithmetic and the choice of an address: pure, without the host or the kernel.
#pragma once

#include <cstdint>
#include <ctr/cpp/result.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bridge {

/// An IPv4 address in host byte order, so that arithmetic and comparison mean what they say.
using Address = std::uint32_t;

std::optional<Address> parse_address(std::string_view text);
std::string format(Address address);

/// A subnet and the address in it that the bridge itself has.
struct Subnet {
    Address network = 0;
    int prefix = 0;
    Address gateway = 0;

    Address mask() const { return prefix == 0 ? 0 : ~Address{0} << (32 - prefix); }
    Address broadcast() const { return network | ~mask(); }
    bool contains(Address address) const { return (address & mask()) == network; }
    bool overlaps(const Subnet &other) const { return contains(other.network) || other.contains(network); }
    /// An address that a container may have: not the network's own, the broadcast's or the gateway's.
    bool usable(Address address) const {
        return contains(address) && address != network && address != broadcast() && address != gateway;
    }
    std::string text() const;         ///< "10.129.0.0/16"
    std::string gateway_text() const; ///< "10.129.0.1/16"
};

/// Reads /bridge/subnet of the config, "10.129.0.0/16", and /bridge/gateway (empty: the first address).
ctr::Result<Subnet> parse_subnet(std::string_view subnet, std::string_view gateway);

/// The first free address for `id`, or nothing if the subnet is full. The search begins at a place that depends on the
/// id. So two containers rarely want the same address (and one system call takes a lease), the same container tends to
/// get the same address again, and an address that was just released is rarely used next. `used` is sorted.
std::optional<Address> choose_address(const Subnet &subnet, std::string_view id, const std::vector<Address> &used);

} // namespace bridge
