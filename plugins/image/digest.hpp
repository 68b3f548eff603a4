// SPDX-License-Identifier: MIT
//
// Digests as image-spec descriptor.md writes them, "sha256:HEX". Other algorithms are refused: layers are named by sha256.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace image {

/// The running sha256 of a stream.
class Sha256 {
public:
    Sha256();
    ~Sha256();
    Sha256(const Sha256 &) = delete;
    Sha256 &operator=(const Sha256 &) = delete;
    void add(const void *data, std::size_t size);
    /// "sha256:HEX" of all that was added; once.
    std::string digest();

private:
    evp_md_ctx_st *context_;
};

/// True for "sha256:" and 64 lower-case hexadecimal digits.
bool is_digest(std::string_view text);
/// The digits alone of what is_digest() accepts.
std::string_view hex_of(std::string_view digest);
std::string sha256_of(std::string_view data);

/// The chain id of a layer on its parent's chain id (empty for the lowest), image-spec config.md "Layer ChainID".
std::string chain_id(std::string_view parent, std::string_view diff_id);

} // namespace image
