/* SPDX-License-Identifier: MIT
 *
 * ctr.network/1: what a driver of the slot `network` keeps on the machine, and how to remove what no container owns. */
#ifndef CTR_EXT_NETWORK_H
#define CTR_EXT_NETWORK_H

#include <ctr/ext/storage.h> /* ctr_places */
#include <ctr/types.h>

#define CTR_EXT_NETWORK "ctr.network/1"

#ifdef __cplusplus
extern "C" {
#endif

typedef void (*ctr_network_found)(void *user, const char *type, ctr_str id, ctr_str detail);

typedef struct ctr_network_v1 {
    uint32_t size;
    /* [parent] Lists objects: type "lease" or "link" with the container's id, "bridge" or "table" with its name. */
    int (*list)(const ctr_places *places, ctr_network_found found, void *user);
    /* [parent] Removes one object; success if it is not there. */
    int (*collect)(const ctr_places *places, const char *type, ctr_str id);
} ctr_network_v1;

#ifdef __cplusplus
}
#endif
#endif
