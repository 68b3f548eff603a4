// SPDX-License-Identifier: MIT
#include "limits.hpp"

#include "failure.hpp"

#include <cstdio>
#include <memory>
#include <unistd.h>

namespace image {

namespace {

struct Key {
    const char *name;
    std::uint64_t Limits::*value;
};
constexpr Key keys[] = {
    {"max_layers", &Limits::max_layers},         {"max_entries", &Limits::max_entries},
    {"max_name_bytes", &Limits::max_name_bytes}, {"max_unpacked_bytes", &Limits::max_unpacked_bytes},
    {"max_ratio", &Limits::max_ratio},           {"max_memory_bytes", &Limits::max_memory_bytes},
};

Failure beyond(std::string path, std::string message, const char *key) {
    return Failure(
        {.error_class = CTR_E_INVALID,
         .message = brief(std::move(message), 1000),
         .hint = std::string("if it is to be trusted, allow more in the config: {\"image\": {\"") + key + "\": N}}",
         .path = brief(std::move(path))});
}

} // namespace

Limits read_limits(const std::function<std::optional<std::int64_t>(const char *)> &value) {
    Limits limits;
    for (const Key &key : keys)
        if (const auto given = value(key.name)) limits.*key.value = static_cast<std::uint64_t>(*given);
    return limits;
}

void each_limit(const Limits &limits, const std::function<void(const char *, std::int64_t)> &each) {
    for (const Key &key : keys)
        each(key.name, static_cast<std::int64_t>(limits.*key.value));
}

void over_limit(const std::string &path, const std::string &message, const char *key) {
    throw beyond(path, message, key);
}

Failure memory_failure(const std::string &path) {
    return beyond(path, "takes more memory to read than is allowed", "max_memory_bytes");
}

void Meter::entry(std::string_view name, std::string_view link) {
    if (++entries_ > limits_.max_entries)
        over_limit(what_, "has more than " + std::to_string(limits_.max_entries) + " entries", "max_entries");
    name_bytes_ += name.size() + link.size();
    if (name_bytes_ > limits_.max_name_bytes)
        over_limit(what_,
                   "the names of its entries are longer than " + std::to_string(limits_.max_name_bytes) +
                       " bytes in all",
                   "max_name_bytes");
}

void Meter::unpacked(std::uint64_t packed, std::uint64_t bytes) {
    if (bytes > limits_.max_unpacked_bytes || before_ > limits_.max_unpacked_bytes - bytes)
        over_limit(what_,
                   "unpacks to more than " + std::to_string(limits_.max_unpacked_bytes) +
                       " bytes with the layers before it",
                   "max_unpacked_bytes");
    if (bytes > ratio_counts_from && bytes / limits_.max_ratio > packed)
        over_limit(what_, "unpacks to more than " + std::to_string(limits_.max_ratio) + " times its size", "max_ratio");
}

MemoryLimit::MemoryLimit(std::uint64_t bytes) {
    if (getrlimit(RLIMIT_DATA, &before_) != 0) system_failure("getrlimit", "RLIMIT_DATA");
    // Its sixth number is the pages of data, which is what the kernel compares with the limit.
    unsigned long long pages = 0;
    const std::unique_ptr<FILE, int (*)(FILE *)> statm(std::fopen("/proc/self/statm", "re"), std::fclose);
    if (!statm || std::fscanf(statm.get(), "%*u %*u %*u %*u %*u %llu", &pages) != 1) // NOLINT
        refuse("/proc/self/statm", "does not say how much memory ctr has", "importing an image needs /proc");
    struct rlimit mine = before_;
    const std::uint64_t most = pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) + bytes;
    if (mine.rlim_cur != RLIM_INFINITY && mine.rlim_cur <= most) return; // the caller's limit is lower
    mine.rlim_cur = most;
    if (setrlimit(RLIMIT_DATA, &mine) != 0) system_failure("setrlimit", "RLIMIT_DATA");
    set_ = true;
}

MemoryLimit::~MemoryLimit() {
    if (set_) setrlimit(RLIMIT_DATA, &before_);
}

} // namespace image
