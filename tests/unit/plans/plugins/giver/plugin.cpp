// SPDX-License-Identifier: MIT
#include <ctr/plugin.hpp>

namespace {
int plan(ctr::Plan) { return 0; }
} // namespace

CTR_PLUGIN("giver", "0.1.0", plan);
