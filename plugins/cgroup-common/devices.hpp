// SPDX-License-Identifier: MIT
//
// Device rules of linux.resources.devices. They are applied in their order, and a later rule overrides an earlier one.
// Before the first rule everything is denied, so a description without device rules gives none of the machine's
// devices.
#pragma once

#include "path.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace ctr::cgroup {

inline constexpr std::int64_t any_device = -1;

struct DeviceRule {
    bool allow = false;
    char type = 'a'; // 'a' all, 'b' block, 'c' character
    std::int64_t major = any_device;
    std::int64_t minor = any_device;
    std::string access = "rwm"; // read, write, mknod

    bool operator==(const DeviceRule &) const = default;
    bool has(char right) const { return access.find(right) != std::string::npos; }
    /// True if the rule is about every access to every device, so that earlier rules do not matter.
    bool covers_all() const {
        return type == 'a' && major == any_device && minor == any_device && has('r') && has('w') && has('m');
    }
    /// "c 1:3 rwm", the form that both kernel interfaces and people use.
    std::string text() const {
        const auto number = [](std::int64_t n) { return n == any_device ? std::string("*") : std::to_string(n); };
        return std::string(1, type) + ' ' + number(major) + ':' + number(minor) + ' ' + access;
    }
};

/// Parses "allow c 1:3 rwm" or "deny a *:* rwm", the argument `device` of a step. False if it is malformed.
inline bool parse_device_rule(std::string_view text, DeviceRule &rule) {
    const auto words = ctr::split(text, ' ');
    if (words.size() != 4 || words[1].size() != 1 || (words[0] != "allow" && words[0] != "deny")) return false;
    const auto number = [](std::string_view part, std::int64_t &out) {
        if (part == "*") return out = any_device, true;
        if (part.empty() || part.size() > 10) return false;
        out = 0;
        for (const char c : part) {
            if (c < '0' || c > '9') return false;
            out = out * 10 + (c - '0');
        }
        return true;
    };
    const std::size_t colon = words[2].find(':');
    if (colon == std::string::npos) return false;
    rule.allow = words[0] == "allow";
    rule.type = words[1][0];
    rule.access = words[3];
    const std::string_view numbers = words[2];
    return number(numbers.substr(0, colon), rule.major) && number(numbers.substr(colon + 1), rule.minor);
}

/// What every container may use, whatever its list says; the same as runc's. These are the default nodes, terminals,
/// tun, and mknod of any device (a node that may not be opened is harmless, and the child makes linux.devices inside
/// its cgroup).
inline const std::vector<DeviceRule> &default_devices() {
    static const std::vector<DeviceRule> all = {
        {true, 'c', any_device, any_device, "m"},
        {true, 'b', any_device, any_device, "m"},
        {true, 'c', 1, 3, "rwm"},            // null
        {true, 'c', 1, 5, "rwm"},            // zero
        {true, 'c', 1, 7, "rwm"},            // full
        {true, 'c', 1, 8, "rwm"},            // random
        {true, 'c', 1, 9, "rwm"},            // urandom
        {true, 'c', 5, 0, "rwm"},            // tty
        {true, 'c', 5, 2, "rwm"},            // ptmx
        {true, 'c', 136, any_device, "rwm"}, // pts/*
        {true, 'c', 10, 200, "rwm"},         // net/tun
    };
    return all;
}

/// The rules to carry out. The first is the last rule about everything, because rules before it have no effect; without
/// such a rule it is "deny everything". Then follows what is asked for after it.
inline std::vector<DeviceRule> asked_rules(const std::vector<DeviceRule> &asked) {
    std::size_t start = asked.size();
    while (start > 0 && !asked[start - 1].covers_all())
        --start;
    std::vector<DeviceRule> rules;
    if (start == 0) rules.emplace_back();
    for (std::size_t i = start == 0 ? 0 : start - 1; i < asked.size(); ++i)
        if (!asked[i].access.empty()) rules.push_back(asked[i]);
    return rules;
}

/// The same with the defaults at the end, so that no list can take them away. If everything is allowed they are not
/// needed.
inline std::vector<DeviceRule> effective_rules(const std::vector<DeviceRule> &asked) {
    std::vector<DeviceRule> rules = asked_rules(asked);
    if (!rules.front().allow) rules.insert(rules.end(), default_devices().begin(), default_devices().end());
    return rules;
}

} // namespace ctr::cgroup
