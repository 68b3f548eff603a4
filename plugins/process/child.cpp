// SPDX-License-Identifier: MIT
#include "child.hpp"

#include "ioprio.hpp"
#include "placing.hpp"

#include <linux/sched/types.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace process {

CTR_CHILD int scheduler_in_child(ctr_run *raw) {
    const ctr::ChildRun run{raw};
    struct sched_attr attr = {};
    attr.size = SCHED_ATTR_SIZE_VER0; // without util clamps: known to every kernel
    attr.sched_policy = static_cast<__u32>(run.integer("policy"));
    attr.sched_flags = static_cast<__u64>(run.integer("flags"));
    attr.sched_nice = static_cast<__s32>(run.integer("nice"));
    attr.sched_priority = static_cast<__u32>(run.integer("priority"));
    attr.sched_runtime = static_cast<__u64>(run.integer("runtime"));
    attr.sched_deadline = static_cast<__u64>(run.integer("deadline"));
    attr.sched_period = static_cast<__u64>(run.integer("period"));
    if (syscall(SYS_sched_setattr, 0, &attr, 0) == 0) return 0;
    return run.fail("sched_setattr", "/process/scheduler",
                    errno == EPERM ? "needs CAP_SYS_NICE; real-time policies also a cpu cgroup with real-time bandwidth"
                                   : nullptr);
}

CTR_CHILD int ioprio_in_child(ctr_run *raw) {
    const ctr::ChildRun run{raw};
    const auto value = ioprio_value(run.integer("class"), run.integer("priority"));
    if (syscall(SYS_ioprio_set, ioprio_who_process, 0, value) == 0) return 0;
    return run.fail("ioprio_set", "/process/ioPriority",
                    errno == EPERM ? "IOPRIO_CLASS_RT needs CAP_SYS_ADMIN or CAP_SYS_NICE" : nullptr);
}

CTR_CHILD int personality_in_child(ctr_run *raw) {
    const ctr::ChildRun run{raw};
    // The raw call: glibc's wrapper turns some personalities into errors.
    if (syscall(SYS_personality, run.integer("persona")) == -1) return run.fail("personality", "/linux/personality");
    return 0;
}

CTR_CHILD int mempolicy_in_child(ctr_run *raw) {
    const ctr::ChildRun run{raw};
    unsigned long mask[node_max / (8 * sizeof(unsigned long))] = {};
    const std::size_t n = run.count("node");
    for (std::size_t i = 0; i < n; ++i) {
        const auto node = static_cast<std::size_t>(run.integer("node", 0, i));
        if (node < node_max) mask[node / (8 * sizeof *mask)] |= 1UL << (node % (8 * sizeof *mask));
    }
    // The kernel reads one bit less than the given number, set_mempolicy(2) BUGS.
    if (syscall(SYS_set_mempolicy, run.integer("mode"), n == 0 ? nullptr : mask, n == 0 ? 0 : node_max + 1) == 0)
        return 0;
    return run.fail("set_mempolicy", "/linux/memoryPolicy",
                    errno == ENOSYS   ? "the kernel has no NUMA"
                    : errno == EINVAL ? "the kernel does not know the mode, or the container may use none of the nodes"
                                      : nullptr);
}

CTR_CHILD int affinity_in_child(ctr_run *raw) {
    const ctr::ChildRun run{raw};
    unsigned long mask[cpu_max / (8 * sizeof(unsigned long))] = {};
    for (std::size_t i = 0, n = run.count("cpu"); i < n; ++i) {
        const auto cpu = static_cast<std::size_t>(run.integer("cpu", 0, i));
        if (cpu < cpu_max) mask[cpu / (8 * sizeof *mask)] |= 1UL << (cpu % (8 * sizeof *mask));
    }
    if (run.count("cpu") == 0) memset(mask, 0xff, sizeof mask); // all processors of its cpuset
    if (syscall(SYS_sched_setaffinity, 0, sizeof mask, mask) == 0) return 0;
    return run.fail("sched_setaffinity", "/process/execCPUAffinity/final",
                    errno == EINVAL ? "the container may use none of these CPUs" : nullptr);
}

} // namespace process
