// SPDX-License-Identifier: MIT
//
// A layer is read once, through a chain of streams. Each handles a block at a time; no layer is held in memory as a
// whole:
//
//     file or member of an archive -> digest of the blob -> decompression -> diff id -> tar entries -> directory
#pragma once

#include "digest.hpp"

#include <cstdint>
#include <ctr/cpp/fd.hpp>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace image {

class ByteStream {
public:
    virtual ~ByteStream() = default;
    /// The next bytes, valid until the next call; empty at the end.
    virtual std::string_view next() = 0;
};

/// Reads the stream to its end, so that a digest covers all of it.
void drain(ByteStream &stream);

/// Opens a regular file for reading; anything else (a fifo would block, a device never ends) is refused.
ctr::Fd open_regular(const std::string &path);

class FileStream : public ByteStream {
public:
    explicit FileStream(const std::string &path);
    std::string_view next() override;

private:
    std::string path_;
    ctr::Fd fd_;
    std::vector<char> buffer_;
};

/// Passes the bytes of another stream on, counts them and computes their digest.
class HashStream : public ByteStream {
public:
    /// More than `limit` bytes are refused, with `what` in the message, so that no more is unpacked than the descriptor
    /// says.
    explicit HashStream(ByteStream &source, std::string what = {},
                        std::uint64_t limit = std::numeric_limits<std::uint64_t>::max())
        : source_(source), what_(std::move(what)), limit_(limit) {}
    std::string_view next() override;
    std::uint64_t size() const { return size_; }
    std::string digest() { return hash_.digest(); }

private:
    ByteStream &source_;
    std::string what_;
    std::uint64_t limit_;
    std::uint64_t size_ = 0;
    Sha256 hash_;
};

} // namespace image
