// SPDX-License-Identifier: MIT
//
// The four requests of rtnetlink(7) that moving an interface takes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace netdevices {

/// A system call that failed, and its errno.
struct Problem {
    const char *what = nullptr;
    int errno_value = 0;
    explicit operator bool() const { return what != nullptr; }
};

/// An address as the kernel said it, to be said again elsewhere.
struct Address {
    std::uint8_t family = 0, prefix = 0;
    std::string local, peer, broadcast; // bytes
    std::uint32_t flags = 0;
};

/// A socket in the network namespace in which it was opened.
class Netlink {
public:
    Netlink() = default;
    ~Netlink();
    Netlink(const Netlink &) = delete;
    Netlink &operator=(const Netlink &) = delete;

    Problem open();
    /// 0: there is none.
    Problem index_of(const std::string &name, int &index);
    /// Those of global scope that do not expire.
    Problem addresses(int index, std::vector<Address> &all);
    /// Moves and renames at once; the interface is down afterwards.
    Problem move(int index, int namespace_fd, const std::string &name);
    Problem set_up(int index);
    Problem add_address(int index, const Address &address);

private:
    template <typename Found> Problem talk(const char *what, std::string &request, Found found);
    int socket_ = -1;
    std::uint32_t sequence_ = 0;
};

} // namespace netdevices
