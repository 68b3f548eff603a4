// SPDX-License-Identifier: MIT
//
// The mount API by file descriptors (Linux 5.2 to 5.12) and openat2(2), as thin always-inline wrappers, so that code
// between clone and exec may use them. The check of that code would refuse calls of glibc's own wrappers.
#pragma once

#include <ctr/plugin.h>

#include <cstdint>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif
#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif
#ifndef MOUNT_ATTR_IDMAP
#define MOUNT_ATTR_IDMAP 0x00100000
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

namespace ctr {

CTR_ALWAYS_INLINE int fsopen(const char *type) { return static_cast<int>(syscall(SYS_fsopen, type, FSOPEN_CLOEXEC)); }
/// The superblock behind an O_PATH descriptor, to be changed by fsconfig and reconfigure.
CTR_ALWAYS_INLINE int fspick(int fd) {
    return static_cast<int>(syscall(SYS_fspick, fd, "", FSPICK_CLOEXEC | FSPICK_EMPTY_PATH | FSPICK_NO_AUTOMOUNT));
}
CTR_ALWAYS_INLINE int fsconfig_string(int fs, const char *key, const char *value) {
    return static_cast<int>(syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, key, value, 0));
}
CTR_ALWAYS_INLINE int fsconfig_flag(int fs, const char *key) {
    return static_cast<int>(syscall(SYS_fsconfig, fs, FSCONFIG_SET_FLAG, key, nullptr, 0));
}
CTR_ALWAYS_INLINE int fsconfig_create(int fs) {
    return static_cast<int>(syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0));
}
CTR_ALWAYS_INLINE int fsconfig_reconfigure(int fs) {
    return static_cast<int>(syscall(SYS_fsconfig, fs, FSCONFIG_CMD_RECONFIGURE, nullptr, nullptr, 0));
}
CTR_ALWAYS_INLINE int fsmount(int fs, std::uint64_t attributes) {
    return static_cast<int>(syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attributes));
}
/// A detached copy of the mount at `path` below `at`; with AT_RECURSIVE of everything below it too.
CTR_ALWAYS_INLINE int open_tree_clone(int at, const char *path, unsigned flags) {
    return static_cast<int>(syscall(SYS_open_tree, at, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags));
}
/// Attaches the mount of one descriptor on the file of the other. No path is involved that could change its meaning.
CTR_ALWAYS_INLINE int move_mount_fd(int mount, int target) {
    return static_cast<int>(
        syscall(SYS_move_mount, mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH));
}
CTR_ALWAYS_INLINE int move_mount_path(int mount, const char *target) {
    return static_cast<int>(syscall(SYS_move_mount, mount, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH));
}
/// Linux 5.12; ENOSYS before.
CTR_ALWAYS_INLINE int mount_setattr(int fd, unsigned flags, std::uint64_t set, std::uint64_t clear,
                                    std::uint64_t propagation, std::uint64_t userns = 0) {
    struct {
        std::uint64_t attr_set, attr_clr, propagation, userns_fd;
    } attr = {set, clear, propagation, userns};
    static_assert(sizeof attr == MOUNT_ATTR_SIZE_VER0);
#ifdef SYS_mount_setattr
    constexpr long number = SYS_mount_setattr;
#else
    constexpr long number = 442;
#endif
    return static_cast<int>(syscall(number, fd, "", AT_EMPTY_PATH | flags, &attr, sizeof attr));
}
/// Gives a detached mount that was never attached the id maps of a user namespace. A mount can be mapped only once.
CTR_ALWAYS_INLINE int mount_idmap(int fd, unsigned flags, int userns) {
    return mount_setattr(fd, flags, MOUNT_ATTR_IDMAP, 0, 0, static_cast<std::uint64_t>(userns));
}
CTR_ALWAYS_INLINE int openat2(int at, const char *path, std::uint64_t flags, std::uint64_t mode,
                              std::uint64_t resolve) {
    struct open_how how = {flags, mode, resolve};
    return static_cast<int>(syscall(SYS_openat2, at, path, &how, sizeof how));
}

} // namespace ctr
