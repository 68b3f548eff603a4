// SPDX-License-Identifier: MIT
#include "calls.hpp"

namespace caller {

CTR_CHILD int in_child(ctr_run *raw) {
    const ctr::ChildRun run{raw};
    handles.run = raw;
    if (strcmp(run.str("context"), "child") == 0) call_by_name(run.str("function"));
    return 0;
}

CTR_CHILD int use_nothing(ctr_run *, int) { return 0; }

} // namespace caller
