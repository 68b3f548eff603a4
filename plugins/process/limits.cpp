// SPDX-License-Identifier: MIT
#include "limits.hpp"

namespace process {
namespace {

constexpr std::string_view resources[] = {"AS",      "CORE",     "CPU",        "DATA",   "FSIZE", "LOCKS",
                                          "MEMLOCK", "MSGQUEUE", "NICE",       "NOFILE", "NPROC", "RSS",
                                          "RTPRIO",  "RTTIME",   "SIGPENDING", "STACK"};

struct Limit {
    std::string type;
    std::int64_t soft = 0, hard = 0;
};

/// The limit at `path`; nothing: the plan was refused.
std::optional<Limit> read_limit(ctr::Plan plan, const std::string &path, const ctr::Node &node) {
    const std::string type = node.get("/type").str();
    if (!is_resource(type)) {
        plan.invalid(path + "/type", "\"" + type + "\" is no resource limit",
                     "for example RLIMIT_NOFILE, see getrlimit(2)");
        return std::nullopt;
    }
    std::uint64_t values[2] = {};
    for (int i = 0; i < 2; ++i) {
        const char *name = i == 0 ? "/soft" : "/hard";
        const auto value = node.get(name).uinteger();
        if (!value || !limit_argument(*value)) {
            plan.invalid(path + name, "is no limit",
                         "a whole number below 2^63, or 18446744073709551615 for unlimited");
            return std::nullopt;
        }
        values[i] = *value;
    }
    if (values[0] > values[1]) return plan.invalid(path, "the soft limit is above the hard limit"), std::nullopt;
    return Limit{type, *limit_argument(values[0]), *limit_argument(values[1])};
}

} // namespace

bool is_resource(std::string_view name) {
    if (name.substr(0, 7) != "RLIMIT_") return false;
    for (const auto &each : resources)
        if (name.substr(7) == each) return true;
    return false;
}

std::optional<std::int64_t> limit_argument(std::uint64_t value) {
    if (value == UINT64_MAX) return -1;
    return value <= INT64_MAX ? std::optional(static_cast<std::int64_t>(value)) : std::nullopt;
}

int plan_limits(ctr::Plan plan) {
    const ctr::Node all = plan.spec("/process/rlimits");
    std::vector<std::string> seen;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const std::string path = "/process/rlimits/" + std::to_string(i);
        const auto limit = read_limit(plan, path, all.at(i));
        if (!limit) return -1;
        for (const auto &type : seen)
            if (type == limit->type)
                return plan.invalid(path + "/type", type + " stands twice", "one limit for each resource");
        seen.push_back(limit->type);
        if (plan.step(CTR_KIND_RLIMIT, CTR_CONFINE)
                .arg("type", limit->type)
                .arg("soft", limit->soft)
                .arg("hard", limit->hard)
                .add() != 0)
            return -1;
    }
    return 0;
}

} // namespace process
