// SPDX-License-Identifier: MIT
//
// Who has which address. A lease is a symbolic link in the lease directory, named by the address and pointing to the
// container's id:
//
//     leases/10.129.61.7 -> web
//
// symlink(2) makes name and content at once and fails if the name is taken, so one system call takes a lease, without a
// lock and without a moment at which a crash leaves half of it. `ls -l` shows it and `ln -s` in a script takes part.
// The directory is on the run root, gone after a reboot like the containers themselves. A lease is free only when its
// container's undo or ctr.network/1 collect() took it away.
#pragma once

#include "subnet.hpp"

#include <ctr/cpp/result.hpp>
#include <string>
#include <utility>
#include <vector>

namespace bridge {

ctr::Result<Address> take_lease(const std::string &directory, const Subnet &subnet, const std::string &id);

/// Gives back what `id` has: the `known` address, or, if that is empty, whatever is found. Only leases that point to
/// `id` go.
ctr::Result<> give_back(const std::string &directory, const std::string &id, const std::string &known);

/// All leases: address and id.
std::vector<std::pair<std::string, std::string>> list_leases(const std::string &directory);

} // namespace bridge
