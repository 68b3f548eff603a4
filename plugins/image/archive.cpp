// SPDX-License-Identifier: MIT
#include "archive.hpp"

#include "failure.hpp"
#include "path.hpp"

#include <sys/stat.h>

#include <algorithm>

namespace image {

Utf8Names::Utf8Names() : mine_(newlocale(LC_CTYPE_MASK, "C.UTF-8", locale_t{})), before_(locale_t{}) {
    if (mine_ != locale_t{}) before_ = uselocale(mine_);
}

Utf8Names::~Utf8Names() {
    if (mine_ == locale_t{}) return;
    uselocale(before_);
    freelocale(mine_);
}

Archive::Archive(ByteStream &source, Content content, std::string what) : what_(std::move(what)), source_(&source) {
    configure(content);
    check(archive_read_open2(archive_.get(), this, nullptr, read, nullptr, nullptr));
}

Archive::Archive(const std::string &path) : what_(path), fd_(open_regular(path)) {
    configure(Content::tar);
    check(archive_read_open_fd(archive_.get(), fd_.get(), 256 * 1024));
}

void Archive::configure(Content content) {
    if (!archive_) throw std::bad_alloc();
    tar_ = content == Content::tar;
    if (!tar_) {
        for (const auto filter :
             {archive_read_support_filter_gzip, archive_read_support_filter_bzip2, archive_read_support_filter_xz,
              archive_read_support_filter_lzma, archive_read_support_filter_zstd, archive_read_support_filter_lz4,
              archive_read_support_filter_compress})
            // ARCHIVE_WARN: this libarchive was built without that filter and would call a program.
            if (filter(archive_.get()) != ARCHIVE_OK) archive_clear_error(archive_.get());
    }
    archive_read_support_format_empty(archive_.get());
    if (tar_)
        archive_read_support_format_tar(archive_.get());
    else
        archive_read_support_format_raw(archive_.get());
}

// The most that libarchive may read in one call for an entry's headers or the map of a sparse file. It keeps them in
// memory, at up to ten times their size.
constexpr std::uint64_t most_of_a_call = 4 * 1024 * 1024;

void Archive::begin_call() {
    bounded_ = tar_;
    taken_ = 0;
}

la_ssize_t Archive::read(struct archive *archive, void *self, const void **buffer) {
    auto *mine = static_cast<Archive *>(self);
    try {
        const std::string_view bytes = mine->source_->next();
        if (mine->bounded_ && mine->taken_ > most_of_a_call)
            refuse(mine->what_, "has an entry with headers of more than 4 MiB", "the archive is hostile or broken");
        mine->taken_ += bytes.size();
        *buffer = bytes.data();
        return static_cast<la_ssize_t>(bytes.size());
    } catch (...) {
        mine->problem_ = std::current_exception();
        archive_set_error(archive, EIO, "the stream below failed");
        return ARCHIVE_FATAL;
    }
}

void Archive::check(int code) {
    if (problem_) std::rethrow_exception(problem_);
    if (code == ARCHIVE_OK) return;
    if (archive_errno(archive_.get()) == ENOMEM) throw memory_failure(what_);
    const char *text = archive_error_string(archive_.get());
    const std::string_view message = text == nullptr ? "unknown error" : text;
    // Warnings are about things that do not matter here: a user's name; a path that is not UTF-8, whose bytes are kept.
    if (code == ARCHIVE_WARN) return;
    refuse(what_,
           "cannot be read as " +
               std::string(archive_format(archive_.get()) == ARCHIVE_FORMAT_RAW ? "compressed data" : "a tar archive") +
               ": " + std::string(message));
}

archive_entry *Archive::next() {
    archive_entry *entry = nullptr;
    // Skips the rest of the previous entry. It may be long, but is not kept in memory, so it is not bounded.
    bounded_ = false;
    if (entered_) check(archive_read_data_skip(archive_.get()) == ARCHIVE_FATAL ? ARCHIVE_FATAL : ARCHIVE_OK);
    begin_call();
    const int code = archive_read_next_header(archive_.get(), &entry);
    entered_ = code == ARCHIVE_OK || code == ARCHIVE_WARN;
    if (code == ARCHIVE_EOF && !problem_) return nullptr;
    check(code == ARCHIVE_RETRY ? ARCHIVE_FATAL : code);
    return entry;
}

bool Archive::data(const void **bytes, std::size_t *size, std::int64_t *offset) {
    begin_call();
    const int code = archive_read_data_block(archive_.get(), bytes, size, offset);
    if (code == ARCHIVE_EOF && !problem_) return false;
    check(code == ARCHIVE_RETRY ? ARCHIVE_FATAL : code);
    return true;
}

DecompressStream::DecompressStream(ByteStream &source, std::string what, Meter &meter)
    : archive_(source, Archive::Content::bytes, std::move(what)), meter_(meter), empty_(archive_.next() == nullptr) {}

std::string_view DecompressStream::next() {
    const void *bytes = nullptr;
    std::size_t size = 0;
    std::int64_t offset = 0;
    while (!empty_ && archive_.data(&bytes, &size, &offset)) {
        meter_.unpacked(archive_.packed(), archive_.unpacked());
        if (size != 0) return {static_cast<const char *>(bytes), size};
    }
    return {};
}

namespace {

/// True if the file has "ustar" in its place, as all but the oldest tars have. Such a file is not compressed, so
/// unwanted members are skipped by seeking.
bool is_plain_tar(const std::string &path) {
    const ctr::Fd file = open_regular(path);
    char magic[5];
    return pread(file.get(), magic, sizeof magic, 257) == sizeof magic &&
           std::string_view(magic, sizeof magic) == "ustar";
}

} // namespace

TarFile::TarFile(const std::string &path, const Limits &limits) : meter_(limits, path) {
    if (is_plain_tar(path)) {
        archive_ = std::make_unique<Archive>(path);
        return;
    }
    file_ = std::make_unique<FileStream>(path);
    plain_ = std::make_unique<DecompressStream>(*file_, path, meter_);
    archive_ = std::make_unique<Archive>(*plain_, Archive::Content::tar, path);
}

archive_entry *TarFile::next() {
    archive_entry *entry = archive_->next();
    if (entry == nullptr) return nullptr;
    const char *name = archive_entry_pathname(entry);
    meter_.entry(name == nullptr ? "" : name, link_of(entry));
    return entry;
}

std::string_view link_of(archive_entry *entry) {
    const char *link = archive_entry_hardlink(entry);
    if (link == nullptr && archive_entry_filetype(entry) == AE_IFLNK) link = archive_entry_symlink(entry);
    return link == nullptr ? std::string_view() : std::string_view(link);
}

MemberStream::MemberStream(const std::string &path, const std::string &member, const Limits &limits)
    : tar_(path, limits), member_(path + ": " + member) {
    while (archive_entry *entry = tar_.next()) {
        const char *name = archive_entry_pathname(entry);
        if (name == nullptr || archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != nullptr ||
            normal_path(name) != member)
            continue;
        size_ = static_cast<std::uint64_t>(std::max<std::int64_t>(archive_entry_size(entry), 0));
        return;
    }
    refuse(path, "has no member '" + member + "'", "the archive is incomplete or was changed");
}

std::string_view MemberStream::next() {
    const void *bytes = nullptr;
    std::size_t size = 0;
    std::int64_t offset = 0;
    while (tar_.archive().data(&bytes, &size, &offset)) {
        if (size == 0) continue;
        if (offset != position_)
            refuse(member_, "is stored as a sparse file", "no program writes image archives like that");
        position_ += static_cast<std::int64_t>(size);
        return {static_cast<const char *>(bytes), size};
    }
    return {};
}

} // namespace image
