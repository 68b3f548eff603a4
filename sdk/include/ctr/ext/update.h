/* SPDX-License-Identifier: MIT
 *
 * ctr.update/1: what a plugin can change in a running container. (linux.resources belongs to the cgroup driver,
 * ctr.cgroup/1.) The function gets the handle of the stored step of `kind` in the container's plan. */
#ifndef CTR_EXT_UPDATE_H
#define CTR_EXT_UPDATE_H

#include <ctr/types.h>

#define CTR_EXT_UPDATE "ctr.update/1"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ctr_update_v1 {
    uint32_t size;
    /* A kind of step of the parent. Only a container whose plan has such a step can be changed. (The arguments of a
     * child's steps are not stored.) */
    const char *kind;
    /* The part of a config.json that it changes, as a JSON pointer: "/linux/intelRdt". */
    const char *path;
    /* [call] Applies what the node at `path` says; members that are missing stay as they are. */
    int (*update)(ctr_run *run, const ctr_node *wanted);
} ctr_update_v1;

#ifdef __cplusplus
}
#endif
#endif
