// SPDX-License-Identifier: MIT
//
// What is done with all processes of a living container, through its cgroup driver (sdk/include/ctr/ext/cgroup.h):
// where the cgroup is stands in the container's journal. Errors: unsupported if the container has no cgroup; not_found;
// those of the driver.
#pragma once

#include "container/engine.hpp"
#include "container/journal.hpp"

#include <map>
#include <string>
#include <vector>

namespace core::container {

/// Sends a signal to the container's first process. Errors: not_found when it is gone ("container not running").
/// SIGKILL for a container without a pid namespace of its own reaches all of it, also when the first process is gone:
/// its end would not end the others.
Result<void> signal_container(Engine &engine, const std::string &id, int signal);
/// Kills the container's first process, if it still lives, and waits until it is gone. Frozen, by whomever, it is
/// thawed for that.
Result<void> kill_init(Engine &engine, const std::string &id, const Record &record);
/// Kills what is left of a container whose first process has ended, and thaws it for that. Nothing is left of one with
/// a pid namespace of its own, but what is frozen.
Result<void> end_processes(Engine &engine, const std::string &id, const Record &record);
/// With its first process the kernel ends all of it: it has a pid namespace of its own.
bool ends_with_first_process(const Engine &engine, const Record &record);
/// Sends a signal to every process of the container.
Result<void> signal_all(Engine &engine, const std::string &id, int signal);
/// Process ids as this machine sees them.
Result<std::vector<int>> processes(Engine &engine, const std::string &id);
/// Stops all processes where they stand, or lets them go on. `state` says "paused" meanwhile.
Result<void> freeze(Engine &engine, const std::string &id, bool frozen);
/// Applies an OCI linux.resources object; what it does not name stays as it is.
Result<void> update(Engine &engine, const std::string &id, const Json &resources);
/// The same for what is not the cgroup driver's: a part of a config.json, `{"linux": {"intelRdt": {...}}}`
/// (sdk/include/ctr/ext/update.h).
Result<void> update_other(Engine &engine, const std::string &id, const Json &spec);
/// "memory.usage_bytes" and the like, as the driver names them; UINT64_MAX is "no limit".
Result<std::map<std::string, std::uint64_t>> stats(Engine &engine, const std::string &id);

} // namespace core::container
