// SPDX-License-Identifier: MIT
//
// libarchive as three small things: a tar reader, a decompressor, and one member of a tar as a stream. Only tar and
// only filters that libarchive has in itself: some of its others start external programs.
#pragma once

#include "stream.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <exception>
#include <locale.h>
#include <memory>
#include <string>

namespace image {

/// While it lives, names in archives are UTF-8 whatever LANG says, so that libarchive has nothing to convert.
class Utf8Names {
public:
    Utf8Names();
    ~Utf8Names();
    Utf8Names(const Utf8Names &) = delete;
    Utf8Names &operator=(const Utf8Names &) = delete;

private:
    locale_t mine_;
    locale_t before_;
};

/// A struct archive that reads from a stream or a file.
class Archive {
public:
    enum class Content {
        tar,            // entries of an uncompressed tar
        compressed_tar, // entries of a tar, compressed or not
        bytes           // one entry: what is left when all compression is taken away
    };
    // Not movable: libarchive keeps its address.
    Archive(const Archive &) = delete;
    Archive &operator=(const Archive &) = delete;
    Archive(ByteStream &source, Content content, std::string what);
    /// Skips what is not read by seeking.
    Archive(const std::string &path, Content content);

    /// The next entry, NULL at the end.
    archive_entry *next();
    /// The next piece of the entry's data; false at its end.
    bool data(const void **bytes, std::size_t *size, std::int64_t *offset);

private:
    void configure(Content content);
    void check(int code);
    static la_ssize_t read(struct archive *, void *self, const void **buffer);

    std::string what_;
    ByteStream *source_ = nullptr;
    std::exception_ptr problem_; // thrown by source_ below C frames
    ctr::Fd fd_;
    std::unique_ptr<struct archive, int (*)(struct archive *)> archive_{archive_read_new(), archive_read_free};
};

/// The bytes of another stream without their compression.
class DecompressStream : public ByteStream {
public:
    DecompressStream(ByteStream &source, std::string what);
    std::string_view next() override;

private:
    Archive archive_;
    bool empty_;
};

/// One member of a tar file.
class MemberStream : public ByteStream {
public:
    MemberStream(const std::string &path, const std::string &member);
    std::string_view next() override;
    std::uint64_t size() const { return size_; }

private:
    Utf8Names names_;
    Archive archive_;
    std::string member_;
    std::uint64_t size_ = 0;
    std::int64_t position_ = 0;
};

} // namespace image
