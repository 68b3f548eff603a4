// SPDX-License-Identifier: MIT
//
// A compiled filter as a file: what the cache keeps and what the child reads.
//
//   Header | program (sock_filter[count]) | key (the whole text it was made from)
//
// The key is stored in the file and compared, so that a collision of two file names does no harm.
#pragma once

#include "bpf.hpp"

#include <cstdint>
#include <string>

namespace seccomp {

struct Header {
    char magic[8];          // file_magic
    std::uint32_t count;    // instructions
    std::uint32_t key_size; // bytes
    std::uint64_t check;    // check_of() the program and the key
};

constexpr char file_magic[8] = {'c', 't', 'r', 'b', 'p', 'f', '1', '\n'};

/// 64 bits that change when the bytes do (FNV-1a over words): it detects torn and damaged files, not forged ones. Files
/// of other owners are not read at all.
std::uint64_t check_of(std::string_view bytes);

/// The whole file.
std::string pack(const Program &program, const std::string &key);
/// True if the bytes are a whole file made from that key.
bool is_good(std::string_view bytes, const std::string &key);

/// Opens the cached program for the key: an open file, or -1 if there is none that can be trusted (missing, damaged,
/// another owner, writable by others).
int open_cached(const std::string &directory, const std::string &key);
/// Stores the bytes in the cache. An error is ignored, because the cache only saves time.
bool keep(const std::string &directory, const std::string &key, const std::string &bytes);
/// The bytes in a sealed memory file; -1 with errno set.
int in_memory(const std::string &bytes);

} // namespace seccomp
