// SPDX-License-Identifier: MIT
//
// What an OCI config.json may contain on Linux: a table with one row for each field of runtime-spec 1.3, in
// oci_fields.cpp. validate() (oci.hpp), requested_paths() and claims (claims.hpp) use it. Apart from that the engine
// names only the fields that it carries out itself.
//
// A row's `pattern` is a JSON pointer with `*` for "any array index" or "any map key". Parents come before their
// children, so the rows of a subtree are neighbours and a claim on a field is a range of rows. The compiler computes
// the links of the tree.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace core::spec {

enum class Type : std::uint8_t { object, list, map, text, boolean, integer, foreign };

/// The type of a field and its bounds.
struct Shape {
    Type type = Type::object;
    std::int64_t low = 0;                           // integer: the smallest; list: the fewest elements
    std::uint64_t high = 0;                         // integer: the largest; text: the most bytes
    std::span<const std::string_view> choices = {}; // text: one of these
    bool (*good)(std::string_view) = nullptr;       // text: must hold
    std::string_view expected = {};                 // text: what `good` wants, in words ("an absolute path")
};

enum Flag : std::uint8_t {
    required = 1,     // must be there if its parent is there
    zero_is_none = 2, // the number 0 means "not set", as engines write it
    false_asks = 4,   // false asks for something
    empty_asks = 8,   // {} asks for something
};

struct Field {
    std::string_view pattern;
    Shape shape;
    std::uint8_t flags = 0;
};

/// Where a row's relatives are. 0 is the root and means "none" in first_child and next. There are no pointers, so
/// nothing must be relocated at each start.
struct Link {
    std::uint16_t first_child = 0;
    std::uint16_t next = 0;        // sibling
    std::uint16_t end = 0;         // one behind the last row of the subtree
    std::uint16_t name_length = 0; // of the last component of the pattern
    std::uint16_t name_key = 0;
    std::uint16_t place = 0;    // n if it is the nth child of its parent
    std::uint64_t required = 0; // bit n: the nth child is required
};

/// A key in which most names differ, so that few names are compared.
constexpr std::uint16_t name_key(std::string_view name) {
    const auto at = [name](std::size_t i) { return static_cast<unsigned>(static_cast<unsigned char>(name[i])); };
    if (name.empty()) return 0;
    return static_cast<std::uint16_t>(name.size() * 1021 + at(0) * 257 + at(name.size() / 2) * 31 +
                                      at(name.size() - 1));
}

constexpr std::size_t max_fields = 512; // size of sets of rows
std::span<const Field> fields();
std::span<const Link> links();
/// The last component of the row's pattern.
std::string_view name_of(std::uint16_t row);
/// The row's child of that name; 0: none.
std::uint16_t child_named(std::uint16_t row, std::string_view name);

/// What a field accepts, in words: "an integer from 0 to 4294967295".
std::string expected(const Field &field);

} // namespace core::spec
