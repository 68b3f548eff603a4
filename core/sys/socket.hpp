// SPDX-License-Identifier: MIT
//
// Unix sockets by path, and descriptors sent over them: the gate at which a created container waits, and the sockets on
// which engines receive the terminal and the pidfd. A path that is longer than a socket address (107 bytes) is reached
// through /proc/self/fd.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"

#include <string>
#include <sys/socket.h>

namespace core::sys {

/// A listening socket at `path` (type SOCK_STREAM or SOCK_SEQPACKET). Errors: EADDRINUSE.
Result<Fd> listen_at(const std::string &path, int type);
/// A datagram socket that is bound to `path`. Errors: of bind(2).
Result<Fd> bind_datagrams(const std::string &path);
/// Connects to the socket at `path`. Errors: ENOENT; ECONNREFUSED if nobody listens; EPROTOTYPE if the socket is of
/// another type.
Result<Fd> connect_to(const std::string &path, int type);
/// Sends `text` with one descriptor beside it (SCM_RIGHTS, unix(7)). `path` names the receiver in errors.
Result<void> send_fd(int socket, int fd, const std::string &text, const std::string &path);

} // namespace core::sys
