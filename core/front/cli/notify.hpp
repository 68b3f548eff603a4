// SPDX-License-Identifier: MIT
//
// sd_notify(3) for the program of a container. The socket of the caller's service manager (NOTIFY_SOCKET) is on the
// machine, so the program gets a socket of its own in /run/notify. What it says there is passed on, as with runc: by
// the command that started it until it is ready, afterwards by the process that stays.
//
//   the caller's environment: NOTIFY_SOCKET  <-- Notify <--  RUN_ROOT/containers.files/ID/notify/notify.sock =
//                                            /run/notify/notify.sock in the container
//
// What a container says is not trusted. Only assignments about its own state are passed on, no descriptors, and no
// process id except that of its own first process.
#pragma once

#include "base/fd.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "container/container.hpp"
#include "sys/interruption.hpp"

#include <string>

namespace core::cli {

/// True if the caller has such a socket and the container's description does not set one.
bool wants_notify(const Json &spec);
/// Adds the mount and the variable to the description, and requests the socket's directory.
void add_notify(const container::Engine &engine, container::CreateRequest &request);
/// The directory of the socket, if the container was made with one.
std::string notify_directory(const container::Engine &engine, const std::string &id);

class Notify {
public:
    /// Makes the container's socket in that directory of the machine. An old socket is replaced.
    static Result<Notify> listen(const std::string &directory);

    int fd() const { return socket_.get(); }
    bool ready() const { return ready_; }
    /// Passes on the messages that have arrived. `pid`: the container's first process, which the manager is told when
    /// the program is ready.
    void pass_on(int pid);
    /// Passes on until the program is ready, the process of `pidfd` has ended, or the command is told to end.
    void until_ready(int pid, int pidfd, sys::Interruption &interruption);
    /// Leaves a process behind that passes on until the process of `pidfd` has ended.
    Result<void> stay(int pid, int pidfd);

private:
    void send(const std::string &text, int as_pid) const;
    Fd socket_;
    bool ready_ = false;
};

} // namespace core::cli
