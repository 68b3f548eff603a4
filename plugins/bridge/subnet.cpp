// SPDX-License-Identifier: MIT
#include "subnet.hpp"

#include "names.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>

namespace bridge {
namespace {

// A longer prefix has no room for the gateway and one container; a shorter one would cover much of the internet.
constexpr int shortest_prefix = 8;
constexpr int longest_prefix = 30;

constexpr const char *subnet_path = "/bridge/subnet", *gateway_path = "/bridge/gateway";

std::optional<int> parse_prefix(std::string_view text) {
    int prefix = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), prefix);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return prefix;
}

/// Addresses that no interface of a private network may have.
bool is_special(Address network) {
    const Address first = network >> 24;
    return first == 0 || first == 127 || first >= 224;
}

} // namespace

std::optional<Address> parse_address(std::string_view text) {
    in_addr address{};
    if (inet_pton(AF_INET, std::string(text).c_str(), &address) != 1) return std::nullopt;
    return ntohl(address.s_addr);
}

std::string format(Address address) {
    std::string text;
    for (int shift = 24; shift >= 0; shift -= 8) {
        text += std::to_string((address >> shift) & 255);
        if (shift != 0) text += '.';
    }
    return text;
}

std::string Subnet::text() const { return format(network) + "/" + std::to_string(prefix); }
std::string Subnet::gateway_text() const { return format(gateway) + "/" + std::to_string(prefix); }

ctr::Result<Subnet> parse_subnet(std::string_view subnet, std::string_view gateway) {
    const std::string quoted = "\"" + std::string(subnet) + "\"";
    const std::size_t slash = subnet.find('/');
    const auto network = parse_address(subnet.substr(0, slash));
    const auto prefix = slash == std::string_view::npos ? std::nullopt : parse_prefix(subnet.substr(slash + 1));
    if (!network || !prefix)
        return ctr::invalid(subnet_path, quoted + " is not an IPv4 subnet",
                            "write ADDRESS/PREFIX, for example 10.129.0.0/16");
    if (*prefix < shortest_prefix || *prefix > longest_prefix)
        return ctr::invalid(subnet_path, quoted + " has a prefix outside 8..30",
                            "the gateway and at least one container need an address");
    Subnet out{*network, *prefix, 0};
    if ((*network & ~out.mask()) != 0) {
        out.network &= out.mask();
        return ctr::invalid(subnet_path, quoted + " has bits set behind its prefix",
                            "perhaps " + out.text() + " is meant");
    }
    if (is_special(*network))
        return ctr::invalid(subnet_path, quoted + " is a loopback, multicast or reserved range",
                            "use a private one, for example 10.129.0.0/16");
    out.gateway = out.network + 1;
    if (gateway.empty()) return out;
    const auto chosen = parse_address(gateway);
    if (!chosen) return ctr::invalid(gateway_path, "\"" + std::string(gateway) + "\" is not an IPv4 address");
    out.gateway = 0;
    if (!out.usable(*chosen))
        return ctr::invalid(gateway_path,
                            "\"" + std::string(gateway) + "\" is no address that the bridge can have in " + out.text(),
                            "use one between the first and the last, for example " + format(out.network + 1));
    out.gateway = *chosen;
    return out;
}

std::optional<Address> choose_address(const Subnet &subnet, std::string_view id, const std::vector<Address> &used) {
    const Address count = subnet.broadcast() - subnet.network - 1;
    const auto start = static_cast<Address>(hash(id) % count);
    for (Address i = 0; i < count; ++i) {
        const Address address = subnet.network + 1 + (start + i) % count;
        if (subnet.usable(address) && !std::binary_search(used.begin(), used.end(), address)) return address;
    }
    return std::nullopt;
}

} // namespace bridge
