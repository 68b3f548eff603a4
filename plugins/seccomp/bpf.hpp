// SPDX-License-Identifier: MIT
//
// From a profile to a program of the kernel's filter machine.
//
// Why not libseccomp's own code generator: the kernel runs a new filter once for every system call number when it is
// installed, so each start of a container pays for a slow program, and generating one costs milliseconds (README.md has
// the numbers). Numbers of system calls with the same action form runs; a binary search over the runs needs a fourth of
// the instructions. libseccomp says which number a name has; tests/unit/plugins/seccomp_bpf_test.cpp runs both programs
// over all numbers and compares the results.
#pragma once

#include "profile.hpp"

#include <ctr/cpp/result.hpp>
#include <linux/filter.h>

namespace seccomp {

using Program = std::vector<sock_filter>;

/// The program, which must fit into the kernel's 4096 instructions, for architectures of this machine. Names that no
/// table knows are collected in `unknown` (as other OCI runtimes do, they are skipped).
///
/// What decides, as with libseccomp: the first rule without conditions for a system call covers it as a whole; without
/// one, the rules with conditions are tried in their order, then the default action. A system call newer than all that
/// the profile names gets ENOSYS where the default forbids (ERRNO, TRAP, KILL): C libraries try new calls and fall back
/// on ENOSYS only. A foreign architecture kills the process.
ctr::Result<Program> compile(const Profile &profile, std::vector<std::string> &unknown);

} // namespace seccomp
