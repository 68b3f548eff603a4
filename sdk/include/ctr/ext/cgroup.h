/* SPDX-License-Identifier: MIT
 *
 * ctr.cgroup/1: what a driver of the slot `cgroup` does with the processes of a running container. Every function gets
 * the handle of the stored step of `kind` in the container's plan: the step's arguments and recorded outputs say where
 * the cgroup is, even if the config has changed since. */
#ifndef CTR_EXT_CGROUP_H
#define CTR_EXT_CGROUP_H

#include <ctr/types.h>

#define CTR_EXT_CGROUP "ctr.cgroup/1"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ctr_cgroup_v1 {
    uint32_t size;
    /* The kind of the step that made the cgroup. */
    const char *kind;
    /* [call] Sends the signal to every process of the container in the cgroup and below. A process that forks meanwhile
     * does not escape. SIGKILL also thaws frozen processes. */
    int (*kill)(ctr_run *run, int signal);
    /* [call] Calls `found` for every process id. */
    int (*processes)(ctr_run *run, void (*found)(void *user, int64_t pid), void *user);
    /* [call] 1: freeze and wait until frozen; 0: thaw. */
    int (*freeze)(ctr_run *run, int frozen);
    /* [call] Applies an OCI linux.resources object; members that are missing stay as they are. */
    int (*update)(ctr_run *run, const ctr_node *resources);
    /* [call] Calls `found` with names ("memory.usage_bytes", "memory.limit_bytes", "pids.current", "pids.limit",
     * "cpu.usage_ns", ...). */
    int (*stats)(ctr_run *run, void (*found)(void *user, const char *name, uint64_t value), void *user);
} ctr_cgroup_v1;

#ifdef __cplusplus
}
#endif
#endif
