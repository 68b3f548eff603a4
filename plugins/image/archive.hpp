// SPDX-License-Identifier: MIT
//
// Wraps libarchive as a tar reader, a decompressor, and one member of a tar as a stream. Only tar and only filters that
// are built into libarchive, because some others start external programs.
#pragma once

#include "limits.hpp"
#include "stream.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <exception>
#include <locale.h>
#include <memory>
#include <string>

namespace image {

/// While it exists, names in archives are UTF-8 independent of LANG, so that libarchive converts nothing.
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
        tar,  // entries of an uncompressed tar
        bytes // one entry: what is left when all compression is taken away
    };
    // Not movable: libarchive keeps its address.
    Archive(const Archive &) = delete;
    Archive &operator=(const Archive &) = delete;
    Archive(ByteStream &source, Content content, std::string what);
    /// An uncompressed tar. Skips what is not read by seeking.
    explicit Archive(const std::string &path);

    /// The next entry, NULL at the end.
    archive_entry *next();
    /// The next piece of the entry's data; false at its end.
    bool data(const void **bytes, std::size_t *size, std::int64_t *offset);
    /// Bytes of the source that were read, and what they became.
    std::uint64_t packed() const { return static_cast<std::uint64_t>(archive_filter_bytes(archive_.get(), -1)); }
    std::uint64_t unpacked() const { return static_cast<std::uint64_t>(archive_filter_bytes(archive_.get(), 0)); }

private:
    void configure(Content content);
    void begin_call();
    void check(int code);
    static la_ssize_t read(struct archive *, void *self, const void **buffer);

    std::string what_;
    ByteStream *source_ = nullptr;
    std::exception_ptr problem_; // thrown by source_ below C frames
    bool tar_ = false;
    bool entered_ = false;    // next() has given an entry
    bool bounded_ = false;    // the call under way reads no more than so many bytes:
    std::uint64_t taken_ = 0; // so far
    ctr::Fd fd_;
    std::unique_ptr<struct archive, int (*)(struct archive *)> archive_{archive_read_new(), archive_read_free};
};

/// The bytes of another stream without their compression, as long as `meter` allows it.
class DecompressStream : public ByteStream {
public:
    DecompressStream(ByteStream &source, std::string what, Meter &meter);
    std::string_view next() override;

private:
    Archive archive_;
    Meter &meter_;
    bool empty_;
};

/// The entries of a tar file, compressed or not, as long as the limits allow it.
class TarFile {
public:
    TarFile(const std::string &path, const Limits &limits);
    archive_entry *next();
    Archive &archive() { return *archive_; }

private:
    Meter meter_;
    std::unique_ptr<FileStream> file_;
    std::unique_ptr<DecompressStream> plain_;
    std::unique_ptr<Archive> archive_;
};

/// The target of a hard or symbolic link, empty for all else.
std::string_view link_of(archive_entry *entry);

/// One member of a tar file.
class MemberStream : public ByteStream {
public:
    MemberStream(const std::string &path, const std::string &member, const Limits &limits);
    std::string_view next() override;
    std::uint64_t size() const { return size_; }

private:
    Utf8Names names_;
    TarFile tar_;
    std::string member_;
    std::uint64_t size_ = 0;
    std::int64_t position_ = 0;
};

} // namespace image
