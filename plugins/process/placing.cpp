// SPDX-License-Identifier: MIT
//
// The affinity is for processes that join a container (exec): `initial` is for ctr itself and its child until the child
// is in the container's cgroup; `final` (else all processors of the cgroup's cpuset) is for the time after that. The
// container's first process has only its cpuset.
#include "placing.hpp"

#include <algorithm>
#include <sched.h>

namespace process {
namespace {

using ctr::Node;
using ctr::Plan;

struct NamedMode {
    std::string_view name;
    std::int64_t value;
};

// Not all are in the headers of Debian 12; set_mempolicy(2) and the kernel's uapi have them.
constexpr NamedMode modes[] = {{"MPOL_DEFAULT", 0},
                               {"MPOL_PREFERRED", 1},
                               {"MPOL_BIND", 2},
                               {"MPOL_INTERLEAVE", 3},
                               {"MPOL_LOCAL", 4},
                               {"MPOL_PREFERRED_MANY", 5},
                               {"MPOL_WEIGHTED_INTERLEAVE", 6}};
constexpr NamedMode mode_flags[] = {
    {"MPOL_F_STATIC_NODES", 1 << 15}, {"MPOL_F_RELATIVE_NODES", 1 << 14}, {"MPOL_F_NUMA_BALANCING", 1 << 13}};

template <std::size_t N> std::optional<std::int64_t> value_of(const NamedMode (&words)[N], std::string_view name) {
    for (const auto &each : words)
        if (each.name == name) return each.value;
    return std::nullopt;
}

std::optional<unsigned> take_number(std::string_view &text, unsigned end) {
    unsigned value = 0;
    std::size_t n = 0;
    for (; n < text.size() && text[n] >= '0' && text[n] <= '9' && value < end; ++n)
        value = value * 10 + static_cast<unsigned>(text[n] - '0');
    text.remove_prefix(n);
    return n == 0 || value >= end ? std::nullopt : std::optional(value);
}

/// The list at `where`, empty if it is missing; nothing: the plan was refused.
std::optional<std::vector<std::int64_t>> list_at(Plan plan, const std::string &where, unsigned end) {
    const std::string text = plan.spec(where).str();
    auto list = parse_list(text, end);
    if (!list) plan.invalid(where, "\"" + text + "\" is no list of numbers", "for example 0-3,7");
    return list;
}

std::string joined(ctr::Run run, const char *name) {
    std::string out;
    for (std::size_t i = 0; i < run.count(name); ++i)
        out += (out.empty() ? "" : ",") + run.str(name, i);
    return out;
}

} // namespace

std::optional<std::vector<std::int64_t>> parse_list(std::string_view text, unsigned end) {
    std::vector<std::int64_t> all;
    const auto skip = [&text] {
        while (!text.empty() && text[0] == ' ')
            text.remove_prefix(1);
    };
    skip();
    while (!text.empty()) {
        const auto first = take_number(text, end);
        auto last = first;
        if (first && !text.empty() && text[0] == '-') {
            text.remove_prefix(1);
            last = take_number(text, end);
        }
        if (!first || !last || *last < *first) return std::nullopt;
        for (unsigned each = *first; each <= *last; ++each)
            all.push_back(each);
        skip();
        if (text.empty()) break;
        if (text[0] != ',') return std::nullopt;
        text.remove_prefix(1);
        skip();
        if (text.empty()) return std::nullopt;
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
}

int plan_affinity(Plan plan) {
    const auto initial = list_at(plan, "/process/execCPUAffinity/initial", cpu_max),
               final = list_at(plan, "/process/execCPUAffinity/final", cpu_max);
    if (!initial || !final) return -1;
    if (plan.operation() != CTR_OP_EXEC || (initial->empty() && final->empty())) return 0;
    if (!initial->empty() && plan.step("process.parent_affinity", CTR_PREPARE).args("cpu", *initial).add() != 0)
        return -1;
    return plan.step("process.affinity", CTR_CONFINE)
        .args("cpu", *final)
        .after(CTR_TOKEN_CGROUP_JOINED)
        .note(final->empty() ? "all CPUs that the container has" : "")
        .add();
}

int plan_memory_policy(Plan plan) {
    const Node node = plan.spec("/linux/memoryPolicy");
    if (!node) return 0;
    const std::string name = node.get("/mode").str();
    auto mode = value_of(modes, name);
    if (!mode) return plan.invalid("/linux/memoryPolicy/mode", "\"" + name + "\" is no mode of set_mempolicy(2)");
    const auto nodes = list_at(plan, "/linux/memoryPolicy/nodes", node_max);
    if (!nodes) return -1;
    const bool none = name == "MPOL_DEFAULT" || name == "MPOL_LOCAL";
    if (none && !nodes->empty()) return plan.invalid("/linux/memoryPolicy/nodes", name + " takes no nodes");
    if (!none && name != "MPOL_PREFERRED" && nodes->empty())
        return plan.invalid("/linux/memoryPolicy/nodes", name + " needs nodes", "for example 0-1");
    const Node list = node.get("/flags");
    for (std::size_t i = 0; i < list.size(); ++i) {
        const auto flag = value_of(mode_flags, list.at(i).str());
        if (!flag)
            return plan.invalid("/linux/memoryPolicy/flags/" + std::to_string(i),
                                "\"" + list.at(i).str() + "\" is no flag of set_mempolicy(2)");
        *mode |= *flag;
    }
    return plan.step("process.mempolicy", CTR_CONFINE).arg("mode", *mode).args("node", *nodes).note(name).add();
}

int affinity_in_parent(ctr::Run run) {
    unsigned long mask[cpu_max / (8 * sizeof(unsigned long))] = {};
    for (std::size_t i = 0; i < run.count("cpu"); ++i) {
        const auto cpu = static_cast<std::size_t>(run.integer("cpu", 0, i));
        if (cpu < cpu_max) mask[cpu / (8 * sizeof *mask)] |= 1UL << (cpu % (8 * sizeof *mask));
    }
    if (::sched_setaffinity(0, sizeof mask, reinterpret_cast<const cpu_set_t *>(mask)) == 0) return 0;
    return run.fail("sched_setaffinity", "/process/execCPUAffinity/initial",
                    errno == EINVAL ? "ctr may use none of these CPUs" : "");
}

int affinity_in_shell(ctr::Run run, ctr::Shell shell) {
    const std::string cpus = joined(run, "cpu");
    return shell.text("taskset --cpu-list --pid " + (cpus.empty() ? "0-8191" : cpus) + " $$ >/dev/null");
}

int mempolicy_in_shell(ctr::Run run, ctr::Shell shell) {
    const char *option = nullptr;
    switch (run.integer("mode") & 0xff) {
    case 1: option = "--preferred"; break;
    case 2: option = "--membind"; break;
    case 3: option = "--interleave"; break;
    case 4: option = "--localalloc"; break;
    case 5: option = "--preferred-many"; break;
    case 6: option = "--weighted-interleave"; break;
    default: return shell.text("# the kernel's default memory policy");
    }
    const std::string nodes = joined(run, "node");
    return shell.text("setpriv=\"numactl " + std::string(option) + (nodes.empty() ? "" : "=" + nodes) +
                      " ${setpriv:-setpriv}\"");
}

} // namespace process
