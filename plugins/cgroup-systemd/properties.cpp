// SPDX-License-Identifier: MIT
#include "properties.hpp"

#include <algorithm>

namespace ctr::systemd {
namespace {

constexpr std::uint64_t infinity = UINT64_MAX;
constexpr std::uint64_t default_period = 100000; // the kernel's

std::optional<std::uint64_t> number(std::string_view text) {
    if (text == "max") return infinity;
    if (text.empty() || text.size() > 19 || text.find_first_not_of("0123456789") != std::string_view::npos)
        return std::nullopt;
    return std::stoull(std::string(text));
}

struct Known {
    const char *name, *type;
    bool annotation; // an annotation may set it
};
constexpr Known known[] = {
    {"Description", "s", false},
    {"Slice", "s", false},
    {"Delegate", "b", false},
    {"MemoryAccounting", "b", false},
    {"CPUAccounting", "b", false},
    {"IOAccounting", "b", false},
    {"BlockIOAccounting", "b", false},
    {"TasksAccounting", "b", false},
    {"MemoryMin", "t", false},
    {"MemoryLow", "t", false},
    {"MemoryHigh", "t", false},
    {"MemoryMax", "t", false},
    {"MemorySwapMax", "t", false},
    {"MemoryLimit", "t", false},
    {"CPUWeight", "t", false},
    {"CPUShares", "t", false},
    {"CPUQuotaPerSecUSec", "t", false},
    {"CPUQuotaPeriodUSec", "t", false},
    {"TasksMax", "t", false},
    {"IOWeight", "t", false},
    {"BlockIOWeight", "t", false},
    {"AllowedCPUs", "ay", false},
    {"AllowedMemoryNodes", "ay", false},
    {"DevicePolicy", "s", false},
    {"DeviceAllow", "a(ss)", false},
    {"CollectMode", "s", true},
    {"DefaultDependencies", "b", true},
    {"KillMode", "s", true},
    {"KillSignal", "i", true},
    {"SendSIGHUP", "b", true},
    {"SendSIGKILL", "b", true},
    {"TimeoutStopUSec", "t", true},
    {"RuntimeMaxUSec", "t", true},
};

const Known *find(std::string_view name) {
    for (const auto &each : known)
        if (name == each.name) return &each;
    return nullptr;
}

/// Files whose number systemd takes as it is.
const char *plain_property(std::string_view file) {
    static constexpr std::pair<std::string_view, const char *> names[] = {
        {"memory.min", "MemoryMin"},
        {"memory.low", "MemoryLow"},
        {"memory.high", "MemoryHigh"},
        {"memory.max", "MemoryMax"},
        {"memory.swap.max", "MemorySwapMax"},
        {"cpu.weight", "CPUWeight"},
        {"pids.max", "TasksMax"},
        {"io.weight", "IOWeight"},
    };
    for (const auto &[name, property] : names)
        if (name == file) return property;
    return nullptr;
}

void set(Properties &all, const std::string &name, const std::string &value) {
    const std::string start = name + '=';
    all.erase(std::remove_if(all.begin(), all.end(),
                             [&](const std::string &p) { return p.compare(0, start.size(), start) == 0; }),
              all.end());
    all.push_back(start + value);
}

/// systemd counts microseconds of processor time in a second, in whole percents. The number is rounded up here; ctr
/// writes the exact one to the kernel's file.
void bandwidth(std::optional<std::uint64_t> quota, std::optional<std::uint64_t> period, Properties &out) {
    if (!quota || !period || *period == 0) return;
    std::uint64_t per_second = infinity;
    if (*quota < infinity / 1000000) {
        per_second = *quota * 1000000 / *period;
        per_second = (per_second + 9999) / 10000 * 10000;
    }
    set(out, "CPUQuotaPerSecUSec", std::to_string(per_second));
    set(out, "CPUQuotaPeriodUSec", std::to_string(*period));
}

void bandwidth(std::string_view value, Properties &out) {
    const auto words = ctr::split(value, ' ');
    if (!words.empty()) bandwidth(number(words[0]), words.size() > 1 ? number(words[1]) : default_period, out);
}

} // namespace

Properties limit_properties(const cgroup::Settings &settings) {
    Properties out;
    for (const auto &s : settings) {
        const std::string value = s.value == "\n" ? std::string() : s.value;
        if (s.file == "cpu.max") bandwidth(value, out);
        if (s.file == "cpuset.cpus" && mask_of(value)) set(out, "AllowedCPUs", value);
        if (s.file == "cpuset.mems" && mask_of(value)) set(out, "AllowedMemoryNodes", value);
        if (s.file == "cpu.idle" && value == "1") set(out, "CPUWeight", "0");
        const char *const plain = plain_property(s.file);
        if (plain == nullptr) continue;
        auto n = number(value); // a weight for one device is no number
        if (!n) continue;
        if (s.file == "pids.max" && *n == 0) n = 1; // systemd refuses 0
        set(out, plain, std::to_string(*n));
    }
    return out;
}

Properties limit_properties_v1(const cgroup::Settings &settings) {
    Properties out;
    std::optional<std::uint64_t> quota, period = default_period;
    for (const auto &s : settings) {
        const auto n = s.value == "-1" ? infinity : number(s.value);
        if (!n) continue;
        if (s.file == "cpu.cfs_quota_us") quota = n;
        if (s.file == "cpu.cfs_period_us") period = n;
        if (s.file == "memory.limit_in_bytes") set(out, "MemoryLimit", std::to_string(*n));
        if (s.file == "cpu.shares") set(out, "CPUShares", std::to_string(std::clamp<std::uint64_t>(*n, 2, 262144)));
        if (s.file == "blkio.weight") set(out, "BlockIOWeight", std::to_string(*n));
        if (s.file == "pids.max") set(out, "TasksMax", std::to_string(std::max<std::uint64_t>(*n, 1)));
    }
    bandwidth(quota, period, out);
    return out;
}

Properties device_properties(const std::vector<cgroup::DeviceRule> &rules) {
    if (rules.empty() || !rules.front().covers_all() || rules.front().allow) return {};
    Properties out{"DevicePolicy=strict"};
    for (const auto &rule : rules) {
        if (!rule.allow) continue;
        for (const char type : std::string_view("bc")) {
            if (rule.type != 'a' && rule.type != type) continue;
            const std::string kind = type == 'b' ? "block" : "char";
            std::string device = kind + "-*"; // a minor number of every major: systemd cannot express it
            if (rule.major != cgroup::any_device)
                device = rule.minor == cgroup::any_device
                             ? kind + '-' + std::to_string(rule.major)
                             : "/dev/" + kind + '/' + std::to_string(rule.major) + ':' + std::to_string(rule.minor);
            out.push_back("DeviceAllow=" + device + ' ' + rule.access);
        }
    }
    return out;
}

const char *type_of(std::string_view name) {
    const Known *const k = find(name);
    return k == nullptr ? nullptr : k->type;
}

std::optional<std::vector<std::uint8_t>> mask_of(std::string_view list) {
    std::vector<std::uint8_t> mask;
    for (const auto &part : ctr::split(list, ',')) {
        const std::size_t dash = part.find('-');
        const auto first = number(part.substr(0, dash));
        const auto last = dash == std::string::npos ? first : number(part.substr(dash + 1));
        if (!first || !last || *last > 65535 || *first > *last) return std::nullopt;
        if (mask.size() < *last / 8 + 1) mask.resize(*last / 8 + 1);
        for (std::uint64_t i = *first; i <= *last; ++i)
            mask[i / 8] = static_cast<std::uint8_t>(mask[i / 8] | (1U << (i % 8)));
    }
    return mask;
}

Result<std::string> annotated_property(std::string_view name, std::string_view value) {
    const auto refused = [&](const char *message, const char *hint) {
        return invalid("/annotations/org.systemd.property." + std::string(name), message, hint);
    };
    std::string property(name);
    std::uint64_t factor = 1;
    if (property.size() > 4 && property.substr(property.size() - 3) == "Sec" && property[property.size() - 4] != 'U') {
        property.insert(property.size() - 3, "U");
        factor = 1000000;
    }
    const Known *const k = find(property);
    if (k == nullptr || !k->annotation)
        return refused("a container may not set this property of its scope",
                       "leave it out; limits belong into linux.resources");
    const std::string_view type = k->type;
    if (type == "b") {
        if (value == "true" || value == "false") return property + '=' + std::string(value);
        return refused("it must be true or false", "");
    }
    if (type == "s") {
        const bool quoted =
            value.size() > 2 && (value.front() == '\'' || value.front() == '"') && value.back() == value.front();
        const std::string_view word = quoted ? value.substr(1, value.size() - 2) : std::string_view();
        if (word.empty() || word.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") != std::string_view::npos)
            return refused("it must be a word in quotes", "for example 'inactive-or-failed'");
        return property + '=' + std::string(word);
    }
    for (const std::string_view prefix : {"uint64 ", "int32 ", "uint32 ", "int64 "})
        if (value.substr(0, prefix.size()) == prefix) value = value.substr(prefix.size());
    const auto n = value == "max" ? std::nullopt : number(value);
    if (!n || *n > infinity / factor || (type == "i" && *n > 64))
        return refused("it must be a whole number", "for example uint64 30000000");
    return property + '=' + std::to_string(*n * factor);
}

} // namespace ctr::systemd
