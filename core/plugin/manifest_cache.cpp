// SPDX-License-Identifier: MIT
//
// The file has a header with the version, a checksum and the length of the rest; then for each plugin its path,
// identity and manifest, as numbers of this machine and strings behind their lengths. One write(2) writes it in place:
// a kill in between leaves no second file, but a wrong checksum.
#include "plugin/manifest_cache.hpp"

#include "base/fd.hpp"

#include <algorithm>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <type_traits>
#include <unistd.h>

namespace core::plugin {
namespace {

constexpr std::string_view magic = "ctr manifests 3 " CTR_VERSION "\n";
constexpr std::size_t file_limit = std::size_t{1} << 20;

/// FNV-1a by words. It detects torn writes; it is no protection against people.
std::uint64_t checksum(std::string_view text) {
    std::uint64_t sum = 0xcbf29ce484222325ULL;
    while (!text.empty()) {
        std::uint64_t word = 0;
        const std::size_t n = std::min(text.size(), sizeof word);
        std::memcpy(&word, text.data(), n);
        sum = (sum ^ word) * 0x100000001b3ULL;
        text.remove_prefix(n);
    }
    return sum ^ (sum >> 32);
}

template <class T> constexpr bool is_number = std::is_arithmetic_v<T> || std::is_enum_v<T>;

class Packer {
public:
    template <class T> void operator()(const T &value) {
        if constexpr (is_number<T>) {
            out.append(reinterpret_cast<const char *>(&value), sizeof value);
        } else if constexpr (std::is_convertible_v<T, std::string_view>) {
            (*this)(static_cast<std::uint32_t>(value.size()));
            out += value;
        } else if constexpr (std::is_same_v<T, Condition>) {
            (*this)(value.ask), (*this)(value.is);
        } else if constexpr (std::is_same_v<T, DeclaredKind>) {
            (*this)(value.process), (*this)(value.says_arguments), (*this)(value.arguments);
        } else {
            (*this)(static_cast<std::uint32_t>(value.size()));
            for (const auto &each : value)
                (*this)(each);
        }
    }
    template <class K, class V> void operator()(const std::pair<K, V> &pair) {
        (*this)(pair.first), (*this)(pair.second);
    }
    std::string out;
};

/// Reads what Packer wrote. Behind the end every value is empty and failed() is true.
class Unpacker {
public:
    explicit Unpacker(std::string_view text) : text_(text) {}

    template <class T> void operator()(T &value) {
        if constexpr (is_number<T>) {
            const std::string_view bytes = take(sizeof value);
            if (!bytes.empty()) std::memcpy(&value, bytes.data(), sizeof value);
        } else if constexpr (std::is_same_v<T, Condition>) {
            (*this)(value.ask), (*this)(value.is);
        } else if constexpr (std::is_same_v<T, DeclaredKind>) {
            (*this)(value.process), (*this)(value.says_arguments), (*this)(value.arguments);
        } else {
            value = take(number());
        }
    }
    template <class T> void operator()(std::vector<T> &all) {
        const std::uint32_t count = number();
        for (std::uint32_t i = 0; i < count && !failed_; ++i)
            (*this)(all.emplace_back());
    }
    template <class V> void operator()(std::map<std::string, V> &all) {
        const std::uint32_t count = number();
        for (std::uint32_t i = 0; i < count && !failed_; ++i) {
            std::string key;
            (*this)(key);
            (*this)(all.emplace_hint(all.end(), std::move(key), V())->second); // they are stored in order
        }
    }
    std::uint32_t number() {
        std::uint32_t n = 0;
        (*this)(n);
        return n;
    }
    std::string_view take(std::size_t size) {
        failed_ = failed_ || size > text_.size();
        if (failed_) return {};
        const std::string_view taken = text_.substr(0, size);
        text_.remove_prefix(size);
        return taken;
    }
    bool at_end() const { return text_.empty(); }
    bool failed() const { return failed_; }

private:
    std::string_view text_;
    bool failed_ = false;
};

/// All fields of a manifest, for packing and unpacking.
template <class Archive, class Of> void each_field(Archive &archive, Of &manifest) {
    archive(manifest.id), archive(manifest.version), archive(manifest.summary), archive(manifest.slot);
    archive(manifest.automatic), archive(manifest.rank), archive(manifest.when), archive(manifest.operations);
    archive(manifest.always), archive(manifest.extensions), archive(manifest.kinds), archive(manifest.shares_kinds);
    archive(manifest.needs), archive(manifest.gives), archive(manifest.lists_gives), archive(manifest.claims);
    archive(manifest.privileges), archive(manifest.config);
    archive(manifest.features);
}

template <class Archive, class Of> void each_number(Archive &archive, Of &identity) {
    archive(identity.device), archive(identity.inode), archive(identity.size), archive(identity.mode);
    archive(identity.owner), archive(identity.modified_ns), archive(identity.changed_ns);
}

std::int64_t nanoseconds(const timespec &time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

} // namespace

FileIdentity FileIdentity::of(const struct stat &st) {
    return {st.st_dev,
            st.st_ino,
            static_cast<std::uint64_t>(st.st_size),
            st.st_mode,
            st.st_uid,
            nanoseconds(st.st_mtim),
            nanoseconds(st.st_ctim)};
}

ManifestCache::ManifestCache(std::string file, std::int64_t settled_ns)
    : file_(std::move(file)), settled_ns_(settled_ns) {
    const Fd fd(::open(file_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    struct stat st {};
    if (!fd.valid() || ::fstat(fd.get(), &st) != 0 || !S_ISREG(st.st_mode)) return;
    if ((st.st_uid != 0 && st.st_uid != ::geteuid()) || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0) return;
    size_ = static_cast<std::size_t>(st.st_size);
    if (size_ > file_limit) return;
    text_.reset(new char[size_]);
    if (::read(fd.get(), text_.get(), size_) == st.st_size) read();
}

void ManifestCache::read() {
    const std::string_view text(text_.get(), size_);
    if (text.substr(0, magic.size()) != magic) return;
    Unpacker header(text.substr(magic.size()));
    std::uint64_t sum = 0, length = 0;
    header(sum), header(length);
    const std::string_view rest = header.take(length);
    if (header.failed() || !header.at_end() || checksum(rest) != sum) return;
    Unpacker unpack(rest);
    while (!unpack.at_end() && !unpack.failed()) {
        Entry entry;
        unpack(entry.path);
        each_number(unpack, entry.identity);
        unpack(entry.packed);
        unpack(entry.digest);
        if (!unpack.failed()) entries_.push_back(entry);
    }
}

std::vector<Manifest> ManifestCache::find(const std::string &path, const FileIdentity &identity) {
    std::vector<Manifest> found;
    found_ = none;
    const std::size_t first = next_;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        const std::size_t at = (first + i) % entries_.size();
        Entry &entry = entries_[at];
        if (entry.path != path && found.empty()) continue;
        if (entry.path != path) break;
        if (entry.identity != identity) return {};
        Unpacker unpack(entry.packed);
        each_field(unpack, found.emplace_back());
        if (unpack.failed() || !unpack.at_end()) return {};
        entry.used = true;
        if (found_ == none) found_ = at;
        next_ = at + 1;
    }
    return found;
}

void ManifestCache::keep_digest(const std::string &digest) {
    if (found_ == none) return;
    entries_[found_].digest = kept_.emplace_front(digest);
    grown_ = true;
}

void ManifestCache::keep(const std::string &path, const FileIdentity &identity, const Manifest &manifest,
                         const std::string &digest) {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    if (file_.empty() || std::max(identity.modified_ns, identity.changed_ns) > nanoseconds(now) - settled_ns_) return;
    Packer pack;
    each_field(pack, manifest);
    const std::string &kept_path = kept_.emplace_front(path), &packed = kept_.emplace_front(std::move(pack.out));
    entries_.push_back({kept_path, identity, packed, kept_.emplace_front(digest), true});
    grown_ = true;
}

void ManifestCache::save() const {
    if (!grown_) return;
    Packer rest;
    for (const Entry &entry : entries_)
        if (entry.used) {
            rest(entry.path);
            each_number(rest, entry.identity);
            rest(entry.packed);
            rest(entry.digest);
        }
    Packer file;
    file.out = magic;
    file(checksum(rest.out));
    file(std::uint64_t{rest.out.size()});
    file.out += rest.out;
    if (file.out.size() > file_limit) return;
    const Fd fd(::open(file_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
    if (!fd.valid()) return;
    // A torn write does no harm, because its checksum is wrong.
    const ssize_t written = ::pwrite(fd.get(), file.out.data(), file.out.size(), 0);
    if (::ftruncate(fd.get(), std::max<ssize_t>(written, 0)) != 0) return;
}

} // namespace core::plugin
