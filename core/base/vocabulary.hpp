// SPDX-License-Identifier: MIT
//
// Which fields a description may have. The engine plans whatever a description asks for and knows none of its fields. A
// vocabulary says which fields there are and which values ask for nothing; the front end hands it to the engine. That
// of OCI's config.json is in spec/claims.hpp.
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
    /// "/mounts/*/destination"; an array of scalars is one path ("/process/args"), a map is "/linux/sysctl/*",
    /// "/ctr/image".
    std::string_view pattern() const { return known_.empty() ? std::string_view(example_) : known_; }
    /// A JSON pointer to one such field of this description: "/mounts/0/destination".
    const std::string &example() const { return example_; }
    /// In the vocabulary's own table; 0: the table does not have it (what is below /ctr is the plugins').
    std::uint16_t row() const { return row_; }

private:
    std::string_view known_;
    std::string example_;
    std::uint16_t row_;
};

/// What one plugin, or the engine, says it carries out.
struct Claimant {
    std::string_view id;
    std::span<const std::string> claims;
};

class Vocabulary {
public:
    /// What it asks for, each path once. The description must be a valid one.
    virtual std::vector<RequestedPath> requested_paths(const Json &description) const = 0;
    /// For each path the indices of its claimants, ascending, each once. A claim covers its own path and all below; `*`
    /// in it stands for one component; a claim ".../*" on the elements of an array covers the array. Claims that name
    /// no known field cover nothing.
    virtual std::vector<std::vector<std::uint32_t>> match_claims(const std::vector<RequestedPath> &requested,
                                                                 std::span<const Claimant> claimants) const = 0;
    /// What needs no plugin: the engine carries it out, or a plugin only reads it.
    virtual std::span<const std::string> claims_of_engine() const = 0;
    /// What describes the container's program and not the container: a program that is executed in it later has its
    /// own.
    virtual std::span<const std::string> paths_of_program() const = 0;
    /// The part that the cgroup driver changes in a container that lives (`ctr_cgroup_v1::update`), a JSON pointer.
    virtual std::string_view path_of_resources() const = 0;
    /// With the container's first process all others end: it has a pid namespace of its own.
    virtual bool ends_with_first_process(const Json &description) const = 0;
    /// The plugin that carries this path out in an ordinary installation, if a container may do without it: it can be
    /// turned off by its name, installed or not. Empty: the path is no such part.
    virtual std::string_view optional_part(std::string_view pattern) const = 0;

protected:
    Vocabulary() = default;
    ~Vocabulary() = default;
    Vocabulary(const Vocabulary &) = default;
    Vocabulary &operator=(const Vocabulary &) = default;
};

} // namespace core
