// SPDX-License-Identifier: MIT
//
// linux.resources of the OCI runtime-spec as a value, and the reader that makes it from a spec node. Nothing is
// converted here: each driver turns the values into files of its kernel interface (limits.cpp). A member with a wrong
// type or range is an error with its path; it is never ignored.
//
// About zero: the spec's Go types leave a number out when it is 0, engines send 0 for "not set", and no kernel file
// takes 0 as a limit of memory or cpu. So 0 means "not asked for" there. cpu.idle and cpu.burst are pointers in those
// types, so there 0 is a value. pids.limit is a pointer since 1.3: 0 is a limit of 0 there, but no limit in documents
// of older versions (of_version()).
#pragma once

#include "devices.hpp"

#include <ctr/plugin.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace ctr::cgroup {

struct Memory {
    std::optional<std::int64_t> limit, reservation, swap, kernel_tcp;
    std::optional<std::uint64_t> swappiness;
    std::optional<bool> disable_oom_killer, use_hierarchy;
    bool check_before_update = false;
};

struct Cpu {
    std::optional<std::uint64_t> shares, period, burst, realtime_period;
    std::optional<std::int64_t> quota, realtime_runtime, idle;
    std::string cpus, mems;
};

struct DeviceWeight {
    std::int64_t major = 0, minor = 0;
    std::optional<std::uint64_t> weight, leaf_weight;
};

struct DeviceRate {
    std::int64_t major = 0, minor = 0;
    std::uint64_t rate = 0;
    std::string device() const { return std::to_string(major) + ':' + std::to_string(minor); }
};

struct BlockIo {
    std::optional<std::uint64_t> weight, leaf_weight;
    std::vector<DeviceWeight> weight_devices;
    std::vector<DeviceRate> read_bps, write_bps, read_iops, write_iops;
};

struct HugepageLimit {
    std::string page_size;
    std::uint64_t limit = 0;
};

struct InterfacePriority {
    std::string name;
    std::uint64_t priority = 0;
};

struct RdmaLimit {
    std::string device;
    std::optional<std::uint64_t> handles, objects;
    /// "mlx4_0 hca_handle=2 hca_object=2000": v1 and v2 have the same file.
    std::string text() const {
        std::string out = device;
        if (handles) out += " hca_handle=" + std::to_string(*handles);
        if (objects) out += " hca_object=" + std::to_string(*objects);
        return out;
    }
};

struct Resources {
    Memory memory;
    Cpu cpu;
    std::optional<std::int64_t> pids_limit;
    BlockIo block_io;
    std::vector<HugepageLimit> hugepages;
    std::optional<std::uint64_t> class_id;
    std::vector<InterfacePriority> priorities;
    std::vector<RdmaLimit> rdma;
    std::vector<DeviceRule> devices;
    std::vector<std::pair<std::string, std::string>> unified;
};

/// Reads the members of one object and remembers the first thing that is wrong.
class Reader {
public:
    Reader(Node node, std::string path, Result<> &done) : node_(node), path_(std::move(path)), done_(done) {}

    Reader child(const std::string &name) const { return {node_.get("/" + name), path_ + '/' + name, done_}; }
    bool ok() const { return done_.ok(); }
    std::size_t size() const { return node_.size(); }
    std::string key(std::size_t i) const { return node_.key(i); }
    Reader at(std::size_t i) const {
        const std::string name = node_.key(i);
        return {node_.at(i), path_ + '/' + (name.empty() ? std::to_string(i) : name), done_};
    }
    Node node() const { return node_; }

    /// A whole number of at least `least`; an absent or null member leaves `out` empty.
    void read(const char *name, std::optional<std::int64_t> &out,
              std::int64_t least = std::numeric_limits<std::int64_t>::min()) const {
        const Node member = get(name);
        if (!present(member)) return;
        out = member.integer();
        if (!out || *out < least) refuse(name, "it must be a whole number" + at_least(least));
    }
    void read(const char *name, std::optional<std::uint64_t> &out,
              std::uint64_t most = std::numeric_limits<std::uint64_t>::max()) const {
        const Node member = get(name);
        if (!present(member)) return;
        out = member.uinteger();
        if (!out || *out > most)
            refuse(name, most == std::numeric_limits<std::uint64_t>::max()
                             ? "it must be a whole number, not negative"
                             : "it must be a whole number from 0 to " + std::to_string(most));
    }
    void read(const char *name, std::optional<bool> &out) const {
        const Node member = get(name);
        if (!present(member)) return;
        if (member.type() != CTR_NODE_BOOL) return refuse(name, "it must be true or false");
        out = member.boolean();
    }
    void read(const char *name, std::string &out) const {
        const Node member = get(name);
        if (!present(member)) return;
        if (!member.is_string()) return refuse(name, "it must be a string");
        out = member.str();
        if (out.find('\n') != std::string::npos) refuse(name, "it must be one line");
    }
    /// A member that may not be missing.
    template <typename Number> Number need(const char *name, Number most = std::numeric_limits<Number>::max()) const {
        std::optional<std::uint64_t> out;
        read(name, out, static_cast<std::uint64_t>(most));
        if (!out && ok()) refuse(name, "it is missing");
        return static_cast<Number>(out.value_or(0));
    }
    void refuse(const std::string &name, std::string message, std::string hint = {}) const {
        if (ok()) done_ = invalid(name.empty() ? path_ : path_ + '/' + name, std::move(message), std::move(hint));
    }

private:
    Node get(const char *name) const { return node_.get(std::string("/") + name); }
    static bool present(Node n) { return n.type() != CTR_NODE_NONE && n.type() != CTR_NODE_NULL; }
    static std::string at_least(std::int64_t least) {
        return least == std::numeric_limits<std::int64_t>::min() ? std::string()
                                                                 : ", at least " + std::to_string(least);
    }

    Node node_;
    std::string path_;
    Result<> &done_;
};

namespace detail {

/// Device numbers as the kernel counts them: 12 and 20 bits.
inline constexpr std::int64_t last_major = 4095, last_minor = 1048575;

template <typename T> void drop_zero(std::optional<T> &value) {
    if (value && *value == 0) value.reset();
}

inline void read_memory(const Reader &from, Memory &memory) {
    from.read("limit", memory.limit, -1);
    from.read("reservation", memory.reservation, -1);
    from.read("swap", memory.swap, -1);
    from.read("kernelTCP", memory.kernel_tcp, -1);
    from.read("swappiness", memory.swappiness, 200);
    from.read("disableOOMKiller", memory.disable_oom_killer);
    from.read("useHierarchy", memory.use_hierarchy);
    std::optional<bool> check;
    from.read("checkBeforeUpdate", check);
    memory.check_before_update = check.value_or(false);
    for (auto *each : {&memory.limit, &memory.reservation, &memory.swap, &memory.kernel_tcp})
        drop_zero(*each);
    const bool both = memory.limit && memory.swap;
    if (both && *memory.swap > 0 && *memory.limit > *memory.swap)
        from.refuse("swap", "it is the limit of memory and swap together, so it may not be below memory.limit",
                    "give a swap of at least the limit, or -1");
}

inline void read_cpu(const Reader &from, Cpu &cpu) {
    from.read("shares", cpu.shares);
    from.read("quota", cpu.quota, -1);
    from.read("period", cpu.period);
    from.read("burst", cpu.burst);
    from.read("realtimeRuntime", cpu.realtime_runtime, -1);
    from.read("realtimePeriod", cpu.realtime_period);
    from.read("cpus", cpu.cpus);
    from.read("mems", cpu.mems);
    from.read("idle", cpu.idle, 0);
    if (cpu.idle && *cpu.idle > 1) from.refuse("idle", "it must be 0 or 1");
    for (auto *each : {&cpu.shares, &cpu.period, &cpu.realtime_period})
        drop_zero(*each);
    drop_zero(cpu.quota);
    drop_zero(cpu.realtime_runtime);
    if (cpu.burst && cpu.quota && *cpu.quota > 0 && *cpu.burst > static_cast<std::uint64_t>(*cpu.quota))
        from.refuse("burst", "it may not be larger than cpu.quota");
}

inline void read_rates(const Reader &from, std::vector<DeviceRate> &rates) {
    for (std::size_t i = 0; i < from.size() && from.ok(); ++i) {
        const Reader entry = from.at(i);
        DeviceRate rate;
        rate.major = entry.need("major", last_major);
        rate.minor = entry.need("minor", last_minor);
        rate.rate = entry.need<std::uint64_t>("rate");
        rates.push_back(rate);
    }
}

inline void read_block_io(const Reader &from, BlockIo &io) {
    const auto weight = [](const Reader &reader, const char *name, std::optional<std::uint64_t> &out) {
        reader.read(name, out, 1000);
        drop_zero(out);
        if (out && *out < 10) reader.refuse(name, "it must be a weight from 10 to 1000");
    };
    weight(from, "weight", io.weight);
    weight(from, "leafWeight", io.leaf_weight);
    const Reader devices = from.child("weightDevice");
    for (std::size_t i = 0; i < devices.size() && devices.ok(); ++i) {
        const Reader entry = devices.at(i);
        DeviceWeight device;
        device.major = entry.need("major", last_major);
        device.minor = entry.need("minor", last_minor);
        weight(entry, "weight", device.weight);
        weight(entry, "leafWeight", device.leaf_weight);
        if (!device.weight && !device.leaf_weight) entry.refuse("", "weight or leafWeight must be given");
        io.weight_devices.push_back(device);
    }
    read_rates(from.child("throttleReadBpsDevice"), io.read_bps);
    read_rates(from.child("throttleWriteBpsDevice"), io.write_bps);
    read_rates(from.child("throttleReadIOPSDevice"), io.read_iops);
    read_rates(from.child("throttleWriteIOPSDevice"), io.write_iops);
}

inline void read_hugepages(const Reader &from, std::vector<HugepageLimit> &limits) {
    for (std::size_t i = 0; i < from.size() && from.ok(); ++i) {
        const Reader entry = from.at(i);
        HugepageLimit limit;
        entry.read("pageSize", limit.page_size);
        const std::size_t digits = limit.page_size.find_first_not_of("0123456789");
        const std::string unit = digits == std::string::npos ? "" : limit.page_size.substr(digits);
        if (digits == 0 || limit.page_size.front() == '0' || (unit != "KB" && unit != "MB" && unit != "GB"))
            entry.refuse("pageSize", "it must be a size such as 64KB, 2MB or 1GB");
        limit.limit = entry.need<std::uint64_t>("limit");
        limits.push_back(std::move(limit));
    }
}

inline void read_device_rules(const Reader &from, std::vector<DeviceRule> &rules) {
    for (std::size_t i = 0; i < from.size() && from.ok(); ++i) {
        const Reader entry = from.at(i);
        DeviceRule rule;
        std::optional<bool> allow;
        std::optional<std::int64_t> major, minor;
        std::string type, access;
        entry.read("allow", allow);
        entry.read("type", type);
        entry.read("major", major, -1);
        entry.read("minor", minor, -1);
        entry.read("access", access);
        if (!allow) entry.refuse("allow", "it is missing");
        if (type.size() > 1 || (!type.empty() && std::string_view("abc").find(type[0]) == std::string_view::npos))
            entry.refuse("type", "it must be a (all), b (block) or c (character)");
        if (major.value_or(0) > last_major) entry.refuse("major", "it must be at most " + std::to_string(last_major));
        if (minor.value_or(0) > last_minor) entry.refuse("minor", "it must be at most " + std::to_string(last_minor));
        rule.allow = allow.value_or(false);
        if (!type.empty()) rule.type = type[0];
        rule.major = major.value_or(any_device);
        rule.minor = minor.value_or(any_device);
        if (!access.empty()) {
            rule.access.clear();
            for (const char right : std::string_view(
                     "rwm")) // each letter once, in the kernel's order; other letters are ignored, as with runc
                if (access.find(right) != std::string::npos) rule.access += right;
        }
        rules.push_back(std::move(rule)); // a rule without any access is left out by asked_rules()
    }
}

inline void read_network(const Reader &from, Resources &out) {
    from.read("classID", out.class_id, std::numeric_limits<std::uint32_t>::max());
    const Reader priorities = from.child("priorities");
    for (std::size_t i = 0; i < priorities.size() && priorities.ok(); ++i) {
        const Reader entry = priorities.at(i);
        InterfacePriority each;
        entry.read("name", each.name);
        each.priority = entry.need<std::uint32_t>("priority");
        if (each.name.empty() || each.name.find(' ') != std::string::npos)
            entry.refuse("name", "it must be the name of a network interface");
        out.priorities.push_back(std::move(each));
    }
}

inline void read_rdma(const Reader &from, std::vector<RdmaLimit> &limits) {
    for (std::size_t i = 0; i < from.size() && from.ok(); ++i) {
        const Reader entry = from.at(i);
        RdmaLimit limit{from.key(i), {}, {}};
        entry.read("hcaHandles", limit.handles, std::numeric_limits<std::uint32_t>::max());
        entry.read("hcaObjects", limit.objects, std::numeric_limits<std::uint32_t>::max());
        if (!limit.handles && !limit.objects) entry.refuse("", "hcaHandles or hcaObjects must be given");
        if (limit.device.empty() || limit.device.find_first_of(" \n") != std::string::npos)
            entry.refuse("", "the key must be the name of an RDMA device");
        limits.push_back(std::move(limit));
    }
}

/// Names of files, written literally. Refuses names that would leave the cgroup, and files that move processes or lock
/// the container out: they are no resources.
inline void read_unified(const Reader &from, std::vector<std::pair<std::string, std::string>> &out) {
    for (std::size_t i = 0; i < from.size() && from.ok(); ++i) {
        const std::string file = from.key(i);
        const Node value = from.node().at(i);
        if (!value.is_string()) return from.at(i).refuse("", "it must be a string");
        const bool a_file = file.find('/') == std::string::npos && file.find('.') != std::string::npos &&
                            file.front() != '.' && file.find_first_of("=\n") == std::string::npos &&
                            file.find("..") == std::string::npos;
        if (!a_file)
            return from.at(i).refuse("", "the key must be the name of a file of the cgroup, without / and ..",
                                     "for example \"memory.high\"");
        for (const char *control : {"cgroup.procs", "cgroup.threads", "cgroup.kill", "cgroup.freeze", "cgroup.type"})
            if (file == control)
                return from.at(i).refuse("", "it moves, stops or kills processes: it is not a resource",
                                         "leave it out");
        out.emplace_back(file, value.str());
    }
}

} // namespace detail

/// `path` is where the node stands, for messages: "/linux/resources".
inline Result<Resources> read_resources(Node node, const std::string &path) {
    Resources out;
    Result<> done;
    const Reader from(node, path, done);
    detail::read_memory(from.child("memory"), out.memory);
    detail::read_cpu(from.child("cpu"), out.cpu);
    from.child("pids").read("limit", out.pids_limit);
    detail::read_block_io(from.child("blockIO"), out.block_io);
    detail::read_hugepages(from.child("hugepageLimits"), out.hugepages);
    detail::read_network(from.child("network"), out);
    detail::read_rdma(from.child("rdma"), out.rdma);
    detail::read_device_rules(from.child("devices"), out.devices);
    detail::read_unified(from.child("unified"), out.unified);
    CTR_TRY(done);
    return out;
}

/// True if pids.limit 0 means "no limit" in a document of this version: "1.0.2-dev", "1.2.1", but not "1.3.0".
inline bool before_pids_of_zero(std::string_view version) {
    const std::size_t dot = version.find('.');
    if (dot == std::string_view::npos) return false;
    std::uint64_t minor = 0;
    std::size_t at = dot + 1;
    for (; at < version.size() && version[at] >= '0' && version[at] <= '9' && minor < 1000; ++at)
        minor = minor * 10 + static_cast<std::uint64_t>(version[at] - '0');
    return version.substr(0, dot) == "1" && at > dot + 1 && minor < 3;
}

/// Adapts the numbers to what they mean in a document of that version.
inline void of_version(std::string_view version, Resources &resources) {
    if (resources.pids_limit == 0 && before_pids_of_zero(version)) resources.pids_limit = -1;
}

/// The value for pids.max. The first process counts too, and could not be born in a cgroup with a limit of 0. So the
/// least is 1, as with runc.
inline std::string pids_value(std::int64_t limit) { return limit < 0 ? "max" : std::to_string(limit == 0 ? 1 : limit); }

} // namespace ctr::cgroup
