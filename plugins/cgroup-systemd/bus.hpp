// SPDX-License-Identifier: MIT
//
// What is asked of systemd's manager over D-Bus (org.freedesktop.systemd1). Every function fails with an Error that says what systemd answered.
#pragma once

#include "properties.hpp"

#include <ctr/plugin.hpp>

#include <memory>

#include <systemd/sd-bus.h>

namespace ctr::systemd {

class Bus {
public:
    /// Connects to the system bus.
    std::optional<Error> open();
    /// Makes a transient scope with the process in it, and waits until it is there.
    std::optional<Error> start_scope(const std::string &unit, pid_t pid, const Properties &properties);
    /// Stops the unit, waits, and makes systemd forget that it failed. No such unit: all is well.
    std::optional<Error> stop(const std::string &unit);
    std::optional<Error> set_properties(const std::string &unit, const Properties &properties);
    /// Of a unit that systemd knows; nothing if it does not.
    std::optional<std::string> description(const std::string &unit);
    /// The cgroup of a scope. Asked for after a change it also waits until systemd has written the files: what it has in its queue comes
    /// before the next message.
    std::optional<std::string> control_group(const std::string &unit);

private:
    struct Unref {
        void operator()(sd_bus *bus) const { sd_bus_flush_close_unref(bus); }
    };
    std::optional<Error> wait_for(const std::string &job, const std::string &unit);
    std::optional<Error> call_job(sd_bus_message *message, const std::string &unit, std::string &error_name);
    std::optional<std::string> property(const std::string &unit, const char *interface, const char *name);
    static int job_removed(sd_bus_message *message, void *user, sd_bus_error *error);

    std::unique_ptr<sd_bus, Unref> bus_;
    std::vector<std::pair<std::string, std::string>> removed_; // job, result
};

} // namespace ctr::systemd
