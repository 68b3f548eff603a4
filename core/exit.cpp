// SPDX-License-Identifier: MIT
//
// What the door's _exit(2) asks first (main.c): see sys/in_plugin.hpp. Part of the program only.
#include "sys/in_plugin.hpp"

extern "C" [[gnu::visibility("default")]] void ctr_check_exit() { core::sys::check_exit(); }
