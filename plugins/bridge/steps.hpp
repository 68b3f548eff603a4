// SPDX-License-Identifier: MIT
//
// The driver's kinds of step: what runs, what takes it back, and the same in shell commands.
#pragma once

#include <ctr/plugin.hpp>

namespace bridge {

// bridge.ensure  state, bridge, id, gateway ("10.129.0.1/16"), mtu (int, 0: as the default route's interface), nat,
//                keep (int).
//                Outputs index, mtu (int) of the bridge.
int ensure(ctr::Run run);
int ensure_undo(ctr::Run run);
int ensure_shell(ctr::Run run, ctr::Shell shell);
int ensure_shell_undo(ctr::Run run, ctr::Shell shell);

// bridge.lease   state, bridge, id, gateway. Output address (string).
int lease(ctr::Run run);
int lease_undo(ctr::Run run);
int lease_shell(ctr::Run run, ctr::Shell shell);
int lease_shell_undo(ctr::Run run, ctr::Shell shell);

// bridge.attach  stem, bridge (str), index, mtu (int), interface (str), address (str), gateway, pid (int), pidfd (fd).
//                Outputs link (string): the machine's end; namespace (int): the id by which the machine's namespace
//                knows the container's.
int attach(ctr::Run run);
int attach_undo(ctr::Run run);
int attach_shell(ctr::Run run, ctr::Shell shell);
int attach_shell_undo(ctr::Run run, ctr::Shell shell);

} // namespace bridge
