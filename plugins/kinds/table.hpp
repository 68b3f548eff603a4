// SPDX-License-Identifier: MIT
//
// The kinds by the files that define them; plugin.cpp lists them.
#pragma once

#include <ctr/plugin.h>

namespace kinds {

// clone.cpp
extern const ctr_step_kind ns_new, ns_join, clone_cgroup;
// machine.cpp
extern const ctr_step_kind machine_mkdir, machine_write, machine_open, ns_open;
// idmap.cpp
extern const ctr_step_kind idmap_write, idmap_expect;
// idmapped.cpp
extern const ctr_step_kind userns_new, mount_idmapped;
// rootfs.cpp
extern const ctr_step_kind rootfs_attach, pivot_root, mount_propagation;
// mounts.cpp
extern const ctr_step_kind mount_new, mount_bind, mount_setattr, mount_remove;
// files.cpp
extern const ctr_step_kind mount_files;
// protect.cpp
extern const ctr_step_kind mount_mask, mount_readonly;
// root_files.cpp
extern const ctr_step_kind root_mkdir, root_mknod, root_symlink, root_write, cwd_set;
// isolate.cpp
extern const ctr_step_kind cgroup_unshare, sysctl, proc_write, hostname, domainname, link_up, keyring_join, session_new;
// console.cpp
extern const ctr_step_kind console_open;
// identity.cpp
extern const ctr_step_kind rlimit, set_umask, oom_score_adj, ids_set, no_new_privs;
// hooks.cpp
extern const ctr_step_kind oci_hook_run, oci_hook_run_inside, oci_hook_at_delete;

} // namespace kinds
