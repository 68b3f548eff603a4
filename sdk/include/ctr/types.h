/* SPDX-License-Identifier: MIT
 *
 * The words of the SDK: strings, arguments, phases, errors. C11; also valid C++11 and later.
 *
 * ABI rule 1: the types marked FROZEN are passed by value and never change.
 * ABI rule 2: every other struct is passed by pointer, begins with its `size` in bytes as the maker of the
 *             struct was compiled, and grows only at the tail. Read a tail member only if `size` covers it
 *             (CTR_HAS). Arrays of such structs are arrays of pointers, ended by NULL. */
#ifndef CTR_TYPES_H
#define CTR_TYPES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The major version of the ABI. A host loads a plugin whose manifest says the same number. */
#define CTR_ABI_VERSION 1u

/* True if the maker of the struct that `p` points to was compiled with `member`. */
#ifdef __cplusplus
#define CTR_HAS(p, type, member) ((p)->size >= offsetof(type, member) + sizeof(type::member))
#else
#define CTR_HAS(p, type, member) ((p)->size >= offsetof(type, member) + sizeof(((type *)0)->member))
#endif

/* FROZEN. Borrowed bytes, valid during the call that gave them unless said otherwise. What the host hands out is
 * followed by a NUL byte that `len` does not count, so `data` serves as a C string; data is never NULL in what the host
 * hands out. */
typedef struct ctr_str {
    const char *data;
    size_t len;
} ctr_str;

/* FROZEN. What a value holds. A file descriptor is *live*: it dies with the process that ran the step. The others are
 * *durable*: the journal keeps them, so an undo in a fresh process still has them. */
typedef enum ctr_type {
    CTR_TYPE_INT = 1,    /* int64_t */
    CTR_TYPE_STRING = 2, /* UTF-8 without NUL, at most CTR_VALUE_MAX bytes */
    CTR_TYPE_BYTES = 3,  /* any bytes, at most CTR_VALUE_MAX */
    CTR_TYPE_FD = 4      /* a file descriptor, close-on-exec */
} ctr_type;

/* The longest string or bytes value that a step may give, in bytes. */
#define CTR_VALUE_MAX 4096u

/* FROZEN. How an argument is written in the plan. */
typedef enum ctr_form {
    CTR_FORM_INT = 1,      /* `integer` */
    CTR_FORM_STRING = 2,   /* `text`, literally */
    CTR_FORM_BYTES = 3,    /* `text`, literally, any bytes */
    CTR_FORM_TEMPLATE = 4, /* `text` with ${value} where a value's content belongs; $$ is a dollar sign */
    CTR_FORM_VALUE = 5     /* `text` names a value; the argument has that value's type (the way to pass an fd) */
} ctr_form;

/* FROZEN. One argument of a step. Several arguments with the same name are a list, in this order. */
typedef struct ctr_arg {
    const char *name;
    ctr_form form;
    int64_t integer;
    ctr_str text;
} ctr_arg;

/* FROZEN. One value that a step gives when it has run. `name` is what the step's kind calls it; `value` is its unique
 * name in the plan (`rootfs`, `bridge.address`). */
typedef struct ctr_output {
    const char *name;
    ctr_type type;
    const char *value;
} ctr_output;

/* FROZEN. The phases in their order; see docs/ARCHITECTURE.md for what is true at the end of each. Numbers leave gaps
 * so that a later ABI can put a phase between two. */
typedef enum ctr_phase {
    CTR_PREPARE = 100, /* parent, before clone3: makes what the child needs on the machine */
    CTR_CLONE = 200,   /* clone3 itself: only the kinds of process CTR_PROCESS_CLONE */
    CTR_ATTACH = 300,  /* parent, after clone3: connects the child to that (id maps, network) */
    CTR_ISOLATE = 400, /* child: separates itself (propagation, host name, session) */
    CTR_MOUNTS = 500,  /* child: builds its root */
    CTR_PIVOT = 600,   /* child: makes that the only root it sees */
    /* here is the gate: `create` ends when the child waits here, `start` opens it */
    CTR_CONFINE = 700, /* child: gives up all rights that were not asked for; then execve */
    CTR_STARTED = 800  /* parent: after execve, the program runs */
} ctr_phase;

/* FROZEN. Which process runs a kind of step. */
typedef enum ctr_process {
    CTR_PROCESS_PARENT = 1,
    CTR_PROCESS_CHILD = 2,
    CTR_PROCESS_CLONE = 3 /* no code: the host reads from the step's arguments how to make the child */
} ctr_process;

/* FROZEN. When the effect of a parent step is taken back. */
typedef enum ctr_lifetime {
    CTR_UNTIL_STOP = 1,  /* when the container's processes are gone */
    CTR_UNTIL_DELETE = 2 /* when the container is deleted */
} ctr_lifetime;

/* What a plan is for. FROZEN, except for new enumerators: a plugin is only called for operations that its manifest
 * names. */
typedef enum ctr_operation {
    CTR_OP_CREATE = 1,       /* a new container */
    CTR_OP_EXEC = 2,         /* one more program in a container: spec is the container's, /process the program's */
    CTR_OP_IMAGE_IMPORT = 3, /* parent steps only; spec is {"ctr": {"import": {...}}} */
    CTR_OP_IMAGE_REMOVE = 4, /* parent steps only; spec is {"ctr": {"remove": {...}}} */
    /* mounts in a running container: spec is the container's with other "mounts": [...] or with "ctr": {"unmount":
     * [...]}; the child joins the container and ends at the gate */
    CTR_OP_MOUNT = 5
} ctr_operation;

/* FROZEN. Classes of errors, by what the user can do about them. Numbers below 100 belong to the SDK, from
 * 100 on to the plugin. */
typedef enum ctr_error_class {
    CTR_E_INTERNAL = 1,    /* a bug of the plugin or the host */
    CTR_E_INVALID = 2,     /* the spec, the config or an argument is wrong */
    CTR_E_UNSUPPORTED = 3, /* well-formed, but this kernel or build cannot */
    CTR_E_NOT_FOUND = 4,
    CTR_E_EXISTS = 5,
    CTR_E_BUSY = 6, /* try again later */
    CTR_E_PERMISSION = 7,
    CTR_E_SYSTEM = 8, /* a system call failed: errno_value and syscall say which */
    CTR_E_CONTEXT = 9 /* an SDK function was called where it is not legal */
} ctr_error_class;

/* What went wrong, for a person. All pointers are borrowed for the call. In the child use literals and argument
 * strings. */
typedef struct ctr_error {
    uint32_t size;
    uint32_t error_class; /* ctr_error_class */
    int32_t errno_value;  /* 0: none */
    const char *message;  /* what failed, in words; NULL: made from syscall and path */
    const char *hint;     /* what to do about it; may be NULL */
    const char *syscall;  /* the system call or library call that failed; may be NULL */
    const char *path;     /* what it was about: a file, a device, a config key; may be NULL */
} ctr_error;

typedef enum ctr_log_level { CTR_LOG_ERROR = 1, CTR_LOG_WARN = 2, CTR_LOG_INFO = 3, CTR_LOG_DEBUG = 4 } ctr_log_level;

/* FROZEN. What a spec or config node is. */
typedef enum ctr_node_type {
    CTR_NODE_NONE = 0, /* there is no such node */
    CTR_NODE_NULL = 1,
    CTR_NODE_BOOL = 2,
    CTR_NODE_INT = 3, /* a whole number that fits int64_t or uint64_t */
    CTR_NODE_NUMBER = 4,
    CTR_NODE_STRING = 5,
    CTR_NODE_ARRAY = 6,
    CTR_NODE_OBJECT = 7
} ctr_node_type;

/* Opaque, the host's. */
typedef struct ctr_node ctr_node;   /* a part of the spec or the config; lives as long as the plan */
typedef struct ctr_plan ctr_plan;   /* a plan that is being made */
typedef struct ctr_run ctr_run;     /* one step that is being carried out, taken back or printed */
typedef struct ctr_shell ctr_shell; /* the script that is being printed */

#ifdef __cplusplus
}
#endif
#endif
