// SPDX-License-Identifier: MIT
#include "front/oci/stats.hpp"

#include <charconv>
#include <nlohmann/json.hpp>

namespace core::oci {

Json stats_json(const Stats &stats) {
    Json data = Json::object();
    const auto put = [&](const char *name, const char *pointer) {
        if (const auto found = stats.find(name); found != stats.end())
            data[Json::json_pointer(pointer)] = found->second;
    };
    put("cpu.usage_ns", "/cpu/usage/total");
    put("cpu.user_ns", "/cpu/usage/user");
    put("cpu.system_ns", "/cpu/usage/kernel");
    put("cpu.periods", "/cpu/throttling/periods");
    put("cpu.throttled_periods", "/cpu/throttling/throttledPeriods");
    put("cpu.throttled_ns", "/cpu/throttling/throttledTime");
    put("memory.cache_bytes", "/memory/cache");
    put("memory.usage_bytes", "/memory/usage/usage");
    put("memory.limit_bytes", "/memory/usage/limit");
    put("memory.peak_bytes", "/memory/usage/max");
    put("memory.limit_hits", "/memory/usage/failcnt");
    put("memory.swap_usage_bytes", "/memory/swap/usage");
    put("memory.swap_limit_bytes", "/memory/swap/limit");
    put("memory.anon_bytes", "/memory/raw/rss");
    put("memory.inactive_file_bytes", "/memory/raw/total_inactive_file");
    put("pids.current", "/pids/current");
    put("io.read_bytes", "/blkio/readBytes");
    put("io.write_bytes", "/blkio/writeBytes");
    if (const auto limit = stats.find("pids.limit"); limit != stats.end() && limit->second != UINT64_MAX)
        data["pids"]["limit"] = limit->second;
    return data;
}

std::optional<int> parse_duration(const std::string &text) {
    double total = 0;
    const char *at = text.c_str();
    const char *const end = at + text.size();
    if (at == end) return std::nullopt;
    while (at != end) {
        double value = 0;
        const auto [unit, wrong] = std::from_chars(at, end, value);
        if (wrong != std::errc() || value < 0) return std::nullopt;
        std::size_t length = 0;
        while (unit + length != end && unit[length] >= 'a' && unit[length] <= 'z')
            ++length;
        const std::string_view name(unit, length);
        const double factor = name == "ms" ? 1 : name == "s" ? 1000 : name == "m" ? 60000 : name == "h" ? 3600000 : -1;
        if (factor < 0) return std::nullopt;
        total += value * factor;
        at = unit + length;
    }
    if (total < 1 || total > 1e9) return std::nullopt;
    return static_cast<int>(total);
}

} // namespace core::oci
