// SPDX-License-Identifier: MIT
//
// Reads the documents of an image, bounded in size and depth. Every error names the document, the place, what was
// expected and what was found.
#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace image {

/// The largest document that is read; the registries' own limit.
inline constexpr std::size_t max_document = 4 * 1024 * 1024;

/// A parsed document; throws Failure if it is no JSON.
nlohmann::json parse_document(const std::string &document_name, std::string_view text);

/// A place in a document that outlives it.
class Place {
public:
    Place(const nlohmann::json &value, std::string document) : Place(value, std::move(document), {}) {}

    const nlohmann::json &json() const { return *value_; }
    /// "index.json: manifests[0].digest"
    std::string where() const { return path_.empty() ? document_ : document_ + ": " + path_; }

    /// A member that must be there.
    Place member(const char *name) const;
    /// A member that may be missing or null.
    std::optional<Place> optional(const char *name) const;
    std::vector<Place> elements() const;
    std::vector<std::pair<std::string, Place>> members() const;

    std::string string() const;
    std::uint64_t size() const;
    /// "sha256:HEX"
    std::string digest() const;
    std::vector<std::string> strings() const;

    /// "WHERE: expected EXPECTED, got VALUE"
    [[noreturn]] void wrong(const std::string &expected) const;

private:
    Place(const nlohmann::json &value, std::string document, std::string path)
        : value_(&value), document_(std::move(document)), path_(std::move(path)) {}

    const nlohmann::json *value_;
    std::string document_;
    std::string path_;
};

} // namespace image
