// SPDX-License-Identifier: MIT
//
// The capabilities that docker gives a container that asks for nothing (moby, oci/caps/defaults.go), without CAP_.
#pragma once

namespace capabilities {

inline constexpr const char *docker_default[] = {
    "CHOWN",  "DAC_OVERRIDE", "FSETID",  "FOWNER",           "MKNOD",      "NET_RAW", "SETGID",
    "SETUID", "SETFCAP",      "SETPCAP", "NET_BIND_SERVICE", "SYS_CHROOT", "KILL",    "AUDIT_WRITE"};

} // namespace capabilities
