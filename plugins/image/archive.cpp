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

Archive::Archive(ByteStream &source, Content content, std::string what)
    : what_(std::move(what)), source_(&source), archive_(archive_read_new()) {
    configure(content);
    check(archive_read_open2(archive_, this, nullptr, read, nullptr, nullptr));
}

Archive::Archive(const std::string &path, Content content)
    : what_(path), fd_(open_regular(path)), archive_(archive_read_new()) {
    configure(content);
    check(archive_read_open_fd(archive_, fd_.get(), 256 * 1024));
}

Archive::~Archive() { archive_read_free(archive_); }

void Archive::configure(Content content) {
    if (archive_ == nullptr) throw std::bad_alloc();
    if (content != Content::tar) {
        for (const auto filter :
             {archive_read_support_filter_gzip, archive_read_support_filter_bzip2, archive_read_support_filter_xz,
              archive_read_support_filter_lzma, archive_read_support_filter_zstd, archive_read_support_filter_lz4,
              archive_read_support_filter_compress})
            // ARCHIVE_WARN: this libarchive was built without it and would call a program.
            if (filter(archive_) != ARCHIVE_OK) archive_clear_error(archive_);
    }
    archive_read_support_format_empty(archive_);
    if (content == Content::bytes)
        archive_read_support_format_raw(archive_);
    else
        archive_read_support_format_tar(archive_);
}

la_ssize_t Archive::read(struct archive *archive, void *self, const void **buffer) {
    auto *mine = static_cast<Archive *>(self);
    try {
        const std::string_view bytes = mine->source_->next();
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
    const char *text = archive_error_string(archive_);
    const std::string_view message = text == nullptr ? "unknown error" : text;
    // Warnings are about what does not matter here: a user's name; a path that is no UTF-8, of which the bytes are kept.
    if (code == ARCHIVE_WARN) return;
    refuse(what_,
           "cannot be read as " +
               std::string(archive_format(archive_) == ARCHIVE_FORMAT_RAW ? "compressed data" : "a tar archive") +
               ": " + std::string(message));
}

archive_entry *Archive::next() {
    archive_entry *entry = nullptr;
    const int code = archive_read_next_header(archive_, &entry);
    if (code == ARCHIVE_EOF && !problem_) return nullptr;
    check(code == ARCHIVE_RETRY ? ARCHIVE_FATAL : code);
    return entry;
}

bool Archive::data(const void **bytes, std::size_t *size, std::int64_t *offset) {
    const int code = archive_read_data_block(archive_, bytes, size, offset);
    if (code == ARCHIVE_EOF && !problem_) return false;
    check(code == ARCHIVE_RETRY ? ARCHIVE_FATAL : code);
    return true;
}

DecompressStream::DecompressStream(ByteStream &source, std::string what)
    : archive_(source, Archive::Content::bytes, std::move(what)), empty_(archive_.next() == nullptr) {}

std::string_view DecompressStream::next() {
    const void *bytes = nullptr;
    std::size_t size = 0;
    std::int64_t offset = 0;
    while (!empty_ && archive_.data(&bytes, &size, &offset))
        if (size != 0) return {static_cast<const char *>(bytes), size};
    return {};
}

MemberStream::MemberStream(const std::string &path, const std::string &member)
    : archive_(path, Archive::Content::compressed_tar), member_(path + ": " + member) {
    while (archive_entry *entry = archive_.next()) {
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
    while (archive_.data(&bytes, &size, &offset)) {
        if (size == 0) continue;
        if (offset != position_)
            refuse(member_, "is stored as a sparse file", "no program writes image archives like that");
        position_ += static_cast<std::int64_t>(size);
        return {static_cast<const char *>(bytes), size};
    }
    return {};
}

} // namespace image
