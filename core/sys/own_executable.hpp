// SPDX-License-Identifier: MIT
//
// Keeps the machine's ctr out of the container's reach (CVE-2019-5736). Until execve the container's first process is a copy of ctr, and an image whose program
// begins with "#!/proc/self/exe" would run ctr itself inside the container, from where it can be opened for writing. So the child lets go of the
// executable before anything of the container can see it: it unmaps the program and tells the kernel that an empty file in memory is its executable
// (PR_SET_MM_MAP, prctl(2); no second exec, 20 us). That works because the program is a few bytes that call libctr-core.so, where the code is.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <ctr/plugin.h>
#include <linux/prctl.h>

namespace core::sys {

/// What the child needs to let go; made before the clone.
struct OwnExecutable {
    std::uintptr_t low = 0, high = 0; // where the program is mapped; 0: this process cannot let go of it
    prctl_mm_map map{};
};

/// Errors: of memfd_create(2). If this code is part of the program itself (a test, somebody's own tool), the result cannot be let go: `high` is 0. `empty` is
/// the file that takes its place; it must stay open until the clone.
Result<OwnExecutable> own_executable(Fd &empty);

/// 0, or -1 with errno: EINVAL the kernel has no CONFIG_CHECKPOINT_RESTORE, EPERM without CAP_CHECKPOINT_RESTORE (before Linux 5.9: CAP_SYS_ADMIN).
CTR_CHILD int let_go_of(const OwnExecutable *own);

} // namespace core::sys
