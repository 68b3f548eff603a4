// SPDX-License-Identifier: MIT
//
// What a user without privilege has to make a container of.
#pragma once

#include "front/cli/run_spec.hpp"

namespace core::cli {

/// Root in the container is the user himself; what /etc/subuid and /etc/subgid (subuid(5)) grant him follows from 1 on,
/// where newuidmap(1) is installed to map it. Both are empty for root, who needs no maps.
struct OwnIds {
    std::vector<IdRange> uids, gids;
};
OwnIds own_ids();

/// The user's own place for what is in /run/ctr and /var/lib/ctr for root: $XDG_RUNTIME_DIR/ctr, $XDG_DATA_HOME/ctr
/// (XDG base directory specification). Errors: the environment names none.
Result<void> use_own_roots(std::string &run_root, std::string &data_root);

} // namespace core::cli
