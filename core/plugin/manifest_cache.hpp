// SPDX-License-Identifier: MIT
//
// The manifests that an earlier ctr read, in one file in the run root. With it a start opens and parses only the
// plugins that it loads. A stored manifest, or the sum of a pinned file, is valid while its file has the same device,
// inode, size, mode, owner and both times, because nobody but root can set a ctime back. The cache is never needed: if
// it is missing, torn, of another version or writable by others, the plugins are read again.
#pragma once

#include "plugin/manifest.hpp"

#include <cstdint>
#include <forward_list>
#include <memory>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <vector>

namespace core::plugin {

/// Identifies a file and its state (inode(7)).
struct FileIdentity {
    std::uint64_t device = 0, inode = 0, size = 0, mode = 0, owner = 0;
    std::int64_t modified_ns = 0, changed_ns = 0;

    static FileIdentity of(const struct stat &st);
    bool operator==(const FileIdentity &) const = default;
};

class ManifestCache {
public:
    /// An empty cache without a file.
    ManifestCache() = default;
    /// Reads the file; if there is none, the cache is empty. `settled_ns`: how many nanoseconds ago a plugin's last
    /// change must be for it to be stored. The default is far more than the resolution of a file system's times, within
    /// which a second change would not show.
    explicit ManifestCache(std::string file, std::int64_t settled_ns = 2'000'000'000);

    /// The manifests of the file, if they are known and the file is unchanged; else none.
    std::vector<Manifest> find(const std::string &path, const FileIdentity &identity);
    /// The sha256 of the file that find() found last; empty if it was never computed.
    std::string_view digest() const { return found_ != none ? entries_[found_].digest : std::string_view(); }
    /// Stores the sha256 of that file.
    void keep_digest(const std::string &digest);
    /// Stores one of the file's manifests, unless the file changed just now. Call it for all manifests of a file one
    /// after the other.
    void keep(const std::string &path, const FileIdentity &identity, const Manifest &manifest,
              const std::string &digest = {});
    /// Writes what was found and kept, if something is new. It makes no directory. If the file cannot be written,
    /// nothing is stored and there is no error.
    void save() const;

private:
    struct Entry {
        std::string_view path; // in text_ or kept_
        FileIdentity identity;
        std::string_view packed; // likewise
        std::string_view digest; // likewise
        bool used = false;
    };
    void read();

    std::string file_;
    std::int64_t settled_ns_ = 0;
    std::unique_ptr<char[]> text_; // the whole file
    std::size_t size_ = 0;
    std::forward_list<std::string> kept_;
    std::vector<Entry> entries_;
    static constexpr std::size_t none = SIZE_MAX;
    std::size_t found_ = none; // first entry of the file that find() found last
    std::size_t next_ = 0;     // where the next search starts, because plugins are usually asked for in stored order
    bool grown_ = false;
};

} // namespace core::plugin
