/* SPDX-License-Identifier: MIT
 *
 * The host's table: all that a plugin may ask of ctr. The plugin gets it once, by ctr_plugin_entry.load, before any
 * other callback. The brackets say in which contexts a function is legal (contexts.h); elsewhere it fails with
 * CTR_E_CONTEXT. Functions that return int return 0 for success and -1 for failure unless said otherwise. Neither side
 * frees what the other allocated. */
#ifndef CTR_HOST_H
#define CTR_HOST_H

#include <ctr/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One step to add to a plan. Everything in it is copied. */
typedef struct ctr_step {
    uint32_t size;
    uint32_t phase;    /* ctr_phase */
    uint32_t lifetime; /* ctr_lifetime; matters for parent kinds that have an undo; 0 = CTR_UNTIL_STOP */
    uint32_t n_args;
    uint32_t n_outputs;
    const char *kind; /* one of this plugin's own, or one that a plugin shares (ctr/kinds.h) */
    const char *note; /* one line for the reader of `ctr plan`: why; may be NULL */
    const ctr_arg *args;
    const ctr_output *outputs;
    const char *const *needs; /* tokens that earlier steps must give; NULL-ended; may be NULL */
    const char *const *after; /* the same, but a token that nobody gives is ignored */
    const char *const *gives; /* tokens that are true after this step */
} ctr_step;

/* A program for spawn() to run. Everything in it is borrowed. The program inherits nothing else from the process that
 * calls spawn(): no other descriptor, no ignored or blocked signal, no processor affinity. */
typedef struct ctr_spawn {
    uint32_t size;
    uint32_t flags;          /* CTR_SPAWN_..., or 0 */
    const char *path;        /* not searched in PATH */
    const char *const *argv; /* NULL-ended */
    const char *const *envp; /* NULL-ended; NULL with one of the flags for the environment */
    const char *cwd;         /* "/" if it cannot be entered; NULL: where the caller is */
    const char *input;       /* its standard input, input_size bytes; may be NULL */
    size_t input_size;
    int64_t timeout; /* in seconds, then it is killed; 0: none */
    int directory;   /* an open directory to run in, instead of cwd; -1: none */
    int out, err;    /* where its stdout and stderr go to; -1: to the caller's */
} ctr_spawn;

#define CTR_SPAWN_ENVIRONMENT_OF_HOST 1u /* that of the process that called ctr */
#define CTR_SPAWN_ENVIRONMENT_OF_PROGRAM                                                                               \
    2u /* [child] what the container's program will get; HOME only after the step that sets it */
/* [child] In CTR_CONFINE: the later steps of the plan are applied to the spawned program too, so that it is confined
 * like the container's program. Steps of the same kind as the one that spawns are left out. */
#define CTR_SPAWN_CONFINED 4u

/* How it ended, and the last bytes that it wrote to stderr (not NUL-ended). The caller sets `size`. */
typedef enum ctr_spawn_end {
    CTR_SPAWN_EXITED = 1,      /* code: exit status */
    CTR_SPAWN_SIGNALED = 2,    /* code: signal */
    CTR_SPAWN_TIMED_OUT = 3,   /* it was killed */
    CTR_SPAWN_INTERRUPTED = 4, /* it was killed because ctr was told to end */
    CTR_SPAWN_NOT_STARTED = 5  /* code: errno, of `syscall` */
} ctr_spawn_end;
typedef struct ctr_spawned {
    uint32_t size;
    uint32_t end; /* ctr_spawn_end */
    int code;
    uint32_t n_errors;
    const char *syscall;
    char errors[384];
} ctr_spawned;

typedef struct ctr_host {
    uint32_t size;
    uint32_t abi;        /* CTR_ABI_VERSION of the host */
    const char *version; /* of the host, only for messages */

    /* ---- reading the description ------------------------------------------------------------------------------ */

    /* [plan] What the plan is for: ctr_operation. */
    int (*operation)(ctr_plan *plan);
    /* [plan] The node of the spec (an OCI config.json with ctr's own things under /ctr) at an RFC 6901 JSON pointer; ""
     * is the whole. NULL if there is none. */
    const ctr_node *(*spec)(ctr_plan *plan, const char *pointer);
    /* [plan] The same for this plugin's section of the config, after its schema was checked. */
    const ctr_node *(*config)(ctr_plan *plan, const char *pointer);
    /* [plan] A name: "id" (the container's), "record" (the container's journal, a file on the run root: it exists as
     * long as the container does, and its birth time tells this container from an earlier one of the same name),
     * "run_dir" (this container's directory on the run root; exists when steps run, if a step names it), "state_dir"
     * (this plugin's, on the run root: gone after a reboot), "data_dir" (this plugin's, on the data root: persists),
     * and both of another plugin as "state_dir:ID" and "data_dir:ID" (needed in an extension's functions, where the
     * plain names are those of the plugin that calls them), "data_root", "rootfs_dir" (an empty directory on the
     * machine on which the child attaches its root), "driver.storage", "driver.network", "driver.cgroup" (the id of the
     * slot's driver). Empty if unknown. state_dir and data_dir exist when steps run. */
    ctr_str (*name)(ctr_plan *plan, const char *what);
    /* [plan] A question about the machine. A plan may look at the machine in no other way, so that tests can answer
     * instead. 0 and *answer; 1 if the thing asked for does not exist; -1 if the question is unknown or cannot be
     * answered. Questions:
     *   "exists:PATH"    "yes"
     *   "type:PATH"      "file", "dir", "symlink", "char", "block", "fifo", "socket" (of the link itself)
     *   "file:PATH"      the content, at most 1 MiB
     *   "link:PATH"      the target of a symbolic link
     *   "list:PATH"      names in a directory, sorted, one a line
     *   "fstype:PATH"    "btrfs", "ext4", "tmpfs", "cgroup2", "cgroup", "overlay", ... (of the nearest existing parent)
     *   "device:PATH"    "c MAJOR MINOR MODE(octal) UID GID" or "b ..." of a device node
     *   "mounts", "mounts:PATH"  /proc/self/mountinfo, or its lines for PATH and below (of the fields before the dash
     *                            root and mount point count)
     *   "kernel"         "6.18.44", without what follows the third number
     *   "filesystem:NAME" "yes" if the kernel knows this file system now
     *   "cpus"           the number of processors that may be used
     *   "namespace:PATH" "DEVICE:INODE" of the namespace that the path leads to, by a link or a bind mount
     *   "namespaces:FILE" the same of the machine's namespaces of one type; FILE is a name below /proc/PID/ns. ctr's
     *                    own namespace and that of process 1, where it may be seen; one a line
     *   "writable:PATH"  "yes" if this process may write there (root in a user namespace may not write everywhere)
     *   "cgroup1"        "writable" if cgroups may be made in a hierarchy of cgroup v1
     *   "euid", "caps"   effective user id; effective capability set in hexadecimal */
    int (*ask)(ctr_plan *plan, const char *question, ctr_str *answer);
    /* [plan] An extension ("ctr.storage/1") of the driver in a slot ("storage"); NULL if it has none. */
    const void *(*extension)(ctr_plan *plan, const char *slot, const char *id);

    /* [any] The node's type (ctr_node_type). In all node functions `node` may be NULL; then they give CTR_NODE_NONE,
     * -1, 0 or NULL. */
    int (*node_type)(const ctr_node *node);
    /* [any] The node at a JSON pointer below `node`. */
    const ctr_node *(*node_get)(const ctr_node *node, const char *pointer);
    /* [any] Scalars: 0 and *out, or -1 if the node is of another type (or does not fit). */
    int (*node_str)(const ctr_node *node, ctr_str *out);
    int (*node_int)(const ctr_node *node, int64_t *out);
    int (*node_uint)(const ctr_node *node, uint64_t *out);
    int (*node_number)(const ctr_node *node, double *out);
    int (*node_bool)(const ctr_node *node, int *out);
    /* [any] Members of an object (in order of their names) or elements of an array. */
    size_t (*node_count)(const ctr_node *node);
    const ctr_node *(*node_at)(const ctr_node *node, size_t index);
    /* [any] The name of an object's member; empty for arrays. */
    ctr_str (*node_key)(const ctr_node *node, size_t index);

    /* ---- making the plan -------------------------------------------------------------------------------------- */

    /* [plan] Adds a step after this plugin's others. On -1 the plan has failed with an error that names the step;
     * further calls do nothing, so it is enough to return. */
    int (*add_step)(ctr_plan *plan, const ctr_step *step);
    /* [plan] Refuses the plan. The first refusal counts. Returns -1. */
    int (*plan_fail)(ctr_plan *plan, const ctr_error *error);

    /* ---- carrying a step out, taking it back, printing it ------------------------------------------------------- */

    /* [parent child undo shell call] How many values the argument has; 0 if it is missing. */
    size_t (*arg_count)(ctr_run *run, const char *name);
    /* [parent child undo shell call] The index'th argument of that name. -1 if it is missing or of another type. In
     * shell a value that is not yet known reads as -1. */
    int (*arg_int)(ctr_run *run, const char *name, size_t index, int64_t *out);
    /* [parent child undo shell call] The same for strings and bytes, templates expanded; valid until the callback
     * returns. Empty if it is missing. An integer reads as its decimal form. In shell, each value is a mark in the
     * string; sh_cmd and sh_text turn the mark into "$variable". Do not take such a string apart. */
    ctr_str (*arg_str)(ctr_run *run, const char *name, size_t index);
    /* [parent child] The file descriptor of a value; the host keeps it. -1 if it is missing. */
    int (*arg_fd)(ctr_run *run, const char *name, size_t index);
    /* [child] The root of the container as an O_PATH directory: before pivot the attached root, afterwards "/". -1 if
     * nothing is attached yet. The host keeps it. */
    int (*root_fd)(ctr_run *run);

    /* [parent child] Gives an output that the step declared. Strings are copied. */
    int (*output_int)(ctr_run *run, const char *name, int64_t value);
    int (*output_str)(ctr_run *run, const char *name, ctr_str value);
    /* [parent child] The host becomes the owner of the file descriptor, on failure too. */
    int (*output_fd)(ctr_run *run, const char *name, int fd);

    /* [undo call] What apply() gave, if it got so far: 0 and *out; 1 if nothing was recorded (apply may not have run,
     * or not have finished). */
    int (*recorded_int)(ctr_run *run, const char *name, int64_t *out);
    int (*recorded_str)(ctr_run *run, const char *name, ctr_str *out);

    /* [parent child undo shell call] Says what went wrong. Returns -1, so that `return host->fail(run, &e);` reads
     * well. */
    int (*fail)(ctr_run *run, const ctr_error *error);
    /* [parent undo call] For --log-level; never on the terminal by itself. */
    void (*log)(ctr_run *run, int level, const char *message);

    /* [shell] One command; the host quotes it. */
    int (*sh_cmd)(ctr_shell *shell, const char *const *argv);
    /* [shell] VARIABLE=$(command): `value` is a value's name in the plan (see output_value). */
    int (*sh_set)(ctr_shell *shell, const char *value, const char *const *argv);
    /* [shell] Lines of shell text, for what is not a single command. Values in it become "$variable". */
    int (*sh_text)(ctr_shell *shell, const char *text);
    /* [shell] The plan's name of the value behind an output of this step; empty if it is not declared. */
    ctr_str (*output_value)(ctr_run *run, const char *name);

    /* [plan] As log, while planning: says what will be done otherwise than asked; the plan goes on. Added after the
     * first release: present only if CTR_HAS(host, ctr_host, plan_log). */
    void (*plan_log)(ctr_plan *plan, int level, const char *message);

    /* ---- for kinds that build a root, change ids or run programs -------------------------------------------------
     * As plan_log: present only if CTR_HAS says so. */

    /* [child] From now on root_fd() gives this O_PATH directory, and paths in the container are resolved below it. The
     * host becomes the owner of the descriptor. */
    int (*set_root)(ctr_run *run, int fd);
    /* [child] The signal that the child gets when its owner dies. A step that changes ids must arm it again (prctl(2),
     * PR_SET_PDEATHSIG). 0: none. */
    int (*death_signal)(ctr_run *run);
    /* [child] 1 if the program's environment has no HOME yet. */
    int (*wants_home)(ctr_run *run);
    /* [child] The user's home directory, for the program's HOME. Nothing happens if its environment has one. The text
     * is copied. */
    int (*set_home)(ctr_run *run, const char *directory);
    /* [parent child undo] Runs a program where the caller is (its namespaces, its root) and waits. This is the only way
     * in which a plugin may make processes. The program is killed when its caller dies, or when ctr is told to end.
     * Gives 0 if it exited with status 0, else -1, and `how` says why. It does not call fail(). */
    int (*spawn)(ctr_run *run, const ctr_spawn *what, ctr_spawned *how);
    /* [parent] Makes a process in new namespaces (CLONE_NEW* of <sched.h>), calls `use`, which can open the process's
     * files below /proc/PID, and ends the process. Gives what use() returns, or -1 after fail(). */
    int (*with_namespaces)(ctr_run *run, uint64_t types, int (*use)(ctr_run *run, int pid));
} ctr_host;

#ifdef __cplusplus
}
#endif
#endif
