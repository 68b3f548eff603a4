// SPDX-License-Identifier: MIT
//
// What does a spec ask for, and who carries it out? A container runs only if each field that asks for something is
// claimed by exactly one plugin (or the core): nothing is ignored in silence, nothing is done twice.
//
// What asks for nothing is left out: null, "", false, [] and {}, and the number 0 where engines write it for "not set"
// (the table in oci_fields.cpp says where). An element of an array and an entry of a map is never nothing: an entry {}
// of /linux/netDevices asks by being there. Everything below /ctr is one path for each key.
//
// This is on the way to every start: one walk over the document, no map, one string for each distinct path.
#pragma once

#include "base/vocabulary.hpp"

namespace core::spec {

/// In the order of the table, /ctr last. The spec must have passed validate().
std::vector<RequestedPath> requested_paths(const Json &spec);

/// See Vocabulary::match_claims().
std::vector<std::vector<std::uint32_t>> match_claims(const std::vector<RequestedPath> &requested,
                                                     std::span<const Claimant> claimants);

/// Does a claim name a field that exists? "" (everything) and all below /ctr and /vm do.
bool is_known_claim(std::string_view claim);

/// These, for the engine.
const Vocabulary &oci_vocabulary();

} // namespace core::spec
