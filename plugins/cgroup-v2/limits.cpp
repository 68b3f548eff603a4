// SPDX-License-Identifier: MIT
#include "limits.hpp"

#include <algorithm>
#include <cmath>

namespace ctr::cgroup2 {
namespace {

using cgroup::Setting;
using cgroup::Settings;
using cgroup::When;

void add(Settings &out, std::string file, std::string value, When when = When::always) {
    out.push_back({std::move(file), std::move(value), when});
}

/// The spec's swap is memory and swap together, memory.swap.max is swap alone. Where swap is not counted that file is
/// missing; then only a limit with a number is an error.
Result<> swap(const cgroup::Memory &m, const Current *current, Settings &out) {
    const bool unlimited = m.limit && *m.limit < 0;
    if (!m.swap && !unlimited) return {};
    if (!m.swap || *m.swap < 0) return add(out, "memory.swap.max", "max", When::if_present), Result<>();
    if (unlimited) // as with runc: the number is that of swap
        return add(out, "memory.swap.max", std::to_string(*m.swap)), Result<>();
    const auto limit = m.limit ? m.limit : current != nullptr ? current->memory_max : std::nullopt;
    if (!limit || *limit < 0)
        return invalid("/linux/resources/memory/swap",
                       "it is a limit of memory and swap together; without a limit of memory, v2 cannot say it",
                       "give memory.limit too");
    if (*m.swap < *limit)
        return invalid("/linux/resources/memory/swap",
                       "it is the limit of memory and swap together, so it may not be below memory.limit",
                       "give a swap of at least " + std::to_string(*limit));
    const auto alone = std::to_string(*m.swap - *limit);
    add(out, "memory.swap.max", alone, alone == "0" ? When::if_present : When::always);
    return {};
}

Result<> memory(const cgroup::Memory &m, const Current *current, Settings &out) {
    if (m.disable_oom_killer.value_or(false))
        return invalid("/linux/resources/memory/disableOOMKiller",
                       "cgroup v2 cannot keep the OOM killer away from a cgroup", "leave it out");
    if (!m.use_hierarchy.value_or(true))
        return invalid("/linux/resources/memory/useHierarchy", "cgroup v2 always accounts for the whole subtree",
                       "leave it out");
    if (m.limit) add(out, "memory.max", cgroup::number_or(*m.limit, "max"));
    CTR_TRY(swap(m, current, out));
    if (m.reservation) add(out, "memory.low", cgroup::number_or(*m.reservation, "max"));
    return {};
}

/// cpu.max is "QUOTA PERIOD". The kernel keeps the period when only a quota is written, but not the other way round.
void bandwidth(const cgroup::Cpu &c, const Current *current, Settings &out) {
    if (!c.quota && !c.period) return;
    const std::string period = c.period ? ' ' + std::to_string(*c.period) : std::string();
    std::string quota = c.quota ? cgroup::number_or(*c.quota, "max") : "max";
    if (!c.quota && current != nullptr && !current->cpu_max.empty())
        quota = current->cpu_max.substr(0, current->cpu_max.find(' '));
    add(out, "cpu.max", quota + period);
}

void cpu(const cgroup::Cpu &c, const Current *current, Settings &out) {
    if (!c.cpus.empty()) add(out, "cpuset.cpus", c.cpus);
    if (!c.mems.empty()) add(out, "cpuset.mems", c.mems);
    // A cgroup that is idle has no weight: the kernel refuses one after cpu.idle=1, and before cpu.idle=0.
    if (c.idle && *c.idle == 0)
        add(out, "cpu.idle", "0", When::if_present); // Linux 5.15; without the file no cgroup is idle
    if (c.shares) add(out, "cpu.weight", std::to_string(weight_of_shares(*c.shares)));
    bandwidth(c, current, out);
    if (c.burst)
        add(out, "cpu.max.burst", std::to_string(*c.burst),
            *c.burst == 0 ? When::if_present : When::always); // Linux 5.14
    if (c.idle && *c.idle == 1) add(out, "cpu.idle", "1");
}

/// One line of io.max for each device, with all its limits.
void rates(const cgroup::BlockIo &io, Settings &out) {
    std::vector<std::pair<std::string, std::string>> devices;
    const auto collect = [&](const std::vector<cgroup::DeviceRate> &all, const char *key) {
        for (const auto &each : all) {
            auto at =
                std::find_if(devices.begin(), devices.end(), [&](const auto &d) { return d.first == each.device(); });
            if (at == devices.end()) at = devices.insert(at, {each.device(), {}});
            at->second += ' ' + std::string(key) + '=' +
                          (each.rate == 0 ? "max" : std::to_string(each.rate)); // in v1 0 removes the limit
        }
    };
    collect(io.read_bps, "rbps");
    collect(io.write_bps, "wbps");
    collect(io.read_iops, "riops");
    collect(io.write_iops, "wiops");
    for (const auto &[device, limits] : devices)
        add(out, "io.max", device + limits);
}

/// bfq takes v1's numbers; the kernel's own cost model counts to 10000.
Result<> block_io(const cgroup::BlockIo &io, Settings &out) {
    const char *const hint = "it belonged to CFQ, which Linux 5.0 removed; give weight alone";
    if (io.leaf_weight) return invalid("/linux/resources/blockIO/leafWeight", "cgroup v2 has no leaf weights", hint);
    if (io.weight) {
        add(out, "io.bfq.weight", std::to_string(*io.weight));
        add(out, "io.weight", std::to_string(io_weight(*io.weight)), When::if_previous_missing);
    }
    for (const auto &each : io.weight_devices) {
        if (each.leaf_weight)
            return invalid("/linux/resources/blockIO/weightDevice", "cgroup v2 has no leaf weights", hint);
        const std::string device = std::to_string(each.major) + ':' + std::to_string(each.minor) + ' ';
        add(out, "io.bfq.weight", device + std::to_string(*each.weight));
        add(out, "io.weight", device + std::to_string(io_weight(*each.weight)), When::if_previous_missing);
    }
    rates(io, out);
    return {};
}

Result<> only_v1(const cgroup::Resources &r) {
    const char *const hint = "leave it out, or use cgroup v1";
    if (r.memory.swappiness)
        return invalid("/linux/resources/memory/swappiness", "cgroup v2 has no swappiness of its own", hint);
    if (r.memory.kernel_tcp)
        return invalid("/linux/resources/memory/kernelTCP", "cgroup v2 counts it with the rest of memory", hint);
    if (r.cpu.realtime_runtime || r.cpu.realtime_period)
        return invalid("/linux/resources/cpu", "cgroup v2 has no realtime budgets", hint);
    if (r.class_id || !r.priorities.empty())
        return invalid("/linux/resources/network", "net_cls and net_prio are of cgroup v1 only", hint);
    return {};
}

} // namespace

std::uint64_t weight_of_shares(std::uint64_t shares) {
    if (shares <= 2) return 1;
    if (shares >= 262144) return 10000;
    const double l = std::log2(static_cast<double>(shares));
    return static_cast<std::uint64_t>(std::ceil(std::pow(10, (l * l + 125 * l) / 612 - 7.0 / 34)));
}

std::uint64_t io_weight(std::uint64_t weight) {
    weight = std::clamp<std::uint64_t>(weight, 10, 1000);
    return 1 + (weight - 10) * 9999 / 990;
}

Result<Settings> limit_settings(const cgroup::Resources &r, const Current *current) {
    Settings out;
    CTR_TRY(only_v1(r));
    CTR_TRY(memory(r.memory, current, out));
    cpu(r.cpu, current, out);
    if (r.pids_limit) add(out, "pids.max", cgroup::pids_value(*r.pids_limit));
    CTR_TRY(block_io(r.block_io, out));
    for (const auto &each : r.hugepages) {
        const std::string file = "hugetlb." + each.page_size;
        add(out, file + ".max", std::to_string(each.limit));
        add(out, file + ".rsvd.max", std::to_string(each.limit), When::if_present); // Linux 5.7
    }
    for (const auto &each : r.rdma)
        add(out, "rdma.max", each.text());
    // Last, so that these values override the others. Files with a line for each device (io.max) take one line a write.
    for (const auto &[file, value] : r.unified) {
        const auto lines = ctr::split(value, '\n');
        for (const auto &line : lines)
            add(out, file, line);
        if (lines.empty())
            add(out, file,
                "\n"); // an empty cpuset.cpus means the parent's; a write of nothing would never reach the kernel
    }
    return out;
}

std::string controller_of(const Setting &setting) {
    const std::string name = setting.controller();
    return name == "cgroup" ? std::string() : name;
}

const char *resource_of(std::string_view controller) {
    static constexpr std::pair<std::string_view, const char *> names[] = {
        {"memory", "/linux/resources/memory"},   {"cpu", "/linux/resources/cpu"},
        {"cpuset", "/linux/resources/cpu/cpus"}, {"pids", "/linux/resources/pids/limit"},
        {"io", "/linux/resources/blockIO"},      {"hugetlb", "/linux/resources/hugepageLimits"},
        {"rdma", "/linux/resources/rdma"},
    };
    for (const auto &[name, path] : names)
        if (name == controller) return path;
    return "/linux/resources/unified";
}

} // namespace ctr::cgroup2
