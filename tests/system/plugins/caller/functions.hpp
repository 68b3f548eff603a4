// SPDX-License-Identifier: MIT
//
// The functions of the host's table whose contexts are limited, for tests that call each of them in each context.
#pragma once

#include <ctr/contexts.h>

namespace caller {

struct Function {
    const char *name;
    unsigned contexts;
};
inline constexpr Function functions[] = {
#define CTR_ROW(function, contexts) {#function, contexts},
    CTR_HOST_FUNCTIONS(CTR_ROW)
#undef CTR_ROW
};

} // namespace caller
