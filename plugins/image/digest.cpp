// SPDX-License-Identifier: MIT
#include "digest.hpp"

#include "failure.hpp"

#include <ctr/cpp/text.hpp>
#include <openssl/evp.h>

#include <algorithm>

namespace image {

namespace {

constexpr std::string_view prefix = "sha256:";

[[noreturn]] void library_failure(const char *function) {
    throw Failure({.error_class = CTR_E_INTERNAL,
                   .message = "cannot compute sha256",
                   .hint = "libcrypto refuses it: is a provider missing?",
                   .syscall = function});
}

} // namespace

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
    if (context_ == nullptr || EVP_DigestInit_ex(context_, EVP_sha256(), nullptr) != 1) {
        EVP_MD_CTX_free(context_);
        library_failure("EVP_DigestInit_ex");
    }
}

Sha256::~Sha256() { EVP_MD_CTX_free(context_); }

void Sha256::add(const void *data, std::size_t size) {
    if (EVP_DigestUpdate(context_, data, size) != 1) library_failure("EVP_DigestUpdate");
}

std::string Sha256::digest() {
    unsigned char raw[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    if (EVP_DigestFinal_ex(context_, raw, &size) != 1) library_failure("EVP_DigestFinal_ex");
    return std::string(prefix) + ctr::hex(std::string_view(reinterpret_cast<const char *>(raw), size));
}

bool is_digest(std::string_view text) {
    return text.size() == prefix.size() + 64 && text.starts_with(prefix) &&
           std::all_of(text.begin() + prefix.size(), text.end(),
                       [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string_view hex_of(std::string_view digest) { return digest.substr(prefix.size()); }

std::string sha256_of(std::string_view data) {
    Sha256 hash;
    hash.add(data.data(), data.size());
    return hash.digest();
}

std::string chain_id(std::string_view parent, std::string_view diff_id) {
    if (parent.empty()) return std::string(diff_id);
    return sha256_of(std::string(parent).append(" ").append(diff_id));
}

} // namespace image
