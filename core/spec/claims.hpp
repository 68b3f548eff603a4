// SPDX-License-Identifier: MIT
//
// Finds out what a spec asks for, and who carries it out. A container runs only if each field that asks for something
// is claimed by exactly one plugin (or the core). So nothing is silently ignored, and nothing is done twice.
//
// These values ask for nothing: null, "", false, [] and {}, and the number 0 where engines write it for "not set" (the
// table in oci_fields.cpp says where). An element of an array and an entry of a map always ask for something: an entry
// {} of /linux/netDevices does. Everything below /ctr is one path for each key.
//
// Every start does this, so it is fast: one walk over the document, no map, one string for each distinct path.
#pragma once

#include "base/vocabulary.hpp"

namespace core::spec {

/// The paths that the spec asks for, in the order of the table, /ctr last. The spec must have passed validate().
std::vector<RequestedPath> requested_paths(const Json &spec);

/// See Vocabulary::match_claims().
std::vector<std::vector<std::uint32_t>> match_claims(const std::vector<RequestedPath> &requested,
                                                     std::span<const Claimant> claimants);

/// True if a claim names a field that exists. "" (everything) and all below /ctr and /vm do.
bool is_known_claim(std::string_view claim);

/// These functions, for the engine.
const Vocabulary &oci_vocabulary();

} // namespace core::spec
