// SPDX-License-Identifier: MIT
//
// Limits for untrusted sources. A few packed bytes can become any number of entries, names and bytes, in memory and on
// disk. So everything is counted from the first byte on, both when a source is examined and when a layer is unpacked.
// Each limit is a key of the plugin's section in the config, and its error names the key.
#pragma once

#include "failure.hpp"

#include <sys/resource.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace image {

struct Limits {
    std::uint64_t max_layers = 500;
    std::uint64_t max_entries = 1'000'000; // of a layer or an archive
    std::uint64_t max_name_bytes = std::uint64_t{256}
                                   << 20; // names and link targets of a layer's or an archive's entries
    std::uint64_t max_unpacked_bytes = std::uint64_t{64} << 30; // of an image
    std::uint64_t max_ratio = 200;                              // unpacked : packed
    std::uint64_t max_memory_bytes = std::uint64_t{512} << 20;  // more than there was before
};

/// Below this size the ratio is not checked.
inline constexpr std::uint64_t ratio_counts_from = std::uint64_t{16} << 20;

/// Counts one layer or archive; throws Failure at the first limit.
class Meter {
public:
    /// `before`: bytes that other layers of the image have used up.
    Meter(const Limits &limits, std::string what, std::uint64_t before = 0)
        : limits_(limits), what_(std::move(what)), before_(before) {}
    void entry(std::string_view name, std::string_view link);
    /// Counts: `packed` bytes became `bytes` bytes.
    void unpacked(std::uint64_t packed, std::uint64_t bytes);
    std::uint64_t entries() const { return entries_; }

private:
    const Limits limits_;
    std::string what_;
    std::uint64_t before_;
    std::uint64_t entries_ = 0;
    std::uint64_t name_bytes_ = 0;
};

/// While it exists, the process gets at most `bytes` of memory more than it has. Libraries that unpack then fail with
/// an error if an untrusted header makes them allocate too much (a dictionary of 4 GiB, a map of a sparse file).
class MemoryLimit {
public:
    explicit MemoryLimit(std::uint64_t bytes);
    ~MemoryLimit();
    MemoryLimit(const MemoryLimit &) = delete;
    MemoryLimit &operator=(const MemoryLimit &) = delete;

private:
    struct rlimit before_ {};
    bool set_ = false;
};

/// By the names of the config's keys, which are also those of the arguments of image.unpack. `value` gives a key's
/// value; none: the default.
Limits read_limits(const std::function<std::optional<std::int64_t>(const char *)> &value);
/// Calls each(key, value) for all.
void each_limit(const Limits &limits, const std::function<void(const char *, std::int64_t)> &each);

[[noreturn]] void over_limit(const std::string &path, const std::string &message, const char *key);
/// Of a std::bad_alloc under a MemoryLimit.
Failure memory_failure(const std::string &path = {});

} // namespace image
