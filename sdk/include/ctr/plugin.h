/* SPDX-License-Identifier: MIT
 *
 * What a plugin is: a shared object that exports one constant object, ctr_plugin_entry_v1, and carries its manifest in
 * an ELF note (ctr/manifest.h; ctr_add_plugin() of the CMake package embeds it). */
#ifndef CTR_PLUGIN_H
#define CTR_PLUGIN_H

#include <ctr/host.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Marks code that runs in the child between clone3 and execve. It goes into a section of its own, and ctr_add_plugin()
 * refuses the build if that section calls anything outside itself but the raw system call wrappers in
 * sdk/cmake/ctr_child_allowed.txt. Build such sources without LTO. Helpers must be CTR_CHILD or always inline. */
#define CTR_CHILD __attribute__((section(".text.ctr_child"), noinline))
#define CTR_ALWAYS_INLINE __attribute__((always_inline)) inline

/* A kind of step, by convention named "<plugin's word>.<verb>". The manifest lists it with its process. */
typedef struct ctr_step_kind {
    uint32_t size;
    uint32_t process; /* ctr_process */
    const char *name;
    /* [parent] or [child], by `process`; NULL for the clone. Returns 0, or -1 after fail(). A parent step that fails is
     * undone like one that ran, so it may leave half of its work to undo(). */
    int (*apply)(ctr_run *run);
    /* [undo] Parent kinds whose effect outlives the step. Must be idempotent, must succeed when there is nothing to
     * undo, and must take away only what it can prove to be its own. NULL: nothing to undo. */
    int (*undo)(ctr_run *run);
    /* [shell] The same in shell commands. NULL: the script says that it leaves this step out, and names the plugin. */
    int (*shell)(ctr_run *run, ctr_shell *shell);
    /* [shell] The undo, for the script's trap. NULL: as above, or undo is NULL. */
    int (*shell_undo)(ctr_run *run, ctr_shell *shell);
} ctr_step_kind;

typedef struct ctr_plugin_entry {
    uint32_t size;
    uint32_t abi;        /* CTR_ABI_VERSION */
    const char *id;      /* as in the manifest */
    const char *version; /* as in the manifest */
    /* Keep the pointer: the table lives as long as the process. Called once, before anything else. */
    int (*load)(const ctr_host *host);
    /* [plan] Adds this plugin's steps. Reads, changes nothing; the same input gives the same steps. May be NULL. */
    int (*plan)(ctr_plan *plan);
    const ctr_step_kind *const *kinds; /* NULL-ended; may be NULL */
    /* A const struct for an extension's id ("ctr.storage/1"), or NULL. May be NULL. */
    const void *(*extension)(const char *id);
} ctr_plugin_entry;

__attribute__((visibility("default"))) extern const ctr_plugin_entry ctr_plugin_entry_v1;
/* A file with several plugins exports this instead, NULL-ended (ctr_add_plugin_file() writes it), and has a manifest
 * for each. */
__attribute__((visibility("default"))) extern const ctr_plugin_entry *const ctr_plugin_entries_v1[];

#ifdef __cplusplus
}
#endif
#endif
