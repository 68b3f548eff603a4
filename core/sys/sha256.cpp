// SPDX-License-Identifier: MIT
#include "sys/sha256.hpp"

#include "base/fd.hpp"

#include <cstring>
#include <linux/if_alg.h>
#include <sys/socket.h>
#include <unistd.h>

namespace core::sys {

Result<std::string> sha256_of_file(int fd, const std::string &path) {
    const char *hint = "sha256 pins need the kernel's crypto interface (CONFIG_CRYPTO_USER_API_HASH, module algif_hash)";
    const Fd algorithm(::socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    if (!algorithm.valid()) return system_error("socket(AF_ALG)", path, hint);
    sockaddr_alg address{};
    address.salg_family = AF_ALG;
    std::memcpy(address.salg_type, "hash", 5);
    std::memcpy(address.salg_name, "sha256", 7);
    if (::bind(algorithm.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0) return system_error("bind(AF_ALG sha256)", path, hint);
    const Fd hash(::accept4(algorithm.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!hash.valid()) return system_error("accept(AF_ALG)", path, hint);

    char buffer[65536];
    off_t offset = 0;
    for (;;) {
        const ssize_t got = ::pread(fd, buffer, sizeof buffer, offset);
        if (got < 0) return system_error("pread", path);
        if (got == 0) break;
        if (::send(hash.get(), buffer, static_cast<std::size_t>(got), MSG_MORE) != got) return system_error("send(AF_ALG)", path, hint);
        offset += got;
    }
    unsigned char digest[32];
    if (::send(hash.get(), nullptr, 0, 0) < 0 || ::read(hash.get(), digest, sizeof digest) != sizeof digest) return system_error("read(AF_ALG)", path, hint);
    std::string text;
    for (const unsigned char byte : digest) {
        constexpr char digits[] = "0123456789abcdef";
        text += digits[byte >> 4U];
        text += digits[byte & 15U];
    }
    return text;
}

} // namespace core::sys
