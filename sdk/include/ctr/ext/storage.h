/* SPDX-License-Identifier: MIT
 *
 * ctr.storage/1: what a driver of the slot `storage` answers outside a container's plan.
 *
 * A layer is a directory tree named by its chain id ("sha256:HEX", image-spec config.md "Layer ChainID"), stacked on its parent layer. The
 * image plugin unpacks; the driver gives it a directory, and makes the layer visible by one atomic step.
 * A container's root: the driver's plan() reads /ctr/image/layers (chain ids, lowest first) from the spec, or /root/path where it serves
 * directories, and gives the value `rootfs` (kinds.h). */
#ifndef CTR_EXT_STORAGE_H
#define CTR_EXT_STORAGE_H

#include <ctr/types.h>

#define CTR_EXT_STORAGE "ctr.storage/1"

#ifdef __cplusplus
extern "C" {
#endif

/* Where a driver keeps its things; the same directories as name(plan, "data_dir") and name(plan, "state_dir"). */
typedef struct ctr_places {
    uint32_t size;
    const char *data_dir;
    const char *state_dir;
} ctr_places;

/* Called once for each object that the driver holds. `type` is "layer" or "container", `id` the chain id or the container's id. */
typedef void (*ctr_storage_found)(void *user, const char *type, ctr_str id, ctr_str path);

typedef struct ctr_storage_v1 {
    uint32_t size;
    /* [plan] 1 if the layer is complete on disk, 0 if not, -1 on error. */
    int (*has_layer)(ctr_plan *plan, ctr_str chain_id);
    /* [plan] Adds a prepare step that makes a directory for the layer's content (with undo: removed unless committed); `parent` is
     * empty for the lowest. The step gives a string value named `directory_value`: the machine path to unpack into. For
     * a driver that shows the parent's content in that directory (a snapshot), whiteouts are carried out; for one that keeps layers apart they
     * are stored: *whiteouts is set to "apply" or "overlay" (character device 0:0 and trusted.overlay.opaque=y). */
    int (*plan_layer)(ctr_plan *plan, ctr_str chain_id, ctr_str parent, const char *directory_value,
                      const char **whiteouts);
    /* [plan] Adds the step that makes the layer complete; runs after `token` was given. */
    int (*plan_commit)(ctr_plan *plan, ctr_str chain_id, const char *directory_value, const char *token);
    /* [plan] Adds a step that removes a layer. */
    int (*plan_remove)(ctr_plan *plan, ctr_str chain_id);
    /* [parent] Lists all objects on disk. */
    int (*list)(const ctr_places *places, ctr_storage_found found, void *user);
    /* [parent] Removes one object; success if it is not there. */
    int (*collect)(const ctr_places *places, const char *type, ctr_str id);
} ctr_storage_v1;

#ifdef __cplusplus
}
#endif
#endif
