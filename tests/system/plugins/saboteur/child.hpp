// SPDX-License-Identifier: MIT
#pragma once

#include <ctr/plugin.hpp>

namespace saboteur {

CTR_CHILD int fail_in_child(ctr_run *raw);
CTR_CHILD int write_in_child(ctr_run *raw);
CTR_CHILD int expect_in_child(ctr_run *raw);

} // namespace saboteur
