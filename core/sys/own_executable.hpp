// SPDX-License-Identifier: MIT
//
// Keeps the machine's ctr out of a container's reach (CVE-2019-5736). Until execve a container's first process is a
// copy of ctr: an image whose program begins with "#!/proc/self/exe" would run ctr itself inside the container, and a
// process of a container that shares its pid namespace could open /proc/PID/exe, from where the file can be written to
// when nobody runs it any more. So before ctr makes such a process it lets go of its executable: it puts anonymous
// memory in the place of the mapped file and tells the kernel that an empty file in memory is its executable
// (PR_SET_MM_MAP, prctl(2); no second exec, 30 us). That is cheap because the program is a few bytes that call
// libctr-core.so, where the code is.
#pragma once

#include "base/result.hpp"

#include <ctr/plugin.h>
#include <linux/prctl.h>

namespace core::sys {

/// The words of the command line, as the kernel laid them out: ps(1) still shows them afterwards. Called once, by main.
void remember_arguments(int argc, char **argv);

/// What is left to do where this process may not do it itself: only in the container's user namespace has an
/// unprivileged caller the right.
struct OwnExecutable {
    bool pending = false;
    prctl_mm_map map{}; // `exe_fd` is open as long as it is pending
};

/// Lets go of it, once for all. `left`: what a process of the container's user namespace has to do, with let_go_of().
/// If this code is part of the program itself (a test, somebody's own tool) nothing happens. Errors: EINVAL the kernel
/// has no CONFIG_CHECKPOINT_RESTORE; EPERM root without CAP_CHECKPOINT_RESTORE (before Linux 5.9: CAP_SYS_ADMIN).
Result<void> let_go_of_executable(OwnExecutable &left);
/// 0, or -1 with errno. Closes the descriptor.
CTR_CHILD int let_go_of(OwnExecutable *own);
inline constexpr const char *let_go_hint =
    "the kernel needs CONFIG_CHECKPOINT_RESTORE to keep ctr's own file out of the container's reach; "
    "\"protect_executable\": false in the config does without";

} // namespace core::sys
