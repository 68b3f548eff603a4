// SPDX-License-Identifier: MIT
//
// sd_notify(3) for the program of a container: the socket of its caller's service manager (NOTIFY_SOCKET) is the
// machine's, so it gets one of its own, on /run/notify, and what it says there is passed on, as with runc: until it is
// ready by the command that started it, afterwards by whoever stays.
//
//   the caller's environment: NOTIFY_SOCKET  <-- Notify <--  RUN_ROOT/containers.files/ID/notify/notify.sock =
//                                            /run/notify/notify.sock in the container
//
// What a container says is not trusted: only words about its own state pass, no descriptors, and no process ids but its
// own first one's.
#pragma once

#include "base/fd.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "container/container.hpp"
#include "sys/interruption.hpp"

#include <string>

namespace core::cli {

/// The caller has such a socket, and the container's description none of its own.
bool wants_notify(const Json &spec);
/// Adds mount and variable to the description, and asks for the socket's directory.
void add_notify(const container::Engine &engine, container::CreateRequest &request);
/// Where the socket is, if the container was made with one.
std::string notify_directory(const container::Engine &engine, const std::string &id);

class Notify {
public:
    /// Makes the container's socket in that directory of the machine, in place of one that was there.
    static Result<Notify> listen(const std::string &directory);

    int fd() const { return socket_.get(); }
    bool ready() const { return ready_; }
    /// Passes on what is there. `pid`: the container's first process, of which the manager is told when it is ready.
    void pass_on(int pid);
    /// Passes on until the program is ready, or `pidfd` ended, or the command is told to end.
    void until_ready(int pid, int pidfd, sys::Interruption &interruption);
    /// Leaves a process that passes on until `pidfd` ended.
    Result<void> stay(int pid, int pidfd);

private:
    void send(const std::string &text, int as_pid) const;
    Fd socket_;
    bool ready_ = false;
};

} // namespace core::cli
