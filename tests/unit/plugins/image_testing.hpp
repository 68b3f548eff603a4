// SPDX-License-Identifier: MIT
//
// What the tests of the plugin `image` share: a temporary directory, tars made on the spot, and looking at what became
// of them.
#pragma once

#include "archive.hpp"
#include "digest.hpp"
#include "failure.hpp"
#include "layer.hpp"
#include "unpacker.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>

namespace image::testing {

class TemporaryDirectory {
public:
    TemporaryDirectory() {
        std::string pattern = ::testing::TempDir() + "/ctr-image-XXXXXX";
        if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp " + pattern);
        path_ = pattern;
    }
    ~TemporaryDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    std::string operator/(const std::string &name) const { return path_ + "/" + name; }
    const std::string &path() const { return path_; }

private:
    std::string path_;
};

inline void put_file(const std::string &path, const std::string &text) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << text;
}

inline std::string content_of(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

inline bool there(const std::string &path) {
    struct stat about {};
    return lstat(path.c_str(), &about) == 0;
}

inline struct stat look_at(const std::string &path) {
    struct stat about {};
    EXPECT_EQ(lstat(path.c_str(), &about), 0) << path;
    return about;
}

/// A tar in memory.
class Tar {
public:
    explicit Tar(int filter = ARCHIVE_FILTER_NONE) : archive_(archive_write_new()) {
        archive_write_set_format_pax(archive_);
        archive_write_add_filter(archive_, filter);
        archive_write_set_bytes_in_last_block(archive_, 1);
        archive_write_open(archive_, &bytes_, nullptr, append, nullptr);
    }
    ~Tar() { archive_write_free(archive_); }
    Tar(const Tar &) = delete;
    Tar &operator=(const Tar &) = delete;

    using Change = std::function<void(archive_entry *)>;
    Tar &file(const std::string &name, const std::string &text, const Change &change = {}) {
        return add(name, AE_IFREG, 0644, text, change);
    }
    Tar &directory(const std::string &name, mode_t mode = 0755, const Change &change = {}) {
        return add(name, AE_IFDIR, mode, {}, change);
    }
    Tar &symlink(const std::string &name, const std::string &target) {
        return add(name, AE_IFLNK, 0777, {},
                   [&](archive_entry *entry) { archive_entry_set_symlink(entry, target.c_str()); });
    }
    Tar &hardlink(const std::string &name, const std::string &target) {
        return add(name, AE_IFREG, 0644, {},
                   [&](archive_entry *entry) { archive_entry_set_hardlink(entry, target.c_str()); });
    }
    Tar &fifo(const std::string &name) { return add(name, AE_IFIFO, 0600, {}, {}); }
    Tar &whiteout(const std::string &name) { return file(name, ""); }

    Tar &add(const std::string &name, mode_t type, mode_t mode, const std::string &text, const Change &change) {
        archive_entry *entry = archive_entry_new();
        archive_entry_set_pathname(entry, name.c_str());
        archive_entry_set_filetype(entry, type);
        archive_entry_set_perm(entry, mode);
        archive_entry_set_mtime(entry, 1'000'000'000, 0);
        archive_entry_set_size(entry, static_cast<std::int64_t>(text.size()));
        if (change) change(entry);
        EXPECT_GE(archive_write_header(archive_, entry), ARCHIVE_WARN)
            << name << ": " << archive_error_string(archive_);
        if (!text.empty()) archive_write_data(archive_, text.data(), text.size());
        archive_entry_free(entry);
        return *this;
    }
    /// The finished tar.
    std::string bytes() {
        archive_write_close(archive_);
        return bytes_;
    }

private:
    Utf8Names names_;
    static la_ssize_t append(archive *, void *to, const void *data, size_t size) {
        static_cast<std::string *>(to)->append(static_cast<const char *>(data), size);
        return static_cast<la_ssize_t>(size);
    }
    std::string bytes_;
    archive *archive_;
};

inline std::string compressed(const std::string &bytes, int filter) {
    std::string out;
    archive *writer = archive_write_new();
    archive_write_set_format_raw(writer);
    archive_write_add_filter(writer, filter);
    archive_write_set_bytes_in_last_block(writer, 1);
    archive_write_open(
        writer, &out, nullptr,
        [](archive *, void *to, const void *data, size_t size) {
            static_cast<std::string *>(to)->append(static_cast<const char *>(data), size);
            return static_cast<la_ssize_t>(size);
        },
        nullptr);
    archive_entry *entry = archive_entry_new();
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_write_header(writer, entry);
    archive_write_data(writer, bytes.data(), bytes.size());
    archive_entry_free(entry);
    archive_write_close(writer);
    archive_write_free(writer);
    return out;
}

class StringStream : public ByteStream {
public:
    explicit StringStream(std::string text) : text_(std::move(text)) {}
    std::string_view next() override {
        // Odd pieces: nothing may depend on how a stream is cut.
        const std::string_view piece = std::string_view(text_).substr(at_, 1000);
        at_ += piece.size();
        return piece;
    }

private:
    std::string text_;
    std::size_t at_ = 0;
};

inline UnpackResult unpack_into(const std::string &directory, const std::string &tar, UnpackOptions options = {}) {
    options.unprivileged = true;
    std::filesystem::create_directories(directory);
    const ctr::Fd root(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    StringStream stream(tar);
    Meter meter(options.limits, "layer", options.bytes_before);
    return Unpacker(root.get(), options, meter).unpack(stream);
}

/// The message and hint with which `work` fails; empty if it does not.
template <typename Work> std::string failure_of(Work work) {
    try {
        work();
        return {};
    } catch (const Failure &failure) {
        const ctr::Error &e = failure.error;
        return e.path + ": " + e.message + (e.syscall.empty() ? "" : e.syscall + ": " + strerror(e.errno_value)) +
               (e.hint.empty() ? "" : "; " + e.hint);
    }
}

} // namespace image::testing
