// SPDX-License-Identifier: MIT
//
// Which fields a description may have. The engine plans what a description asks for and knows none of its fields. A
// vocabulary says which fields exist and which values ask for nothing; the front end gives it to the engine. The
// vocabulary of OCI's config.json is in spec/claims.hpp.
#pragma once

#include "base/json.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace core {

/// A field that a description asks for.
class RequestedPath {
public:
    RequestedPath(std::string_view known, std::string example, std::uint16_t row)
        : known_(known), example_(std::move(example)), row_(row) {}
    /// "/mounts/*/destination". An array of scalars is one path ("/process/args"), and so are all entries of a map
    /// ("/linux/sysctl/*") and each key below /ctr ("/ctr/image").
    std::string_view pattern() const { return known_.empty() ? std::string_view(example_) : known_; }
    /// A JSON pointer to one such field of this description: "/mounts/0/destination".
    const std::string &example() const { return example_; }
    /// The row in the vocabulary's table; 0: it is not in the table (what is below /ctr belongs to plugins).
    std::uint16_t row() const { return row_; }

private:
    std::string_view known_;
    std::string example_;
    std::uint16_t row_;
};

/// What one plugin, or the engine, claims to carry out.
struct Claimant {
    std::string_view id;
    std::span<const std::string> claims;
};

class Vocabulary {
public:
    /// The paths that a description asks for, each once. The description must be valid.
    virtual std::vector<RequestedPath> requested_paths(const Json &description) const = 0;
    /// For each path the indices of its claimants, ascending, each once. A claim covers its own path and all below it.
    /// `*` in it stands for one component. A claim ".../*" on the elements of an array covers the array. A claim that
    /// names no known field covers nothing.
    virtual std::vector<std::vector<std::uint32_t>> match_claims(const std::vector<RequestedPath> &requested,
                                                                 std::span<const Claimant> claimants) const = 0;
    /// What needs no plugin, because the engine carries it out or a plugin only reads it.
    virtual std::span<const std::string> claims_of_engine() const = 0;
    /// What describes the container's program and not the container. A program that is executed in it later has its
    /// own.
    virtual std::span<const std::string> paths_of_program() const = 0;
    /// A JSON pointer to the part that the cgroup driver can change in a living container (`ctr_cgroup_v1::update`).
    virtual std::string_view path_of_resources() const = 0;
    /// True if all processes end with the container's first one, because it has a pid namespace of its own.
    virtual bool ends_with_first_process(const Json &description) const = 0;
    /// The plugin that usually carries out this path, if a container may do without it: it can be turned off by its
    /// name, even if it is not installed. Empty: the path is no such part.
    virtual std::string_view optional_part(std::string_view pattern) const = 0;

protected:
    Vocabulary() = default;
    ~Vocabulary() = default;
    Vocabulary(const Vocabulary &) = default;
    Vocabulary &operator=(const Vocabulary &) = default;
};

} // namespace core
