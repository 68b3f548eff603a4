/* SPDX-License-Identifier: MIT
 *
 * The manifest in the file: a JSON text in the ELF note `.note.ctr.plugin`, readable without loading the plugin.
 * Owner "CTR", type CTR_NOTE_TYPE, description = the JSON text (no NUL), 4-byte aligned. docs/PLUGINS.md lists the
 * keys. */
#ifndef CTR_MANIFEST_H
#define CTR_MANIFEST_H

#include <stdint.h>

#define CTR_NOTE_SECTION ".note.ctr.plugin"
#define CTR_NOTE_OWNER "CTR"
#define CTR_NOTE_TYPE 0x43545201u
/* The largest manifest that a host reads, in bytes. */
#define CTR_NOTE_MAX 65536u

/* ctr_add_plugin() compiles this for you, as C, because only C allows an array without room for the literal's NUL.
 * Without the NUL the next note of a file with several plugins begins right behind this one. `json` is a string
 * literal. */
#define CTR_MANIFEST(json)                                                                                             \
    __attribute__((section(CTR_NOTE_SECTION), used, aligned(4))) static const struct {                                 \
        uint32_t name_size, description_size, type;                                                                    \
        char owner[4];                                                                                                 \
        char description[(sizeof(json) + 2) & ~(unsigned long)3];                                                      \
    } ctr_manifest_note = {4, sizeof(json) - 1, CTR_NOTE_TYPE, CTR_NOTE_OWNER, json}

#endif
