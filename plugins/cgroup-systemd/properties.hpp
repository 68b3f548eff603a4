// SPDX-License-Identifier: MIT
//
// Limits as properties of a unit, "NAME=VALUE". With them systemd writes the same numbers when it writes the cgroup's
// files again (daemon-reload). They are made from the settings for the files, so the two cannot differ. Pure.
#pragma once

#include "../cgroup-common/devices.hpp"
#include "../cgroup-common/setting.hpp"

#include <cstdint>

namespace ctr::systemd {

using Properties = std::vector<std::string>;

/// Settings without a property in systemd (hugetlb, rdma, io.max) are left out; systemd does not write those files.
Properties limit_properties(const cgroup::Settings &settings);

/// The same for the files of cgroup v1. systemd knows cpu, memory, pids, blkio and devices there, and no cpuset.
Properties limit_properties_v1(const cgroup::Settings &settings);

/// DevicePolicy and DeviceAllow for effective_rules() that deny all first. systemd cannot deny a part of what it
/// allows. Its program is then less strict than ours, but the kernel asks both.
Properties device_properties(const std::vector<cgroup::DeviceRule> &rules);

/// The type of a property that is known here, in D-Bus' letters: "t", "b", "s", "i", "ay", "as", "a(ss)"; null:
/// unknown.
const char *type_of(std::string_view name);

/// "0-2,5" as the bytes that AllowedCPUs takes: 0x27. Nothing if it is no such list.
std::optional<std::vector<std::uint8_t>> mask_of(std::string_view list);

/// An annotation org.systemd.property.NAME=VALUE, VALUE in GVariant's text form. Only names that start no program and
/// remove no protection (CVE-2024-3154); others are refused. TimeoutStopSec counts seconds and becomes TimeoutStopUSec.
Result<std::string> annotated_property(std::string_view name, std::string_view value);

} // namespace ctr::systemd
