// SPDX-License-Identifier: MIT
//
// Requests to systemd's manager over D-Bus (org.freedesktop.systemd1). The Error of a failed request contains systemd's
// answer.
#pragma once

#include "properties.hpp"

#include <ctr/cpp/result.hpp>
#include <ctr/plugin.hpp>

#include <memory>

#include <systemd/sd-bus.h>

namespace ctr::systemd {

class Bus {
public:
    /// Connects to the bus of the machine's systemd (user 0), or of a user's.
    Result<> open(uid_t user);
    /// Makes a transient scope with the process in it, and waits until it is there.
    Result<> start_scope(const std::string &unit, pid_t pid, const Properties &properties);
    /// Moves a process into the cgroup of a unit, or into one below it ("/below"; "" is the unit's own).
    Result<> attach(const std::string &unit, const std::string &below, pid_t pid);
    /// Stops the unit, waits, and resets its failed state. Success if there is no such unit.
    Result<> stop(const std::string &unit);
    Result<> set_properties(const std::string &unit, const Properties &properties);
    /// The Description of a unit; nothing if systemd does not know it.
    std::optional<std::string> description(const std::string &unit);
    /// The cgroup of a scope. After a change this call also waits until systemd has written the files, because systemd
    /// handles its queue before the next message.
    std::optional<std::string> control_group(const std::string &unit);

private:
    struct Unref {
        void operator()(sd_bus *bus) const { sd_bus_flush_close_unref(bus); }
    };
    Result<> wait_for(const std::string &job, const std::string &unit);
    Result<> call_job(sd_bus_message *message, const std::string &unit, std::string &error_name);
    std::optional<std::string> property(const std::string &unit, const char *interface, const char *name);
    static int job_removed(sd_bus_message *message, void *user, sd_bus_error *error);

    std::unique_ptr<sd_bus, Unref> bus_;
    std::vector<std::pair<std::string, std::string>> removed_; // job, result
};

} // namespace ctr::systemd
