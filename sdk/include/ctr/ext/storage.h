/* SPDX-License-Identifier: MIT
 *
 * ctr.storage/1: what a driver of the slot `storage` answers outside a container's plan.
 *
 * A layer is a directory tree named by its chain id ("sha256:HEX", image-spec config.md "Layer ChainID"), stacked on
 * its parent layer. The driver gives a directory, the image plugin unpacks into it, and the driver makes the layer
 * visible by one atomic step. A container's root: the driver's plan() reads /ctr/image/layers (chain ids, lowest first)
 * from the spec, or /root/path where it serves directories, and gives the value `rootfs` (kinds.h). */
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

/* Called once for each object that the driver holds. `type` is "layer" or "container", `id` the chain id or the
 * container's id. */
typedef void (*ctr_storage_found)(void *user, const char *type, ctr_str id, ctr_str path);

typedef struct ctr_storage_v1 {
    uint32_t size;
    /* [plan] 1 if the layer is complete on disk, 0 if not, -1 on error. */
    int (*has_layer)(ctr_plan *plan, ctr_str chain_id);
    /* [plan] Adds a prepare step that makes a directory for the layer's content (with undo: removed unless committed);
     * `parent` is empty for the lowest. The step gives a string value named `directory_value`: the machine path to
     * unpack into. That directory shows the content of the layers below (it is a snapshot or a mount), so what a layer
     * does not change keeps its mode and owner, links lead where they lead in the image, and whiteouts delete.
     * *whiteouts must be set to "apply"; other words are refused. NULL for a driver that has plan_layer_on(). */
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
    /* [plan] As plan_layer(), for a driver that must know all layers below, not only the next one: `below` are their
     * chain ids, lowest first. NULL or missing: plan_layer() is called. */
    int (*plan_layer_on)(ctr_plan *plan, ctr_str chain_id, const ctr_str *below, size_t n_below,
                         const char *directory_value, const char **whiteouts);
} ctr_storage_v1;

#ifdef __cplusplus
}
#endif
#endif
