/* SPDX-License-Identifier: MIT
 *
 * In which contexts each function of the host table is legal. The host enforces this table. The brackets in host.h and
 * the table in docs/PLUGINS.md repeat it (tests/lint/contexts.sh compares them). A call in another context, or with a
 * handle that the running callback did not get, returns the function's failure value, and the plan or step that is
 * running fails with CTR_E_CONTEXT.
 *
 *   plan    in a plugin's plan(): no side effects; look at the machine only by ask()
 *   parent  in apply() of a parent kind: the host's process, single-threaded, may allocate and block
 *   child   in apply() of a child kind, between clone3 and execve: no allocation, no locks, no stdio, no dlopen, no NSS
 *   undo    in undo(): perhaps in a fresh process after a crash, so only arguments and recorded outputs, no fds
 *   shell   in shell() and shell_undo(): no side effects; values read as shell variables
 *   call    in a function of an extension that acts on a stored step (ctr.cgroup/1): like undo */
#ifndef CTR_CONTEXTS_H
#define CTR_CONTEXTS_H

#define CTR_IN_PLAN 0x01u
#define CTR_IN_PARENT 0x02u
#define CTR_IN_CHILD 0x04u
#define CTR_IN_UNDO 0x08u
#define CTR_IN_SHELL 0x10u
#define CTR_IN_CALL 0x20u

#define CTR_HOST_FUNCTIONS(F)                                                                                          \
    F(operation, CTR_IN_PLAN)                                                                                          \
    F(spec, CTR_IN_PLAN)                                                                                               \
    F(config, CTR_IN_PLAN)                                                                                             \
    F(name, CTR_IN_PLAN)                                                                                               \
    F(ask, CTR_IN_PLAN)                                                                                                \
    F(extension, CTR_IN_PLAN)                                                                                          \
    F(add_step, CTR_IN_PLAN)                                                                                           \
    F(plan_fail, CTR_IN_PLAN)                                                                                          \
    F(plan_log, CTR_IN_PLAN)                                                                                           \
    F(arg_count, CTR_IN_PARENT | CTR_IN_CHILD | CTR_IN_UNDO | CTR_IN_SHELL | CTR_IN_CALL)                              \
    F(arg_int, CTR_IN_PARENT | CTR_IN_CHILD | CTR_IN_UNDO | CTR_IN_SHELL | CTR_IN_CALL)                                \
    F(arg_str, CTR_IN_PARENT | CTR_IN_CHILD | CTR_IN_UNDO | CTR_IN_SHELL | CTR_IN_CALL)                                \
    F(arg_fd, CTR_IN_PARENT | CTR_IN_CHILD)                                                                            \
    F(output_int, CTR_IN_PARENT | CTR_IN_CHILD)                                                                        \
    F(output_str, CTR_IN_PARENT | CTR_IN_CHILD)                                                                        \
    F(output_fd, CTR_IN_PARENT | CTR_IN_CHILD)                                                                         \
    F(recorded_int, CTR_IN_UNDO | CTR_IN_CALL)                                                                         \
    F(recorded_str, CTR_IN_UNDO | CTR_IN_CALL)                                                                         \
    F(output_value, CTR_IN_SHELL)                                                                                      \
    F(fail, CTR_IN_PARENT | CTR_IN_CHILD | CTR_IN_UNDO | CTR_IN_SHELL | CTR_IN_CALL)                                   \
    F(log, CTR_IN_PARENT | CTR_IN_UNDO | CTR_IN_CALL)                                                                  \
    F(root_fd, CTR_IN_CHILD)                                                                                           \
    F(set_root, CTR_IN_CHILD)                                                                                          \
    F(death_signal, CTR_IN_CHILD)                                                                                      \
    F(wants_home, CTR_IN_CHILD)                                                                                        \
    F(set_home, CTR_IN_CHILD)                                                                                          \
    F(spawn, CTR_IN_PARENT | CTR_IN_CHILD | CTR_IN_UNDO)                                                               \
    F(with_namespaces, CTR_IN_PARENT)                                                                                  \
    F(sh_cmd, CTR_IN_SHELL)                                                                                            \
    F(sh_set, CTR_IN_SHELL)                                                                                            \
    F(sh_text, CTR_IN_SHELL)

#endif
