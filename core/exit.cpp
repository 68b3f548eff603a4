// SPDX-License-Identifier: MIT
//
// Called by _exit(2) of the executable (main.c) first: see sys/in_plugin.hpp. Only the program contains it.
#include "sys/in_plugin.hpp"

extern "C" [[gnu::visibility("default")]] void ctr_check_exit() { core::sys::check_exit(); }
