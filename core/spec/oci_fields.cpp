// SPDX-License-Identifier: MIT
//
// The fields of runtime-spec 1.3 for Linux, in the order of its text.
//
// Where the specification leaves a range to the kernel, the kernel's range is used (oom_score_adj, nanoseconds, io
// priority, window size; no uid 4294967295, which setresuid(2) takes as "leave it"). So what the kernel would refuse is
// refused before anything is done, with its path. Two rows are wider than the published schema, because engines write
// it so: fileMode (a whole st_mode) and rootfsPropagation (the r... forms). Fields of other platforms are `foreign`:
// they are not looked at and never requested. /vm is no platform but another kind of container: it is requested as a
// whole, so that it is refused by name unless a plugin claims it.
#include "spec/oci_fields.hpp"

#include "spec/oci_rules.hpp"

#include <array>
#include <limits>

namespace core::spec {
namespace {

// ---- shapes --------------------------------------------------------------------------------------------------------

constexpr std::size_t any_length = 16u << 20; // the largest document
constexpr std::size_t path_length = 4095;     // PATH_MAX without its NUL
constexpr std::size_t exec_length = 131071;   // MAX_ARG_STRLEN without its NUL: the longest string for execve(2)

constexpr Shape range(std::int64_t low, std::uint64_t high) {
    return {.type = Type::integer, .low = low, .high = high};
}
constexpr Shape string_of(std::size_t most) { return {.type = Type::text, .high = most}; }
constexpr Shape that(bool (*good)(std::string_view), std::string_view words, std::size_t most = any_length) {
    return {.type = Type::text, .high = most, .good = good, .expected = words};
}
constexpr Shape choice(std::span<const std::string_view> choices) {
    return {.type = Type::text, .high = any_length, .choices = choices};
}

constexpr Shape object = {.type = Type::object};
constexpr Shape list = {.type = Type::list};
constexpr Shape list_with_one = {.type = Type::list, .low = 1};
constexpr Shape map = {.type = Type::map};
constexpr Shape foreign = {.type = Type::foreign};
constexpr Shape boolean = {.type = Type::boolean};
constexpr Shape u16 = range(0, std::numeric_limits<std::uint16_t>::max());
constexpr Shape u32 = range(0, std::numeric_limits<std::uint32_t>::max());
constexpr Shape u64 = range(0, std::numeric_limits<std::uint64_t>::max());
constexpr Shape i32 = range(std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max());
constexpr Shape i64 = range(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max());
constexpr Shape id = range(0, 4294967294u); // without (uid_t)-1, which means "leave it" to the kernel
constexpr Shape count = range(1, std::numeric_limits<std::uint32_t>::max());

constexpr Shape text = string_of(any_length);
constexpr Shape path = string_of(path_length);
constexpr Shape argument = string_of(exec_length);
constexpr Shape name = that(is_not_empty, "a string that is not empty");
constexpr Shape some_path = that(is_not_empty, "a path", path_length);
constexpr Shape absolute = that(is_absolute, "an absolute path", path_length);
constexpr Shape variable = that(is_environment, "an environment entry NAME=VALUE", exec_length);
constexpr Shape version = that(is_version_1, "a semantic version with major 1, such as \"1.3.0\"");
constexpr Shape cpu_list = that(is_cpu_list, "a list of CPUs such as \"0-3,7\"");
constexpr Shape page_size = that(is_page_size, "a page size such as \"2MB\" or \"1GB\"");
constexpr Shape bandwidth = that(is_bandwidth_schema, "one line that begins with \"MB:\"");
constexpr Shape rlimit = that(is_rlimit, "a limit of setrlimit(2) such as \"RLIMIT_NOFILE\"");

constexpr std::string_view namespace_types[] = {"mount", "pid", "network", "uts", "ipc", "user", "cgroup", "time"};
constexpr std::string_view propagations[] = {"private",  "shared",  "slave",  "unbindable",
                                             "rprivate", "rshared", "rslave", "runbindable"};
constexpr std::string_view device_types[] = {"c", "b", "u", "p"};
constexpr std::string_view rule_types[] = {"a", "c", "b"};
constexpr std::string_view personalities[] = {"LINUX", "LINUX32"};
constexpr std::string_view io_classes[] = {"IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE"};
constexpr std::string_view policies[] = {"SCHED_OTHER", "SCHED_FIFO", "SCHED_RR",      "SCHED_BATCH",
                                         "SCHED_ISO",   "SCHED_IDLE", "SCHED_DEADLINE"};
constexpr std::string_view scheduler_flags[] = {
    "SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_RECLAIM",        "SCHED_FLAG_DL_OVERRUN",    "SCHED_FLAG_KEEP_POLICY",
    "SCHED_FLAG_KEEP_PARAMS",   "SCHED_FLAG_UTIL_CLAMP_MIN", "SCHED_FLAG_UTIL_CLAMP_MAX"};
constexpr std::string_view memory_modes[] = {
    "MPOL_DEFAULT",   "MPOL_BIND",           "MPOL_INTERLEAVE", "MPOL_WEIGHTED_INTERLEAVE",
    "MPOL_PREFERRED", "MPOL_PREFERRED_MANY", "MPOL_LOCAL"};
constexpr std::string_view memory_flags[] = {"MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES", "MPOL_F_STATIC_NODES"};
constexpr std::string_view seccomp_actions[] = {"SCMP_ACT_KILL",  "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD",
                                                "SCMP_ACT_TRAP",  "SCMP_ACT_ERRNO",        "SCMP_ACT_TRACE",
                                                "SCMP_ACT_ALLOW", "SCMP_ACT_LOG",          "SCMP_ACT_NOTIFY"};
constexpr std::string_view seccomp_flags[] = {"SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG",
                                              "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
                                              "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"};
constexpr std::string_view seccomp_operators[] = {"SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE",       "SCMP_CMP_EQ",
                                                  "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_MASKED_EQ"};
constexpr std::string_view architectures[] = {
    "SCMP_ARCH_X86",         "SCMP_ARCH_X86_64",   "SCMP_ARCH_X32",         "SCMP_ARCH_ARM",    "SCMP_ARCH_AARCH64",
    "SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_M68K",     "SCMP_ARCH_MIPS",        "SCMP_ARCH_MIPS64", "SCMP_ARCH_MIPS64N32",
    "SCMP_ARCH_MIPSEL",      "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PPC",    "SCMP_ARCH_PPC64",
    "SCMP_ARCH_PPC64LE",     "SCMP_ARCH_S390",     "SCMP_ARCH_S390X",       "SCMP_ARCH_SH",     "SCMP_ARCH_SHEB",
    "SCMP_ARCH_PARISC",      "SCMP_ARCH_PARISC64", "SCMP_ARCH_RISCV64"};

// ---- the table -----------------------------------------------------------------------------------------------------

// clang-format off
constexpr Field table[] = {
    {"", object},
    {"/ociVersion", version, required},

    {"/root", object},
    {"/root/path", path},                     // required, unless the file system comes from /ctr/image: see oci.cpp
    {"/root/readonly", boolean},

    {"/mounts", list},
    {"/mounts/*", object},
    {"/mounts/*/destination", some_path, required},
    {"/mounts/*/type", text},
    {"/mounts/*/source", path},
    {"/mounts/*/options", list},
    {"/mounts/*/options/*", text},
    {"/mounts/*/uidMappings", list},
    {"/mounts/*/uidMappings/*", object},
    {"/mounts/*/uidMappings/*/containerID", u32, required},
    {"/mounts/*/uidMappings/*/hostID", u32, required},
    {"/mounts/*/uidMappings/*/size", count, required},
    {"/mounts/*/gidMappings", list},
    {"/mounts/*/gidMappings/*", object},
    {"/mounts/*/gidMappings/*/containerID", u32, required},
    {"/mounts/*/gidMappings/*/hostID", u32, required},
    {"/mounts/*/gidMappings/*/size", count, required},

    {"/process", object},
    {"/process/terminal", boolean},
    {"/process/consoleSize", object},
    {"/process/consoleSize/height", u16, required | zero_is_none},
    {"/process/consoleSize/width", u16, required | zero_is_none},
    {"/process/cwd", absolute, required},
    {"/process/env", list},
    {"/process/env/*", variable},
    {"/process/args", list_with_one, required},
    {"/process/args/*", argument},
    {"/process/commandLine", foreign},        // Windows
    {"/process/user", object},
    {"/process/user/uid", id},
    {"/process/user/gid", id},
    {"/process/user/umask", u32},
    {"/process/user/additionalGids", list},
    {"/process/user/additionalGids/*", id},
    {"/process/user/username", foreign},      // Windows
    {"/process/rlimits", list},
    {"/process/rlimits/*", object},
    {"/process/rlimits/*/type", rlimit, required},
    {"/process/rlimits/*/soft", u64, required},
    {"/process/rlimits/*/hard", u64, required},
    {"/process/capabilities", object, empty_asks}, // {} removes all; if it is absent, all are kept
    {"/process/capabilities/bounding", list},
    {"/process/capabilities/bounding/*", name},
    {"/process/capabilities/effective", list},
    {"/process/capabilities/effective/*", name},
    {"/process/capabilities/inheritable", list},
    {"/process/capabilities/inheritable/*", name},
    {"/process/capabilities/permitted", list},
    {"/process/capabilities/permitted/*", name},
    {"/process/capabilities/ambient", list},
    {"/process/capabilities/ambient/*", name},
    {"/process/noNewPrivileges", boolean},
    {"/process/apparmorProfile", text},
    {"/process/selinuxLabel", text},
    {"/process/oomScoreAdj", range(-1000, 1000)},
    {"/process/scheduler", object},
    {"/process/scheduler/policy", choice(policies), required},
    {"/process/scheduler/nice", i32},
    {"/process/scheduler/priority", i32},
    {"/process/scheduler/flags", list},
    {"/process/scheduler/flags/*", choice(scheduler_flags)},
    {"/process/scheduler/runtime", u64},
    {"/process/scheduler/deadline", u64},
    {"/process/scheduler/period", u64},
    {"/process/ioPriority", object},
    {"/process/ioPriority/class", choice(io_classes), required},
    {"/process/ioPriority/priority", range(0, 7)},
    {"/process/execCPUAffinity", object},
    {"/process/execCPUAffinity/initial", cpu_list},
    {"/process/execCPUAffinity/final", cpu_list},

    {"/hostname", text},
    {"/domainname", text},

    {"/hooks", object},
    {"/hooks/prestart", list},                // deprecated, still written by engines
    {"/hooks/prestart/*", object},
    {"/hooks/prestart/*/path", absolute, required},
    {"/hooks/prestart/*/args", list},
    {"/hooks/prestart/*/args/*", argument},
    {"/hooks/prestart/*/env", list},
    {"/hooks/prestart/*/env/*", variable},
    {"/hooks/prestart/*/timeout", range(1, std::numeric_limits<std::int64_t>::max())},
    {"/hooks/createRuntime", list},
    {"/hooks/createRuntime/*", object},
    {"/hooks/createRuntime/*/path", absolute, required},
    {"/hooks/createRuntime/*/args", list},
    {"/hooks/createRuntime/*/args/*", argument},
    {"/hooks/createRuntime/*/env", list},
    {"/hooks/createRuntime/*/env/*", variable},
    {"/hooks/createRuntime/*/timeout", range(1, std::numeric_limits<std::int64_t>::max())},
    {"/hooks/createContainer", list},
    {"/hooks/createContainer/*", object},
    {"/hooks/createContainer/*/path", absolute, required},
    {"/hooks/createContainer/*/args", list},
    {"/hooks/createContainer/*/args/*", argument},
    {"/hooks/createContainer/*/env", list},
    {"/hooks/createContainer/*/env/*", variable},
    {"/hooks/createContainer/*/timeout", range(1, std::numeric_limits<std::int64_t>::max())},
    {"/hooks/startContainer", list},
    {"/hooks/startContainer/*", object},
    {"/hooks/startContainer/*/path", absolute, required},
    {"/hooks/startContainer/*/args", list},
    {"/hooks/startContainer/*/args/*", argument},
    {"/hooks/startContainer/*/env", list},
    {"/hooks/startContainer/*/env/*", variable},
    {"/hooks/startContainer/*/timeout", range(1, std::numeric_limits<std::int64_t>::max())},
    {"/hooks/poststart", list},
    {"/hooks/poststart/*", object},
    {"/hooks/poststart/*/path", absolute, required},
    {"/hooks/poststart/*/args", list},
    {"/hooks/poststart/*/args/*", argument},
    {"/hooks/poststart/*/env", list},
    {"/hooks/poststart/*/env/*", variable},
    {"/hooks/poststart/*/timeout", range(1, std::numeric_limits<std::int64_t>::max())},
    {"/hooks/poststop", list},
    {"/hooks/poststop/*", object},
    {"/hooks/poststop/*/path", absolute, required},
    {"/hooks/poststop/*/args", list},
    {"/hooks/poststop/*/args/*", argument},
    {"/hooks/poststop/*/env", list},
    {"/hooks/poststop/*/env/*", variable},
    {"/hooks/poststop/*/timeout", range(1, std::numeric_limits<std::int64_t>::max())},

    {"/annotations", map},
    {"/annotations/*", text},

    {"/linux", object},
    {"/linux/devices", list},
    {"/linux/devices/*", object},
    {"/linux/devices/*/type", choice(device_types), required},
    {"/linux/devices/*/path", absolute, required},
    {"/linux/devices/*/major", i64},
    {"/linux/devices/*/minor", i64},
    {"/linux/devices/*/fileMode", u16},
    {"/linux/devices/*/uid", id},
    {"/linux/devices/*/gid", id},
    {"/linux/netDevices", map},
    {"/linux/netDevices/*", object},
    {"/linux/netDevices/*/name", text},
    {"/linux/uidMappings", list},
    {"/linux/uidMappings/*", object},
    {"/linux/uidMappings/*/containerID", u32, required},
    {"/linux/uidMappings/*/hostID", u32, required},
    {"/linux/uidMappings/*/size", count, required},
    {"/linux/gidMappings", list},
    {"/linux/gidMappings/*", object},
    {"/linux/gidMappings/*/containerID", u32, required},
    {"/linux/gidMappings/*/hostID", u32, required},
    {"/linux/gidMappings/*/size", count, required},
    {"/linux/namespaces", list},
    {"/linux/namespaces/*", object},
    {"/linux/namespaces/*/type", choice(namespace_types), required},
    {"/linux/namespaces/*/path", path},
    {"/linux/timeOffsets", object},
    {"/linux/timeOffsets/boottime", object},
    {"/linux/timeOffsets/boottime/secs", i64, zero_is_none},
    {"/linux/timeOffsets/boottime/nanosecs", range(0, 999999999), zero_is_none},
    {"/linux/timeOffsets/monotonic", object},
    {"/linux/timeOffsets/monotonic/secs", i64, zero_is_none},
    {"/linux/timeOffsets/monotonic/nanosecs", range(0, 999999999), zero_is_none},
    {"/linux/cgroupsPath", path},
    {"/linux/resources", object},
    {"/linux/resources/devices", list},
    {"/linux/resources/devices/*", object},
    {"/linux/resources/devices/*/allow", boolean, required | false_asks},
    {"/linux/resources/devices/*/type", choice(rule_types)},
    {"/linux/resources/devices/*/major", i64},
    {"/linux/resources/devices/*/minor", i64},
    {"/linux/resources/devices/*/access", text}, // letters other than r, w and m mean nothing
    {"/linux/resources/memory", object},
    {"/linux/resources/memory/limit", i64, zero_is_none},
    {"/linux/resources/memory/reservation", i64, zero_is_none},
    {"/linux/resources/memory/swap", i64, zero_is_none},
    {"/linux/resources/memory/kernel", i64, zero_is_none},
    {"/linux/resources/memory/kernelTCP", i64, zero_is_none},
    {"/linux/resources/memory/swappiness", range(0, 100)},
    {"/linux/resources/memory/disableOOMKiller", boolean},
    {"/linux/resources/memory/useHierarchy", boolean, false_asks},
    {"/linux/resources/memory/checkBeforeUpdate", boolean},
    {"/linux/resources/cpu", object},
    {"/linux/resources/cpu/shares", u64, zero_is_none},
    {"/linux/resources/cpu/quota", i64, zero_is_none},
    {"/linux/resources/cpu/burst", u64, zero_is_none},
    {"/linux/resources/cpu/period", u64, zero_is_none},
    {"/linux/resources/cpu/realtimeRuntime", i64, zero_is_none},
    {"/linux/resources/cpu/realtimePeriod", u64, zero_is_none},
    {"/linux/resources/cpu/cpus", text},
    {"/linux/resources/cpu/mems", text},
    {"/linux/resources/cpu/idle", range(0, 1)},
    {"/linux/resources/pids", object},
    {"/linux/resources/pids/limit", i64, required},
    {"/linux/resources/blockIO", object},
    {"/linux/resources/blockIO/weight", u16, zero_is_none},
    {"/linux/resources/blockIO/leafWeight", u16, zero_is_none},
    {"/linux/resources/blockIO/weightDevice", list},
    {"/linux/resources/blockIO/weightDevice/*", object},
    {"/linux/resources/blockIO/weightDevice/*/major", i64, required},
    {"/linux/resources/blockIO/weightDevice/*/minor", i64, required},
    {"/linux/resources/blockIO/weightDevice/*/weight", u16, zero_is_none},
    {"/linux/resources/blockIO/weightDevice/*/leafWeight", u16, zero_is_none},
    {"/linux/resources/blockIO/throttleReadBpsDevice", list},
    {"/linux/resources/blockIO/throttleReadBpsDevice/*", object},
    {"/linux/resources/blockIO/throttleReadBpsDevice/*/major", i64, required},
    {"/linux/resources/blockIO/throttleReadBpsDevice/*/minor", i64, required},
    {"/linux/resources/blockIO/throttleReadBpsDevice/*/rate", u64},
    {"/linux/resources/blockIO/throttleWriteBpsDevice", list},
    {"/linux/resources/blockIO/throttleWriteBpsDevice/*", object},
    {"/linux/resources/blockIO/throttleWriteBpsDevice/*/major", i64, required},
    {"/linux/resources/blockIO/throttleWriteBpsDevice/*/minor", i64, required},
    {"/linux/resources/blockIO/throttleWriteBpsDevice/*/rate", u64},
    {"/linux/resources/blockIO/throttleReadIOPSDevice", list},
    {"/linux/resources/blockIO/throttleReadIOPSDevice/*", object},
    {"/linux/resources/blockIO/throttleReadIOPSDevice/*/major", i64, required},
    {"/linux/resources/blockIO/throttleReadIOPSDevice/*/minor", i64, required},
    {"/linux/resources/blockIO/throttleReadIOPSDevice/*/rate", u64},
    {"/linux/resources/blockIO/throttleWriteIOPSDevice", list},
    {"/linux/resources/blockIO/throttleWriteIOPSDevice/*", object},
    {"/linux/resources/blockIO/throttleWriteIOPSDevice/*/major", i64, required},
    {"/linux/resources/blockIO/throttleWriteIOPSDevice/*/minor", i64, required},
    {"/linux/resources/blockIO/throttleWriteIOPSDevice/*/rate", u64},
    {"/linux/resources/hugepageLimits", list},
    {"/linux/resources/hugepageLimits/*", object},
    {"/linux/resources/hugepageLimits/*/pageSize", page_size, required},
    {"/linux/resources/hugepageLimits/*/limit", u64, required},
    {"/linux/resources/network", object},
    {"/linux/resources/network/classID", u32, zero_is_none},
    {"/linux/resources/network/priorities", list},
    {"/linux/resources/network/priorities/*", object},
    {"/linux/resources/network/priorities/*/name", name, required},
    {"/linux/resources/network/priorities/*/priority", u32, required},
    {"/linux/resources/rdma", map},
    {"/linux/resources/rdma/*", object},
    {"/linux/resources/rdma/*/hcaHandles", u32},
    {"/linux/resources/rdma/*/hcaObjects", u32},
    {"/linux/resources/unified", map},
    {"/linux/resources/unified/*", text},
    {"/linux/rootfsPropagation", choice(propagations)},
    {"/linux/seccomp", object},
    {"/linux/seccomp/defaultAction", choice(seccomp_actions), required},
    {"/linux/seccomp/defaultErrnoRet", u32},
    {"/linux/seccomp/architectures", list},
    {"/linux/seccomp/architectures/*", choice(architectures)},
    {"/linux/seccomp/flags", list},
    {"/linux/seccomp/flags/*", choice(seccomp_flags)},
    {"/linux/seccomp/listenerPath", path},
    {"/linux/seccomp/listenerMetadata", text},
    {"/linux/seccomp/syscalls", list},
    {"/linux/seccomp/syscalls/*", object},
    {"/linux/seccomp/syscalls/*/names", list_with_one, required},
    {"/linux/seccomp/syscalls/*/names/*", name},
    {"/linux/seccomp/syscalls/*/action", choice(seccomp_actions), required},
    {"/linux/seccomp/syscalls/*/errnoRet", u32},
    {"/linux/seccomp/syscalls/*/args", list},
    {"/linux/seccomp/syscalls/*/args/*", object},
    {"/linux/seccomp/syscalls/*/args/*/index", range(0, 5), required},
    {"/linux/seccomp/syscalls/*/args/*/value", u64, required},
    {"/linux/seccomp/syscalls/*/args/*/valueTwo", u64},
    {"/linux/seccomp/syscalls/*/args/*/op", choice(seccomp_operators), required},
    {"/linux/sysctl", map},
    {"/linux/sysctl/*", text},
    {"/linux/maskedPaths", list},
    {"/linux/maskedPaths/*", path},
    {"/linux/readonlyPaths", list},
    {"/linux/readonlyPaths/*", path},
    {"/linux/mountLabel", text},
    {"/linux/personality", object},
    {"/linux/personality/domain", choice(personalities), required},
    {"/linux/personality/flags", list},
    {"/linux/personality/flags/*", text},
    {"/linux/intelRdt", object, empty_asks},
    {"/linux/intelRdt/closID", text},
    {"/linux/intelRdt/schemata", list},
    {"/linux/intelRdt/schemata/*", text},
    {"/linux/intelRdt/l3CacheSchema", text},
    {"/linux/intelRdt/memBwSchema", bandwidth},
    {"/linux/intelRdt/enableMonitoring", boolean},
    {"/linux/memoryPolicy", object},
    {"/linux/memoryPolicy/mode", choice(memory_modes), required},
    {"/linux/memoryPolicy/nodes", text},
    {"/linux/memoryPolicy/flags", list},
    {"/linux/memoryPolicy/flags/*", choice(memory_flags)},

    {"/vm", object, empty_asks},
    {"/windows", foreign},
    {"/solaris", foreign},
    {"/zos", foreign},
    {"/freebsd", foreign},
};
// clang-format on
constexpr std::size_t rows = std::size(table);
static_assert(rows <= max_fields);

// ---- the tree, by the compiler ------------------------------------------------------------------

constexpr bool is_below(std::string_view child, std::string_view parent) {
    return child.size() > parent.size() && child[parent.size()] == '/' && child.substr(0, parent.size()) == parent;
}

/// Throws, and so does not compile, if a row's parent is missing or an object has more than 64 fields.
constexpr std::array<Link, rows> make_links() {
    std::array<Link, rows> out{};
    std::array<std::uint16_t, 16> open{};       // the rows from the root to the current one
    std::array<std::uint16_t, 16> last_child{}; // the last child of each of them
    std::array<unsigned, 16> children{};
    std::size_t depth = 0;
    for (std::uint16_t row = 1; row < rows; ++row) {
        const std::string_view pattern = table[row].pattern;
        while (!is_below(pattern, table[open[depth]].pattern))
            out[open[depth--]].end = row;
        const std::uint16_t parent = open[depth];
        const std::string_view last = pattern.substr(table[parent].pattern.size() + 1);
        if (last.find('/') != std::string_view::npos) throw "a row without its parent";
        out[row].name_length = static_cast<std::uint16_t>(last.size());
        out[row].name_key = name_key(last);
        out[row].place = static_cast<std::uint16_t>(children[depth]);
        if (children[depth] >= 64) throw "too many fields in one object";
        if ((table[row].flags & required) != 0) out[parent].required |= std::uint64_t{1} << children[depth];
        (children[depth]++ == 0 ? out[parent].first_child : out[last_child[depth]].next) = row;
        last_child[depth] = row;
        open[++depth] = row;
        children[depth] = 0;
    }
    for (std::size_t i = 0; i <= depth; ++i)
        out[open[i]].end = rows;
    return out;
}

constexpr std::array<Link, rows> tree = make_links();

std::string choices_in_words(std::span<const std::string_view> choices) {
    std::string out = "one of ";
    for (std::size_t i = 0; i < choices.size(); ++i) {
        if (i > 0) out += ", ";
        (out += '"') += choices[i];
        out += '"';
    }
    return out;
}

} // namespace

std::span<const Field> fields() { return table; }
std::span<const Link> links() { return tree; }

std::string_view name_of(std::uint16_t row) {
    const std::string_view pattern = table[row].pattern;
    return pattern.substr(pattern.size() - tree[row].name_length);
}

std::uint16_t child_named(std::uint16_t row, std::string_view wanted) {
    const std::uint16_t key = name_key(wanted);
    std::uint16_t child = tree[row].first_child;
    while (child != 0 && (tree[child].name_key != key || name_of(child) != wanted))
        child = tree[child].next;
    return child;
}

std::string expected(const Field &field) {
    const Shape &shape = field.shape;
    switch (shape.type) {
    case Type::object:
    case Type::map: return "an object";
    case Type::list: return shape.low > 0 ? "an array that is not empty" : "an array";
    case Type::boolean: return "true or false";
    case Type::integer: return "an integer from " + std::to_string(shape.low) + " to " + std::to_string(shape.high);
    case Type::foreign: return "anything";
    case Type::text: break;
    }
    if (!shape.choices.empty()) return choices_in_words(shape.choices);
    return shape.good != nullptr ? std::string(shape.expected) : "a string";
}

} // namespace core::spec
