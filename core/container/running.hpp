// SPDX-License-Identifier: MIT
//
// Acts on all processes of a living container, through its cgroup driver (sdk/include/ctr/ext/cgroup.h). The
// container's journal says where the cgroup is. Errors: unsupported if the container has no cgroup; not_found; those of
// the driver.
#pragma once

#include "container/engine.hpp"
#include "container/journal.hpp"

#include <map>
#include <string>
#include <vector>

namespace core::container {

/// Sends a signal to the container's first process. Errors: not_found if it is gone ("container not running"). If the
/// container has no pid namespace of its own, SIGKILL goes to all its processes, even if the first one is gone, because
/// its end does not end the others.
Result<void> signal_container(Engine &engine, const std::string &id, int signal);
/// Kills the container's first process, if it still lives, and waits until it is gone. If it is frozen, by whoever it
/// may be, it is thawed first.
Result<void> kill_init(Engine &engine, const std::string &id, const Record &record);
/// Kills the processes that are left after a container's first process has ended, and thaws them for that. In a
/// container with a pid namespace of its own only frozen processes can be left.
Result<void> end_processes(Engine &engine, const std::string &id, const Record &record);
/// True if the kernel ends all processes together with the first one, because the container has a pid namespace of its
/// own.
bool ends_with_first_process(const Engine &engine, const Record &record);
/// Sends a signal to every process of the container.
Result<void> signal_all(Engine &engine, const std::string &id, int signal);
/// Process ids in this process's pid namespace.
Result<std::vector<int>> processes(Engine &engine, const std::string &id);
/// Freezes or thaws all processes. While they are frozen, `state` says "paused".
Result<void> freeze(Engine &engine, const std::string &id, bool frozen);
/// Applies an OCI linux.resources object; what it does not name stays as it is.
Result<void> update(Engine &engine, const std::string &id, const Json &resources);
/// The same for settings that other plugins can change: a part of a config.json, `{"linux": {"intelRdt": {...}}}`
/// (sdk/include/ctr/ext/update.h).
Result<void> update_other(Engine &engine, const std::string &id, const Json &spec);
/// The driver's counters: "memory.usage_bytes" and so on. UINT64_MAX is "no limit".
Result<std::map<std::string, std::uint64_t>> stats(Engine &engine, const std::string &id);

} // namespace core::container
