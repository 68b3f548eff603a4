// SPDX-License-Identifier: MIT
//
// The algorithm of FIPS 180-4, section 6.2, with its names. It is not fast: a pinned plugin of a megabyte takes a few
// milliseconds.
#include "sys/sha256.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <ctr/cpp/text.hpp>
#include <unistd.h>

namespace core::sys {
namespace {

constexpr std::uint32_t K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

class Sha256 {
public:
    void add(const unsigned char *data, std::size_t size) {
        total_ += size;
        while (size > 0) {
            const std::size_t part = std::min(size, block_.size() - filled_);
            std::memcpy(block_.data() + filled_, data, part);
            filled_ += part, data += part, size -= part;
            if (filled_ == block_.size()) compress();
        }
    }
    std::string hex() {
        const std::uint64_t bits = total_ * 8;
        constexpr unsigned char first = 0x80, zero = 0;
        add(&first, 1);
        while (filled_ != 56)
            add(&zero, 1);
        for (int shift = 56; shift >= 0; shift -= 8) {
            const auto byte = static_cast<unsigned char>(bits >> static_cast<unsigned>(shift));
            add(&byte, 1);
        }
        std::string text;
        for (const std::uint32_t word : H_)
            text += ctr::hex(word, 8);
        return text;
    }

private:
    void compress() {
        std::uint32_t W[64];
        for (std::size_t t = 0; t < 16; ++t)
            W[t] = static_cast<std::uint32_t>(block_[4 * t]) << 24U |
                   static_cast<std::uint32_t>(block_[4 * t + 1]) << 16U |
                   static_cast<std::uint32_t>(block_[4 * t + 2]) << 8U | block_[4 * t + 3];
        for (std::size_t t = 16; t < 64; ++t) {
            const std::uint32_t s0 = std::rotr(W[t - 15], 7) ^ std::rotr(W[t - 15], 18) ^ W[t - 15] >> 3U,
                                s1 = std::rotr(W[t - 2], 17) ^ std::rotr(W[t - 2], 19) ^ W[t - 2] >> 10U;
            W[t] = s1 + W[t - 7] + s0 + W[t - 16];
        }
        auto [a, b, c, d, e, f, g, h] = H_;
        for (std::size_t t = 0; t < 64; ++t) {
            const std::uint32_t T1 =
                h + (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25)) + ((e & f) ^ (~e & g)) + K[t] + W[t];
            const std::uint32_t T2 =
                (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
            h = g, g = f, f = e, e = d + T1, d = c, c = b, b = a, a = T1 + T2;
        }
        const std::array<std::uint32_t, 8> working = {a, b, c, d, e, f, g, h};
        for (std::size_t i = 0; i < 8; ++i)
            H_[i] += working[i];
        filled_ = 0;
    }

    std::array<std::uint32_t, 8> H_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                       0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    std::array<unsigned char, 64> block_{};
    std::size_t filled_ = 0;
    std::uint64_t total_ = 0;
};

} // namespace

Result<std::string> sha256_of_file(int fd, const std::string &path) {
    Sha256 hash;
    unsigned char buffer[65536];
    for (off_t offset = 0;;) {
        const ssize_t got = ::pread(fd, buffer, sizeof buffer, offset);
        if (got < 0) return system_error("pread", path);
        if (got == 0) return hash.hex();
        hash.add(buffer, static_cast<std::size_t>(got));
        offset += got;
    }
}

} // namespace core::sys
