// SPDX-License-Identifier: MIT
//
// The ids and directories that an unprivileged user has for containers.
#pragma once

#include "front/cli/run_spec.hpp"

namespace core::cli {

/// The user's own id is root in the container. The ids that /etc/subuid and /etc/subgid (subuid(5)) grant follow from 1
/// on, if newuidmap(1) and newgidmap(1) are installed to map them. Both are empty for root, who needs no maps.
struct OwnIds {
    std::vector<IdRange> uids, gids;
};
OwnIds own_ids();

/// Sets the roots that are empty to the user's own directories: $XDG_RUNTIME_DIR/ctr instead of /run/ctr, and
/// $XDG_DATA_HOME/ctr or $HOME/.local/share/ctr instead of /var/lib/ctr (XDG base directory specification). Errors:
/// these variables are not set.
Result<void> use_own_roots(std::string &run_root, std::string &data_root);

} // namespace core::cli
