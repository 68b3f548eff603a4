// SPDX-License-Identifier: MIT
//
// Stands before _exit(2) for the plugins (the program's own symbols come before the C library's): see sys/in_plugin.hpp. Part of the program only.
#include "sys/in_plugin.hpp"

#include <ctr/plugin.h>
#include <sys/syscall.h>
#include <unistd.h>

extern "C" {

[[gnu::visibility("default"), noreturn]] void _exit(int status) {
    core::sys::check_exit();
    for (;;)
        ::syscall(SYS_exit_group, status);
}

[[gnu::visibility("default"), noreturn]] void _Exit(int status) noexcept { ::_exit(status); }
}
