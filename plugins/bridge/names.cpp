// SPDX-License-Identifier: MIT
#include "names.hpp"

#include <ctr/cpp/text.hpp>

namespace bridge {
namespace {

constexpr std::size_t alias_max = 255; // IFALIASZ without the NUL
constexpr std::size_t interface_name_max = 15;

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

} // namespace

std::uint64_t hash(std::string_view text) {
    std::uint64_t h = 0xcbf29ce484222325u; // FNV-1a
    for (char c : text)
        h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    // Ids like web1, web2 differ in the last byte only; the finaliser of MurmurHash3 spreads that over all bits.
    h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdu;
    h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53u;
    return h ^ (h >> 33);
}

std::string hash_text(std::string_view text) { return ctr::hex(hash(text), 16); }

std::string owner_mark(std::string_view state_dir) { return "ctr:" + hash_text(state_dir); }

std::string bridge_alias(std::string_view state_dir, std::string_view gateway_text) {
    std::string alias = owner_mark(state_dir) + " " + std::string(gateway_text) + " " + std::string(state_dir);
    if (alias.size() > alias_max) alias.resize(alias_max);
    return alias;
}

std::string link_stem(std::string_view state_dir, std::string_view id) {
    return "ctr" + ctr::hex(hash(std::string(state_dir) + "/" + std::string(id)) >> 20, 11);
}

std::string link_name(std::string_view stem, int number) {
    return std::string(stem) + ctr::hex(static_cast<std::uint64_t>(number), 1);
}

std::string table_name(std::string_view bridge) { return "ctr_" + std::string(bridge); }

bool is_interface_name(std::string_view name) {
    if (name.empty() || name.size() > interface_name_max || !is_letter_or_digit(name.front())) return false;
    for (char c : name)
        if (!is_letter_or_digit(c) && c != '-' && c != '_' && c != '.') return false;
    return name != "all" && name != "default" && name != "lo"; // directories of /proc/sys/net/ipv4/conf
}

std::string hardware_address(std::uint32_t address) {
    std::string text = "02:63"; // locally administered, unicast
    for (int shift = 24; shift >= 0; shift -= 8)
        text += ":" + ctr::hex((address >> shift) & 255, 2);
    return text;
}

} // namespace bridge
