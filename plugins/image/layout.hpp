// SPDX-License-Identifier: MIT
//
// The files of an image's document, be they in a directory or members of a tar file.
#pragma once

#include "image.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace image {

class Layout {
public:
    virtual ~Layout() = default;
    virtual bool has(const std::string &path) const = 0;
    virtual Location locate(const std::string &path) const = 0;
    /// The content of a document, at most 4 MiB.
    virtual std::string read(const std::string &path) const = 0;
};

class DirectoryLayout : public Layout {
public:
    explicit DirectoryLayout(std::string directory) : directory_(std::move(directory)) {}
    bool has(const std::string &path) const override;
    Location locate(const std::string &path) const override;
    std::string read(const std::string &path) const override;

private:
    std::string directory_;
};

/// What one pass over a tar file tells.
struct ArchiveIndex {
    struct Member {
        bool file = false;
        std::string link; // where a symbolic or hard link leads, a path in the archive
        std::uint64_t size = 0;
    };
    std::map<std::string, Member> members; // none, if it is no image's document
    bool root_file_system = false;         // it has /bin, /etc, ... and is no image's document
    bool too_many = false;                 // more members than an image's document has: only `documents` are kept
    // Only if the archive did not look like an image's document from the first entry on:
    std::string digest;     // of the file
    std::string diff_id;    // of the uncompressed tar
    std::uint64_t size = 0; // of the file

    void add(const std::string &path, Member member);

private:
    std::size_t bytes_ = 0;
};

ArchiveIndex index_archive(const std::string &path, const Limits &limits);
/// The same, digests in any case.
ArchiveIndex index_and_hash_archive(const std::string &path, const Limits &limits);

class ArchiveLayout : public Layout {
public:
    ArchiveLayout(std::string archive, const ArchiveIndex &index, const Limits &limits)
        : archive_(std::move(archive)), index_(index), limits_(limits) {}
    bool has(const std::string &path) const override;
    Location locate(const std::string &path) const override;
    std::string read(const std::string &path) const override;

private:
    std::string archive_;
    const ArchiveIndex &index_;
    const Limits limits_;
};

} // namespace image
