// SPDX-License-Identifier: MIT
//
// What an OCI config.json may say on Linux: a table with one row for each field of runtime-spec 1.3, in oci_fields.cpp.
// validate() (oci.hpp), requested_paths() and claims (claims.hpp) walk it; nothing else in the core knows a field by name but what
// the core itself carries out.
//
// A row's `pattern` is a JSON pointer with `*` for "any array index" or "any map key". Parents stand before their children, so the
// rows of a subtree are neighbours and a claim on a field is a range of rows. The tree's links are computed by the compiler.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace core::spec {

enum class Type : std::uint8_t { object, list, map, text, boolean, integer, foreign };

/// The type of a field with its bounds.
struct Shape {
    Type type = Type::object;
    std::int64_t low = 0;                           // integer: the smallest; list: the fewest elements
    std::uint64_t high = 0;                         // integer: the largest; text: the most bytes
    std::span<const std::string_view> choices = {}; // text: one of these
    bool (*good)(std::string_view) = nullptr;       // text: must hold
    std::string_view expected = {};                 // text: in words what `good` wants ("an absolute path")
};

enum Flag : std::uint8_t {
    required = 1,     // must be there if its parent is
    zero_is_none = 2, // the number 0 means "not set", as engines write it
    false_asks = 4,   // false is a demand of its own, not the absence of one
    empty_asks = 8,   // {} is a demand of its own
};

struct Field {
    std::string_view pattern;
    Shape shape;
    std::uint8_t flags = 0;
};

/// Where a row's relatives are. 0 is the root and stands for "none" in first_child and next.
struct Link {
    std::uint16_t first_child = 0;
    std::uint16_t next = 0;     // sibling
    std::uint16_t end = 0;      // one behind the last row of the subtree
    std::uint64_t required = 0; // bit n: the nth child is required
    std::string_view name;      // the last component of the pattern
};

constexpr std::size_t max_fields = 512; // for sets of rows
std::span<const Field> fields();
std::span<const Link> links();

/// What a field takes, in words: "an integer from 0 to 4294967295".
std::string expected(const Field &field);

} // namespace core::spec
