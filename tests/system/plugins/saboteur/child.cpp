// SPDX-License-Identifier: MIT
#include "child.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace saboteur {

CTR_CHILD int fail_in_child(ctr_run *raw) {
    const ctr::ChildRun run{raw};
    if (run.integer("end") != 0) _exit(0);
    if (run.integer("fail") == 0) return 0;
    errno = ENOSPC;
    return run.fail("sabotage", run.str("phase"), "this was on purpose");
}

/// Writes into a descriptor that the parent opened after the clone, and gives one of its own.
CTR_CHILD int write_in_child(ctr_run *raw) {
    const ctr::ChildRun run{raw};
    if (write(run.fd("to"), "hello", 5) != 5) return run.fail("write", "to");
    const int copy = fcntl(run.fd("to"), F_DUPFD_CLOEXEC, 0);
    if (copy < 0) return run.fail("fcntl", "to");
    if (run.output("number", 4711) != 0) return -1;
    return run.output_fd("copy", copy);
}

CTR_CHILD int expect_in_child(ctr_run *raw) {
    const ctr::ChildRun run{raw};
    if (strcmp(run.str("word"), "<back>") == 0) return 0;
    errno = EPROTO;
    return run.fail("expect", run.str("word"));
}

} // namespace saboteur
