// SPDX-License-Identifier: MIT
//
// Where the process runs and where its memory comes from: /process/execCPUAffinity and /linux/memoryPolicy.
#pragma once

#include <ctr/plugin.hpp>

#include <optional>
#include <string_view>
#include <vector>

namespace process {

/// CONFIG_NODES_SHIFT is at most 10, CONFIG_NR_CPUS at most 8192.
constexpr unsigned node_max = 1024, cpu_max = 8192;

/// "0-3,7" as numbers below `end`, each once, in order. Nothing: that is no list.
std::optional<std::vector<std::int64_t>> parse_list(std::string_view text, unsigned end);

int plan_affinity(ctr::Plan plan);
int plan_memory_policy(ctr::Plan plan);

int affinity_in_parent(ctr::Run run);
int affinity_in_shell(ctr::Run run, ctr::Shell shell);
int mempolicy_in_shell(ctr::Run run, ctr::Shell shell);

} // namespace process
