// SPDX-License-Identifier: MIT
//
// The kinds of step that all plugins share (manifest: "shares_kinds"): what sdk/include/ctr/kinds.h promises. table.hpp
// says which file has which. It plans nothing by itself.
#include "table.hpp"

#include <ctr/plugin.hpp>

namespace {

int plan_nothing(ctr::Plan) { return 0; }

} // namespace

CTR_PLUGIN("kinds", "0.1.0", plan_nothing, &kinds::ns_new, &kinds::ns_join, &kinds::clone_cgroup, &kinds::machine_mkdir,
           &kinds::machine_write, &kinds::machine_open, &kinds::ns_open, &kinds::idmap_write, &kinds::idmap_expect,
           &kinds::userns_new, &kinds::mount_idmapped, &kinds::rootfs_attach, &kinds::pivot_root,
           &kinds::mount_propagation, &kinds::mount_new, &kinds::mount_bind, &kinds::mount_files, &kinds::mount_setattr,
           &kinds::mount_remove, &kinds::mount_mask, &kinds::mount_readonly, &kinds::root_mkdir, &kinds::root_mknod,
           &kinds::root_symlink, &kinds::root_write, &kinds::sysctl, &kinds::proc_write, &kinds::hostname,
           &kinds::domainname, &kinds::link_up, &kinds::keyring_join, &kinds::session_new, &kinds::console_open,
           &kinds::rlimit, &kinds::set_umask, &kinds::oom_score_adj, &kinds::ids_set, &kinds::no_new_privs,
           &kinds::cwd_set, &kinds::cgroup_unshare, &kinds::oci_hook_run, &kinds::oci_hook_run_inside,
           &kinds::oci_hook_at_delete);
