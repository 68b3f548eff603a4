// SPDX-License-Identifier: MIT
//
// Who has which address. A lease is a symbolic link in the lease directory, named by the address and pointing to the
// container's id:
//
//     leases/10.129.61.7 -> web
//
// symlink(2) makes name and content at once and fails if the name is taken. So one system call takes a lease, without a
// lock, and a crash cannot leave half of it. `ls -l` shows leases, and a script can take one by `ln -s`. The directory
// is on the run root, gone after a reboot like the containers themselves. A lease becomes free only when its
// container's undo or collect() of ctr.network/1 removes it.
#pragma once

#include "subnet.hpp"

#include <ctr/cpp/result.hpp>
#include <string>
#include <utility>
#include <vector>

namespace bridge {

ctr::Result<Address> take_lease(const std::string &directory, const Subnet &subnet, const std::string &id);

/// Removes the lease of `id`: that of the `known` address, or, if that is empty, all that are found. Only leases that
/// point to `id` are removed.
ctr::Result<> give_back(const std::string &directory, const std::string &id, const std::string &known);

/// All leases: address and id.
std::vector<std::pair<std::string, std::string>> list_leases(const std::string &directory);

} // namespace bridge
