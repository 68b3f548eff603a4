// SPDX-License-Identifier: MIT
//
// The four requests of rtnetlink(7) that moving an interface takes.
#pragma once

#include <cstdint>
#include <ctr/cpp/fd.hpp>
#include <ctr/cpp/result.hpp>
#include <string>
#include <vector>

namespace netdevices {

/// An address as the kernel reported it, to be added again in another namespace.
struct Address {
    std::uint8_t family = 0, prefix = 0;
    std::string local, peer, broadcast; // bytes
    std::uint32_t flags = 0;
};

/// A socket in the network namespace in which it was opened. Errors do not contain the interface's name.
class Netlink {
public:
    static ctr::Result<Netlink> open();
    /// 0: there is none.
    ctr::Result<int> index_of(const std::string &name);
    /// Those of global scope that do not expire.
    ctr::Result<std::vector<Address>> addresses(int index);
    /// Moves and renames at once; the interface is down afterwards.
    ctr::Result<> move(int index, int namespace_fd, const std::string &name);
    ctr::Result<> set_up(int index);
    ctr::Result<> add_address(int index, const Address &address);

private:
    Netlink() = default;
    template <typename Found> ctr::Result<> talk(const char *what, std::string &request, Found found);
    ctr::Fd socket_;
    std::uint32_t sequence_ = 0;
};

} // namespace netdevices
