// SPDX-License-Identifier: MIT
//
// The manifests that an earlier ctr read, in one file of the run directory, so that a start opens and parses the
// plugins that it loads and no others. A remembered manifest, or sum of a file that was pinned, counts as long as its
// file is the same by device, inode, size, mode, owner and both times: nobody but root can set a ctime back. The file
// is never needed: what is missing, torn, of another version or could have been written by others is read anew.
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

/// Which file it was, and in which state, inode(7).
struct FileIdentity {
    std::uint64_t device = 0, inode = 0, size = 0, mode = 0, owner = 0;
    std::int64_t modified_ns = 0, changed_ns = 0;

    static FileIdentity of(const struct stat &st);
    bool operator==(const FileIdentity &) const = default;
};

class ManifestCache {
public:
    /// Remembers nothing and keeps nothing.
    ManifestCache() = default;
    /// Reads the file; without it the cache is empty. `settled_ns`: how long ago a plugin's last change must be for it
    /// to be remembered. The default is far more than the grain of a file system's times, in which a second change
    /// would not show.
    explicit ManifestCache(std::string file, std::int64_t settled_ns = 2'000'000'000);

    /// The manifests of the file, if they are known and it is still the same; else none.
    std::vector<Manifest> find(const std::string &path, const FileIdentity &identity);
    /// The sha256 of the file that find() found last; empty: nobody has asked for it.
    std::string_view digest() const { return found_ != none ? entries_[found_].digest : std::string_view(); }
    /// Remembers it for that file.
    void keep_digest(const std::string &digest);
    /// Remembers one of the file's manifests, unless the file changed just now. All of a file are kept one after the
    /// other.
    void keep(const std::string &path, const FileIdentity &identity, const Manifest &manifest,
              const std::string &digest = {});
    /// Writes what was found and kept, if that is more than the file has. Makes no directory; what cannot be written is
    /// not remembered.
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
    std::size_t found_ = none; // the first entry of the file that was found last
    std::size_t next_ = 0;     // plugins are asked for in the order in which they were kept
    bool grown_ = false;
};

} // namespace core::plugin
