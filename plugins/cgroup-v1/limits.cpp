// SPDX-License-Identifier: MIT
//
// Device rules need an emulation. OCI's list is a program: each entry overrides those before it, for the devices that
// it names. The kernel's interface (security/device_cgroup.c) has a default and exceptions, and "c 1:3 w" written to
// devices.deny takes those rights away from exactly the exception c 1:3, not from c 1:*. So the list is evaluated here,
// and only the result is written.
#include "limits.hpp"

#include <algorithm>

namespace ctr::cgroup1 {
namespace {

using cgroup::DeviceRule;
using cgroup::Resources;
using cgroup::Settings;
using cgroup::When;

class Writer {
public:
    explicit Writer(Settings &out) : out_(out) {}
    template <typename Number> void number(const char *file, const std::optional<Number> &value) {
        if (value) text(file, std::to_string(*value));
    }
    void text(std::string file, std::string value, When when = When::always) {
        if (!value.empty()) out_.push_back({std::move(file), std::move(value), when});
    }
    void flag(const char *file, std::optional<bool> value) {
        if (value) text(file, *value ? "1" : "0");
    }

private:
    Settings &out_;
};

void memory(const cgroup::Memory &m, Writer &to) {
    to.flag("memory.use_hierarchy", m.use_hierarchy);
    to.number("memory.limit_in_bytes", m.limit);
    // memory.limit -1 alone removes both limits, as with runc. Where swap is not counted there is no limit to remove.
    const bool both = m.limit == -1 && !m.swap;
    to.number("memory.memsw.limit_in_bytes", m.swap);
    if (both) to.text("memory.memsw.limit_in_bytes", "-1", When::if_present);
    to.number("memory.soft_limit_in_bytes", m.reservation);
    to.number("memory.kmem.tcp.limit_in_bytes", m.kernel_tcp);
    to.number("memory.swappiness", m.swappiness);
    to.flag("memory.oom_control", m.disable_oom_killer);
}

void cpu(const cgroup::Cpu &c, Writer &to) {
    to.text("cpuset.cpus", c.cpus);
    to.text("cpuset.mems", c.mems);
    // A cgroup that is idle has no shares: the kernel refuses them after cpu.idle=1, and before cpu.idle=0.
    const bool wake = c.idle && *c.idle == 0;
    if (wake) to.text("cpu.idle", "0", When::if_present); // without the file no cgroup is idle
    to.number("cpu.shares", c.shares);
    to.number("cpu.cfs_period_us", c.period);
    to.number("cpu.cfs_quota_us", c.quota);
    if (c.burst) to.text("cpu.cfs_burst_us", std::to_string(*c.burst), *c.burst == 0 ? When::if_present : When::always);
    to.number("cpu.rt_period_us", c.realtime_period);
    to.number("cpu.rt_runtime_us", c.realtime_runtime);
    if (c.idle && !wake) to.text("cpu.idle", "1");
}

/// Linux 5.0 removed CFQ with its files; bfq has its own files, but no leaf weights.
void block_io(const cgroup::BlockIo &io, Writer &to) {
    if (io.weight) {
        to.number("blkio.weight", io.weight);
        to.text("blkio.bfq.weight", std::to_string(*io.weight), When::if_previous_missing);
    }
    to.number("blkio.leaf_weight", io.leaf_weight);
    for (const auto &each : io.weight_devices) {
        const std::string device = std::to_string(each.major) + ':' + std::to_string(each.minor) + ' ';
        if (each.weight) {
            to.text("blkio.weight_device", device + std::to_string(*each.weight));
            to.text("blkio.bfq.weight_device", device + std::to_string(*each.weight), When::if_previous_missing);
        }
        if (each.leaf_weight) to.text("blkio.leaf_weight_device", device + std::to_string(*each.leaf_weight));
    }
    const auto rates = [&](const char *file, const std::vector<cgroup::DeviceRate> &all) {
        for (const auto &each : all)
            to.text(file, each.device() + ' ' + std::to_string(each.rate));
    };
    rates("blkio.throttle.read_bps_device", io.read_bps);
    rates("blkio.throttle.write_bps_device", io.write_bps);
    rates("blkio.throttle.read_iops_device", io.read_iops);
    rates("blkio.throttle.write_iops_device", io.write_iops);
}

// ---- devices --------------------------------------------------------------------------------------------------------

bool same_devices(const DeviceRule &a, const DeviceRule &b) {
    return a.type == b.type && a.major == b.major && a.minor == b.minor;
}

bool covers(std::int64_t wide, std::int64_t narrow) { return wide == cgroup::any_device || wide == narrow; }

bool overlaps(std::int64_t a, std::int64_t b) { return covers(a, b) || covers(b, a); }

/// The state that the rules lead to: a default, and exceptions to it.
class DeviceState {
public:
    /// False: `rule` takes a part out of an exception, which the kernel cannot express. `conflict` is that exception.
    bool run(const DeviceRule &rule, DeviceRule &conflict) {
        if (rule.covers_all()) {
            allowed_ = rule.allow;
            exceptions_.clear();
            return true;
        }
        if (rule.type != 'a') return run_one(rule, conflict);
        // The kernel reads any line that begins with "a" as everything, so the rule is split into one for block and one
        // for character devices.
        DeviceRule block = rule, character = rule;
        block.type = 'b';
        character.type = 'c';
        return run_one(block, conflict) && run_one(character, conflict);
    }
    bool allowed() const { return allowed_; }
    const std::vector<DeviceRule> &exceptions() const { return exceptions_; }

private:
    bool run_one(const DeviceRule &rule, DeviceRule &conflict) {
        return rule.allow == allowed_ ? take(rule, conflict) : (give(rule), true);
    }
    void give(const DeviceRule &rule) {
        for (auto &each : exceptions_)
            if (same_devices(each, rule)) return add_rights(each, rule.access);
        exceptions_.push_back(rule);
    }
    bool take(const DeviceRule &rule, DeviceRule &conflict) {
        for (auto &each : exceptions_) {
            const bool concerned = each.type == rule.type && overlaps(each.major, rule.major) &&
                                   overlaps(each.minor, rule.minor) &&
                                   each.access.find_first_of(rule.access) != std::string::npos;
            if (!concerned) continue;
            if (!covers(rule.major, each.major) || !covers(rule.minor, each.minor)) {
                // docker allows "c *:* m" and then denies "c 10:229 rwm". The right to make a node does not open the
                // device, so it may stay.
                if (shared_rights(each, rule) == "m") continue;
                return conflict = each, false;
            }
            std::string left;
            for (const char right : each.access)
                if (!rule.has(right)) left += right;
            each.access = left;
        }
        exceptions_.erase(std::remove_if(exceptions_.begin(), exceptions_.end(),
                                         [](const DeviceRule &e) { return e.access.empty(); }),
                          exceptions_.end());
        return true;
    }
    static std::string shared_rights(const DeviceRule &a, const DeviceRule &b) {
        std::string both;
        for (const char right : a.access)
            if (b.has(right)) both += right;
        return both;
    }
    static void add_rights(DeviceRule &rule, const std::string &more) {
        std::string all;
        for (const char right : std::string_view("rwm"))
            if (rule.has(right) || more.find(right) != std::string::npos) all += right;
        rule.access = all;
    }

    bool allowed_ = false;
    std::vector<DeviceRule> exceptions_;
};

Result<DeviceState> run_all(const std::vector<DeviceRule> &rules) {
    DeviceState state;
    DeviceRule conflict;
    for (const auto &rule : rules) {
        if (state.run(rule, conflict)) continue;
        return invalid("/linux/resources/devices",
                       std::string("the rule to ") + (rule.allow ? "allow \"" : "deny \"") + rule.text() +
                           "\" makes a hole in \"" + conflict.text() + "\", which cgroup v1 cannot express",
                       "name the devices one by one instead of with *, or use cgroup v2");
    }
    return state;
}

/// What was asked for must succeed. What only the defaults add may fail, because the parent may deny it. The right to
/// make nodes of every device counts as a default even if the list has it (docker's has), because a parent that denies
/// one device refuses the whole line.
void allow(const DeviceRule &rule, const std::vector<DeviceRule> &asked, Settings &out) {
    const auto part =
        std::find_if(asked.begin(), asked.end(), [&](const DeviceRule &a) { return same_devices(a, rule); });
    const bool nodes = rule.access == "m" && rule.major == cgroup::any_device;
    const bool whole = part != asked.end() && part->access == rule.access && !nodes;
    if (part != asked.end() && !whole && !nodes) out.push_back({"devices.allow", part->text()});
    out.push_back({"devices.allow", rule.text(), whole ? When::always : When::if_permitted});
}

} // namespace

Settings limit_settings(const Resources &r) {
    Settings out;
    Writer to(out);
    memory(r.memory, to);
    cpu(r.cpu, to);
    if (r.pids_limit) to.text("pids.max", cgroup::pids_value(*r.pids_limit));
    block_io(r.block_io, to);
    for (const auto &each : r.hugepages) {
        const std::string file = "hugetlb." + each.page_size;
        to.text(file + ".limit_in_bytes", std::to_string(each.limit));
        to.text(file + ".rsvd.limit_in_bytes", std::to_string(each.limit), When::if_present); // Linux 5.7
    }
    to.number("net_cls.classid", r.class_id);
    for (const auto &each : r.priorities)
        to.text("net_prio.ifpriomap", each.name + ' ' + std::to_string(each.priority));
    for (const auto &each : r.rdma)
        to.text("rdma.max", each.text());
    return out;
}

Result<Settings> device_settings(const std::vector<DeviceRule> &rules) {
    Settings out;
    CTR_ASSIGN(const DeviceState asked, run_all(cgroup::asked_rules(rules)));
    CTR_ASSIGN(const DeviceState all, run_all(cgroup::effective_rules(rules)));
    if (!all.allowed())
        out.push_back({"devices.deny", "a"});
    else // as much as possible: what the parent denies stays denied
        out.push_back({"devices.allow", "a", When::if_permitted});
    for (const auto &each : all.exceptions())
        all.allowed() ? out.push_back({"devices.deny", each.text()}) : allow(each, asked.exceptions(), out);
    return out;
}

const char *resource_of(std::string_view controller) {
    static constexpr std::pair<std::string_view, const char *> names[] = {
        {"memory", "/linux/resources/memory"},
        {"cpu", "/linux/resources/cpu"},
        {"cpuset", "/linux/resources/cpu/cpus"},
        {"pids", "/linux/resources/pids/limit"},
        {"blkio", "/linux/resources/blockIO"},
        {"hugetlb", "/linux/resources/hugepageLimits"},
        {"net_cls", "/linux/resources/network/classID"},
        {"net_prio", "/linux/resources/network/priorities"},
        {"rdma", "/linux/resources/rdma"},
        {"devices", "/linux/resources/devices"},
    };
    for (const auto &[name, path] : names)
        if (name == controller) return path;
    return "/linux/resources";
}

} // namespace ctr::cgroup1
