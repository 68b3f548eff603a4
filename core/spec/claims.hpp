// SPDX-License-Identifier: MIT
//
// What does a spec ask for, and who carries it out? A container runs only if each field that asks for something is claimed by
// exactly one plugin (or the core): nothing is ignored in silence, nothing is done twice.
//
// What asks for nothing is left out: null, "", false, [] and {}, and the number 0 where engines write it for "not set" (the table
// in oci_fields.cpp says where). An element of an array and an entry of a map is never nothing: an entry {} of /linux/netDevices
// asks by being there. Everything below /ctr is one path for each key.
//
// This is on the way to every start: one walk over the document, no map, one string for each distinct path.
#pragma once

#include "base/json.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace core::spec {

/// A field that the spec asks for.
class RequestedPath {
public:
    RequestedPath(std::string_view known, std::string example, std::uint16_t row)
        : known_(known), example_(std::move(example)), row_(row) {}
    /// "/mounts/*/destination"; an array of scalars is one path ("/process/args"), a map is "/linux/sysctl/*", "/ctr/image".
    std::string_view pattern() const { return known_.empty() ? std::string_view(example_) : known_; }
    /// A JSON pointer to one such field of this spec: "/mounts/0/destination".
    const std::string &example() const { return example_; }
    std::uint16_t row() const { return row_; } // in the table; 0: below /ctr

private:
    std::string_view known_;
    std::string example_;
    std::uint16_t row_;
};

/// In the order of the table, /ctr last. The spec must have passed validate().
std::vector<RequestedPath> requested_paths(const Json &spec);

/// What one plugin, or the core, says it carries out.
struct Claimant {
    std::string_view id;
    std::span<const std::string> claims;
};

/// For each path the indices of its claimants, ascending, each once. A claim covers its own path and all below; `*` in it stands for
/// one component; a claim ".../*" on the elements of an array covers the array. Claims that name no known field cover nothing.
std::vector<std::vector<std::uint32_t>> match_claims(const std::vector<RequestedPath> &requested,
                                                     std::span<const Claimant> claimants);

/// Does a claim name a field that exists? "" (everything) and all below /ctr and /vm do.
bool is_known_claim(std::string_view claim);

} // namespace core::spec
