// SPDX-License-Identifier: MIT
//
// The names by which the driver recognises its own objects, also in a new process without recorded values. They all
// follow from the state directory, the bridge's name and the container's id.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bridge {

/// A hash of 64 bits. It must be the same on every machine and in every release, because leases and names are made of
/// it.
std::uint64_t hash(std::string_view text);
std::string hash_text(std::string_view text); ///< the same as 16 hexadecimal digits

/// The mark on what this state directory made: "ctr:" and 16 hexadecimal digits. The bridge's alias and the nft table's
/// comment begin with it. Two run roots on one machine have different marks, so neither removes the other's objects.
std::string owner_mark(std::string_view state_dir);

/// The bridge's alias: mark, address and directory, at most IFALIASZ - 1 bytes. The first two words tell the owner and
/// the purpose.
std::string bridge_alias(std::string_view state_dir, std::string_view gateway_text);

/// The machine's end of the veth pair of a container: "ctr", 11 hexadecimal digits that follow from the id, and one
/// digit for a number: 15 characters, the most that an interface's name can have. The number is needed because the pair
/// of an earlier container with the same id may not be deleted yet.
std::string link_stem(std::string_view state_dir, std::string_view id);
std::string link_name(std::string_view stem, int number);
constexpr int link_numbers = 16;

/// The nft table of a bridge.
std::string table_name(std::string_view bridge);

/// True if both the kernel and nft accept it as an interface's name.
bool is_interface_name(std::string_view name);

/// A fixed hardware address for an IPv4 address: the next container with the same address also has the same hardware
/// address, so neighbours' ARP caches stay valid.
std::string hardware_address(std::uint32_t address);

} // namespace bridge
