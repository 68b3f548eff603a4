// SPDX-License-Identifier: MIT
//
// What each built-in kind takes: the same as sdk/include/ctr/kinds.h says in words, which tests/unit/kinds/arguments_test.cpp compares with this. A kind
// that reads a new argument gets a line here and a word there.
#include "kinds.hpp"

#include <array>
#include <ctr/kinds.h>

namespace core::kinds {
namespace {

constexpr Argument integer(std::string_view name, int marks = once) {
    return {name, ArgumentType::integer, static_cast<std::uint8_t>(marks)};
}
constexpr Argument text(std::string_view name, int marks = once) {
    return {name, ArgumentType::text, static_cast<std::uint8_t>(marks)};
}
constexpr Argument fd(std::string_view name, int marks = once) {
    return {name, ArgumentType::fd, static_cast<std::uint8_t>(marks)};
}

constexpr int opt = optional_mark, list = list_mark, each = per_target, either = either_mark;

// Process: clone.
constexpr Argument of_ns_new[] = {text("type", list), text("monotonic", opt), text("boottime", opt)};
constexpr Argument of_ns_join[] = {text("type"), text("path", either), fd("ns", either)};
constexpr Argument of_clone_cgroup[] = {fd("cgroup")};

// Process: parent.
constexpr Argument of_machine_mkdir[] = {text("path"), integer("mode", opt)};
constexpr Argument of_machine_write[] = {text("path"), text("content"), integer("mode", opt)};
constexpr Argument of_machine_open[] = {text("path"), text("flags", opt)};
constexpr Argument of_ns_open[] = {text("type"), integer("pid")};
constexpr Argument of_idmap_write[] = {integer("pid"), text("uid", list), text("gid", list)};
constexpr Argument of_oci_hook[] = {text("hook"),
                                    text("path"),
                                    text("arg", list),
                                    text("env", list),
                                    text("env_of", opt),
                                    text("cwd", opt),
                                    text("state"),
                                    integer("timeout", opt),
                                    fd("stdout", opt),
                                    fd("stderr", opt),
                                    text("stdout_path", opt),
                                    text("stderr_path", opt)};
constexpr Argument of_oci_hook_inside[] = {text("hook"),
                                           text("path"),
                                           text("arg", list),
                                           text("env", list),
                                           text("env_of", opt),
                                           text("cwd", opt),
                                           text("state"),
                                           integer("timeout", opt),
                                           text("target", opt),
                                           fd("stdout", opt),
                                           fd("stderr", opt),
                                           text("stdout_path", opt),
                                           text("stderr_path", opt)};
constexpr Argument of_userns_new[] = {text("uid", list), text("gid", list)};
constexpr Argument of_mount_idmapped[] = {
    text("source"),           fd("userns", opt),       integer("recursive", opt), integer("map_below", opt),
    text("propagation", opt), integer("nofollow", opt)};

// Process: child.
constexpr Argument of_rootfs_attach[] = {fd("mount"), text("at")};
constexpr Argument of_pivot_root[] = {integer("move", opt)};
constexpr Argument of_mount_propagation[] = {text("target", opt), text("propagation"), integer("holder", opt)};
constexpr Argument of_mount_new[] = {
    text("type"),        text("source", opt), text("target"),          text("options", list),
    text("create", opt), fd("userns", opt),   integer("nofollow", opt)};
constexpr Argument of_mount_bind[] = {
    text("source", each | either), fd("mount", each | either), text("target", each),   text("options", list),
    text("create", opt),           integer("nofollow", opt),   integer("inside", opt), integer("locked", opt)};
constexpr Argument of_mount_setattr[] = {text("target"), text("options", list), integer("nofollow", opt),
                                         fd("is", opt)};
constexpr Argument of_mount_files[] = {text("target", each), text("content", each), integer("size"),
                                       integer("mode", opt)};
constexpr Argument of_mount_remove[] = {text("target")};
constexpr Argument of_targets[] = {text("target", each), integer("missing_ok", opt)};
constexpr Argument of_root_mkdir[] = {text("target"), integer("mode", opt), integer("uid", opt), integer("gid", opt)};
constexpr Argument of_root_mknod[] = {
    text("target", each),        text("type", each),  integer("major", each | opt), integer("minor", each | opt),
    integer("mode", each | opt), integer("uid", opt), integer("gid", opt)};
constexpr Argument of_root_symlink[] = {text("target", each), text("to", each), integer("keep", opt),
                                        integer("same", opt)};
constexpr Argument of_root_write[] = {text("target"), text("content"), integer("mode", opt)};
constexpr Argument of_sysctl[] = {text("key"), text("value"), text("not_in", list)};
constexpr Argument of_proc_write[] = {text("path"), text("content"), text("hint", opt)};
constexpr Argument of_name[] = {text("name")};
constexpr Argument of_uts_name[] = {text("name"), text("not_in", list)};
constexpr Argument of_console_open[] = {integer("width", opt), integer("height", opt), integer("console", opt),
                                        integer("onlcr", opt)};
constexpr Argument of_rlimit[] = {text("type"), integer("soft"), integer("hard")};
constexpr Argument of_umask[] = {integer("mask")};
constexpr Argument of_oom_score_adj[] = {integer("value")};
constexpr Argument of_ids_set[] = {
    integer("uid", either | opt), integer("gid", either | opt), integer("groups", list),    text("user", either),
    text("add_groups", list),     integer("keep_caps", opt),    integer("keep_groups", opt)};
constexpr Argument of_cwd_set[] = {text("path"), integer("create", opt)};

constexpr KindArguments table[] = {{CTR_KIND_NS_NEW, of_ns_new},
                                   {CTR_KIND_NS_JOIN, of_ns_join},
                                   {CTR_KIND_CLONE_CGROUP, of_clone_cgroup},
                                   {CTR_KIND_MACHINE_MKDIR, of_machine_mkdir},
                                   {CTR_KIND_MACHINE_WRITE, of_machine_write},
                                   {CTR_KIND_MACHINE_OPEN, of_machine_open},
                                   {CTR_KIND_NS_OPEN, of_ns_open},
                                   {CTR_KIND_IDMAP_WRITE, of_idmap_write},
                                   {CTR_KIND_IDMAP_EXPECT, of_idmap_write},
                                   {CTR_KIND_USERNS_NEW, of_userns_new},
                                   {CTR_KIND_MOUNT_IDMAPPED, of_mount_idmapped},
                                   {CTR_KIND_ROOTFS_ATTACH, of_rootfs_attach},
                                   {CTR_KIND_PIVOT_ROOT, of_pivot_root},
                                   {CTR_KIND_MOUNT_PROPAGATION, of_mount_propagation},
                                   {CTR_KIND_MOUNT_NEW, of_mount_new},
                                   {CTR_KIND_MOUNT_BIND, of_mount_bind},
                                   {CTR_KIND_MOUNT_FILES, of_mount_files},
                                   {CTR_KIND_MOUNT_SETATTR, of_mount_setattr},
                                   {CTR_KIND_MOUNT_REMOVE, of_mount_remove},
                                   {CTR_KIND_MOUNT_MASK, of_targets},
                                   {CTR_KIND_MOUNT_READONLY, of_targets},
                                   {CTR_KIND_ROOT_MKDIR, of_root_mkdir},
                                   {CTR_KIND_ROOT_MKNOD, of_root_mknod},
                                   {CTR_KIND_ROOT_SYMLINK, of_root_symlink},
                                   {CTR_KIND_ROOT_WRITE, of_root_write},
                                   {CTR_KIND_SYSCTL, of_sysctl},
                                   {CTR_KIND_PROC_WRITE, of_proc_write},
                                   {CTR_KIND_HOSTNAME, of_uts_name},
                                   {CTR_KIND_DOMAINNAME, of_uts_name},
                                   {CTR_KIND_LINK_UP, of_name},
                                   {CTR_KIND_KEYRING_JOIN, of_name},
                                   {CTR_KIND_SESSION_NEW, {}},
                                   {CTR_KIND_CONSOLE_OPEN, of_console_open},
                                   {CTR_KIND_RLIMIT, of_rlimit},
                                   {CTR_KIND_UMASK, of_umask},
                                   {CTR_KIND_OOM_SCORE_ADJ, of_oom_score_adj},
                                   {CTR_KIND_IDS_SET, of_ids_set},
                                   {CTR_KIND_NO_NEW_PRIVS, {}},
                                   {CTR_KIND_CWD_SET, of_cwd_set},
                                   {"cgroup.unshare", {}},
                                   {CTR_KIND_OCI_HOOK_RUN, of_oci_hook},
                                   {CTR_KIND_OCI_HOOK_RUN_INSIDE, of_oci_hook_inside},
                                   {CTR_KIND_OCI_HOOK_AT_DELETE, of_oci_hook}};

} // namespace

std::span<const KindArguments> arguments() { return table; }

} // namespace core::kinds
