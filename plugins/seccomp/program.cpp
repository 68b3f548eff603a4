// SPDX-License-Identifier: MIT
#include "program.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctr/cpp/fd.hpp>
#include <ctr/cpp/text.hpp>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace seccomp {
namespace {

using ctr::Fd;

constexpr std::size_t file_max = std::size_t{1} << 20;

std::string path_of(const std::string &directory, const std::string &key) {
    return directory + "/" + ctr::hex(check_of(key), 16) + ".bpf";
}

bool write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

} // namespace

std::uint64_t check_of(std::string_view bytes) {
    std::uint64_t hash = 0xcbf29ce484222325 ^ bytes.size();
    while (!bytes.empty()) {
        std::uint64_t word = 0;
        const std::size_t length = std::min(bytes.size(), sizeof word);
        std::memcpy(&word, bytes.data(), length);
        hash = (hash ^ word) * 0x100000001b3;
        hash ^= hash >> 32;
        bytes.remove_prefix(length);
    }
    return hash;
}

std::string pack(const Program &program, const std::string &key) {
    Header header{};
    std::memcpy(header.magic, file_magic, sizeof header.magic);
    header.count = static_cast<std::uint32_t>(program.size());
    header.key_size = static_cast<std::uint32_t>(key.size());
    const std::size_t program_size = program.size() * sizeof(sock_filter);
    std::string bytes(sizeof header + program_size, '\0');
    std::memcpy(bytes.data() + sizeof header, program.data(), program_size);
    bytes += key;
    header.check = check_of(std::string_view(bytes).substr(sizeof header));
    std::memcpy(bytes.data(), &header, sizeof header);
    return bytes;
}

bool is_good(std::string_view bytes, const std::string &key) {
    Header header{};
    if (bytes.size() < sizeof header) return false;
    std::memcpy(&header, bytes.data(), sizeof header);
    bytes.remove_prefix(sizeof header);
    if (std::memcmp(header.magic, file_magic, sizeof header.magic) != 0 || header.count == 0 ||
        header.count > BPF_MAXINSNS)
        return false;
    const std::size_t program_size = header.count * sizeof(sock_filter);
    return header.key_size == key.size() && bytes.size() == program_size + key.size() &&
           bytes.substr(program_size) == key && check_of(bytes) == header.check;
}

int open_cached(const std::string &directory, const std::string &key) {
    Fd file(::open(path_of(directory, key).c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat st {};
    if (file.get() < 0 || ::fstat(file.get(), &st) != 0) return -1;
    if (!S_ISREG(st.st_mode) || st.st_uid != ::geteuid() || (st.st_mode & 077) != 0) return -1;
    const auto size = static_cast<std::size_t>(st.st_size);
    if (size > file_max) return -1;
    std::string bytes(size, '\0');
    if (::pread(file.get(), bytes.data(), size, 0) != st.st_size || !is_good(bytes, key)) return -1;
    // Not the file itself, because other processes may open the child's descriptors, and who can write to the file
    // could change the filters of all later containers.
    return in_memory(bytes);
}

bool keep(const std::string &directory, const std::string &key, const std::string &bytes) {
    const std::string path = path_of(directory, key);
    const std::string fresh = path + "." + std::to_string(::getpid());
    ::unlink(fresh.c_str()); // left by a dead process that had our number
    {
        Fd file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
        if (file.get() < 0) return false;
        // Independent of the caller's umask, because a file that its maker cannot read would never be used.
        if (::fchmod(file.get(), 0600) != 0 || !write_all(file.get(), bytes)) return ::unlink(fresh.c_str()), false;
    }
    if (::rename(fresh.c_str(), path.c_str()) == 0) return true;
    return ::unlink(fresh.c_str()), false;
}

int in_memory(const std::string &bytes) {
    Fd file(::memfd_create("ctr-seccomp", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (file.get() < 0 || !write_all(file.get(), bytes)) return -1;
    if (::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0) return -1;
    return file.release();
}

} // namespace seccomp
