// SPDX-License-Identifier: MIT
//
// Keeps the machine's ctr out of a container's reach (CVE-2019-5736). Until execve a container's first process is a
// copy of ctr. An image whose program begins with "#!/proc/self/exe" would run ctr itself inside the container. A
// process in the same pid namespace could open /proc/PID/exe and write to the file as soon as nobody runs it. So before
// ctr makes such a process it lets go of its executable: it replaces the mapped file by anonymous memory and tells the
// kernel that an empty file in memory is its executable (PR_SET_MM_MAP, prctl(2)). This takes 30 us and no second exec.
// It is cheap because the program is a few bytes that call libctr-core.so, which has the code.
#pragma once

#include "base/result.hpp"

#include <ctr/plugin.h>
#include <linux/prctl.h>

namespace core::sys {

/// Remembers where the kernel put the words of the command line, so that ps(1) still shows them afterwards. main calls
/// it once.
void remember_arguments(int argc, char **argv);

/// What is left to do if this process may not do it itself, because an unprivileged caller has the right only in the
/// container's user namespace.
struct OwnExecutable {
    bool pending = false;
    prctl_mm_map map{}; // `exe_fd` is open while it is pending
};

/// Lets go of the executable; further calls do nothing. `left`: what a process in the container's user namespace must
/// still do with let_go_of(). Nothing happens if this code is part of the program itself (a test, somebody's own tool).
/// Errors: EINVAL if the kernel has no CONFIG_CHECKPOINT_RESTORE; EPERM for root without CAP_CHECKPOINT_RESTORE (before
/// Linux 5.9: CAP_SYS_ADMIN).
Result<void> let_go_of_executable(OwnExecutable &left);
/// Does what is pending and closes the descriptor. 0, or -1 with errno.
CTR_CHILD int let_go_of(OwnExecutable *own);
inline constexpr const char *let_go_hint =
    "the kernel needs CONFIG_CHECKPOINT_RESTORE to keep ctr's own file out of the container's reach; "
    "\"protect_executable\": false in the config does without";

} // namespace core::sys
