// SPDX-License-Identifier: MIT
//
// Device rules of linux.resources.devices. They hold in their order, a later one over an earlier one, from "all is
// denied": a description that says nothing of devices gives none of the machine's.
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
    /// Speaks of every access to every device, so that nothing before it matters.
    bool covers_all() const {
        return type == 'a' && major == any_device && minor == any_device && has('r') && has('w') && has('m');
    }
    /// "c 1:3 rwm", as both kernel interfaces and people write it.
    std::string text() const {
        const auto number = [](std::int64_t n) { return n == any_device ? std::string("*") : std::to_string(n); };
        return std::string(1, type) + ' ' + number(major) + ':' + number(minor) + ' ' + access;
    }
};

/// The other way round: "allow c 1:3 rwm" or "deny a *:* rwm", the argument `device` of a step. False if it is not one.
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

/// What every container may use, whatever its list says: runc's rules. Its own nodes and terminals, tun, and making
/// nodes (one that may not be opened is harmless, and linux.devices are made by the child inside its cgroup).
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

/// The rules to carry out: a rule about everything comes first (what came before the last such rule is without effect;
/// without one all is denied), then what is asked.
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

/// And behind all that the defaults, so that no list takes them away. Where all is allowed they are not needed.
inline std::vector<DeviceRule> effective_rules(const std::vector<DeviceRule> &asked) {
    std::vector<DeviceRule> rules = asked_rules(asked);
    if (!rules.front().allow) rules.insert(rules.end(), default_devices().begin(), default_devices().end());
    return rules;
}

} // namespace ctr::cgroup
