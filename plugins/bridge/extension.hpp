// SPDX-License-Identifier: MIT
//
// ctr.network/1: what the driver holds on the machine (ctr/ext/network.h).
#pragma once

namespace bridge {

const void *extension(const char *id);

} // namespace bridge
