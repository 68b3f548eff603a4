// SPDX-License-Identifier: MIT
//
// What containers share: the bridge and its nft table. They are made under a lock, with a reference for each container:
//
//     STATE_DIR             flock(2) on the directory itself is the lock
//     STATE_DIR/ctr0/refs/ID        container ID uses ctr0
//     STATE_DIR/ctr0/leases/ADDRESS -> ID   (leases.hpp)
//     STATE_DIR/ctr0/bridge -> "INDEX ADDRESS/PREFIX" of the bridge that was found to be right
//     STATE_DIR/ctr0/making         the bridge is being made: one without a mark is ours, half done
//
// When the last reference is dropped they are removed, unless `keep` is set: the bridge only if its alias has this
// state directory's mark, the table only if its comment has it. What an administrator made is used and never changed.
#pragma once

#include "links.hpp"
#include "subnet.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace bridge {

struct Shared {
    std::string state_dir;
    std::string bridge;
    bool nat = true;
    bool isolate = true;
    bool keep = false; ///< stays when the last reference goes

    std::string directory() const { return state_dir + "/" + bridge; }
    std::string references() const { return directory() + "/refs"; }
    std::string leases() const { return directory() + "/leases"; }
};

/// Takes the reference of `id` and makes what is missing. `mtu` 0 means that of the default route's interface. Returns
/// the bridge.
ctr::Result<Link> acquire(const Shared &shared, const std::string &id, const Subnet &subnet, int mtu);

/// Drops the reference of `id`; with the last one removes what is shared, unless `keep` is set. Success if it is not
/// there.
ctr::Result<> release(const Shared &shared, const std::string &id);

/// Takes bridge and table away if no reference is left, whatever `keep` says; false if one is.
ctr::Result<bool> remove_unused(const Shared &shared);

} // namespace bridge
