// SPDX-License-Identifier: MIT
#include "front/oci/resources.hpp"

#include "base/json.hpp"
#include "spec/oci.hpp"
#include "sys/files.hpp"

#include <charconv>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace core::oci {

using cli::Arguments;

namespace {

/// Which option sets which member. `text`: a CPU list and not a number.
struct Row {
    const char *option, *pointer;
    bool text = false;
};
constexpr Row rows[] = {
    {"blkio-weight", "/blockIO/weight"},
    {"cpu-period", "/cpu/period"},
    {"cpu-quota", "/cpu/quota"},
    {"cpu-burst", "/cpu/burst"},
    {"cpu-share", "/cpu/shares"},
    {"cpu-rt-period", "/cpu/realtimePeriod"},
    {"cpu-rt-runtime", "/cpu/realtimeRuntime"},
    {"cpu-idle", "/cpu/idle"},
    {"cpuset-cpus", "/cpu/cpus", true},
    {"cpuset-mems", "/cpu/mems", true},
    {"memory", "/memory/limit"},
    {"memory-reservation", "/memory/reservation"},
    {"memory-swap", "/memory/swap"},
    {"pids-limit", "/pids/limit"},
    {"kernel-memory", "/memory/kernel"},
    {"kernel-memory-tcp", "/memory/kernelTCP"},
};

/// A number, which may have a unit: 64M.
Result<std::int64_t> parse_number(const char *option, const std::string &text) {
    std::int64_t value = 0;
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
    const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    int shift = unit.empty() || unit == "b" || unit == "B" ? 0 : -1;
    for (int i = 0; i < 4; ++i)
        if (unit.size() == 1 && (unit[0] == "kmgt"[i] || unit[0] == "KMGT"[i])) shift = 10 * (i + 1);
    if (wrong != std::errc() || shift < 0 || value > (INT64_MAX >> shift) || value < (INT64_MIN >> shift))
        return invalid(std::string("--") + option + " " + text, "expected a number");
    return value * (std::int64_t{1} << shift);
}

/// Drops members that are 0 or "". Engines in Go send these for members that they do not set; this is runc's convention
/// for this command only. Some members are pointers in Go's types, so their 0 is meant.
void drop_zeros(Json &object) {
    for (auto it = object.begin(); it != object.end();) {
        if (it->is_object()) drop_zeros(*it);
        const bool meant = it.key() == "idle" || it.key() == "burst" || it.key() == "swappiness";
        const bool nothing = it->is_null() || (!meant && it->is_number_integer() && *it == 0) ||
                             (it->is_string() && it->get_ref<const std::string &>().empty()) ||
                             (it->is_object() && it->empty());
        it = nothing ? object.erase(it) : std::next(it);
    }
}

} // namespace

bool zero_pids_is_meant(const Json &spec) {
    const std::string version = spec.value("ociVersion", "1.0.0");
    int minor = 0;
    return version.rfind("1.", 0) == 0 &&
           std::from_chars(version.data() + 2, version.data() + version.size(), minor).ec == std::errc() && minor >= 3;
}

void drop_pids(Json &resources, bool zero_is_meant) {
    const auto pids = resources.find("pids");
    if (pids == resources.end()) return;
    const Json limit = pids->is_object() ? pids->value("limit", Json()) : *pids;
    if (limit.is_null() || (!zero_is_meant && limit == 0)) resources.erase(pids);
}

Result<Json> read_resources(const Arguments &arguments) {
    Json resources = Json::object();
    if (const std::string file = arguments.one("resources"); !file.empty()) {
        CTR_ASSIGN(const std::string text, file == "-"
                                               ? sys::read_fd(STDIN_FILENO, "standard input", spec::max_spec_size)
                                               : sys::read_file(file, spec::max_spec_size));
        CTR_ASSIGN(resources, parse_json(text, file == "-" ? "standard input" : file));
        if (!resources.is_object()) return invalid("--resources", "expected an object", "see `linux.resources`");
        for (const char *group : {"memory", "cpu", "blockIO"})
            if (resources.contains(group) && resources[group].is_object()) drop_zeros(resources[group]);
        return resources;
    }
    for (const Row &row : rows) {
        if (!arguments.has(row.option)) continue;
        Json &member = resources[Json::json_pointer(row.pointer)];
        if (row.text) {
            member = arguments.one(row.option);
        } else {
            CTR_ASSIGN(member, parse_number(row.option, arguments.one(row.option)));
        }
    }
    return resources;
}

Json read_rdt(const Arguments &arguments) {
    Json rdt;
    for (const auto &[option, member] :
         {std::pair("l3-cache-schema", "l3CacheSchema"), std::pair("mem-bw-schema", "memBwSchema")})
        if (arguments.has(option)) rdt[member] = arguments.one(option);
    return rdt;
}

} // namespace core::oci
