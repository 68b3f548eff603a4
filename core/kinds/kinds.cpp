// SPDX-License-Identifier: MIT
#include "kinds.hpp"

#include "table.hpp"

namespace core::kinds {

const ctr_step_kind *const *all() {
    static const ctr_step_kind *const kinds[] = {&ns_new,
                                                 &ns_join,
                                                 &clone_cgroup,
                                                 &machine_mkdir,
                                                 &machine_write,
                                                 &machine_open,
                                                 &ns_open,
                                                 &idmap_write,
                                                 &idmap_expect,
                                                 &userns_new,
                                                 &mount_idmapped,
                                                 &rootfs_attach,
                                                 &pivot_root,
                                                 &mount_propagation,
                                                 &mount_new,
                                                 &mount_bind,
                                                 &mount_files,
                                                 &mount_setattr,
                                                 &mount_remove,
                                                 &mount_mask,
                                                 &mount_readonly,
                                                 &root_mkdir,
                                                 &root_mknod,
                                                 &root_symlink,
                                                 &root_write,
                                                 &sysctl,
                                                 &proc_write,
                                                 &hostname,
                                                 &domainname,
                                                 &link_up,
                                                 &keyring_join,
                                                 &session_new,
                                                 &console_open,
                                                 &rlimit,
                                                 &set_umask,
                                                 &oom_score_adj,
                                                 &ids_set,
                                                 &no_new_privs,
                                                 &cwd_set,
                                                 &cgroup_unshare,
                                                 &oci_hook_run,
                                                 &oci_hook_run_inside,
                                                 &oci_hook_at_delete,
                                                 nullptr};
    return kinds;
}

} // namespace core::kinds
