// SPDX-License-Identifier: MIT
//
// The container's root: attached in the child's private mount namespace, and made the only thing there.
//
// Storage hands over a detached mount, so nothing of it was ever visible on the machine. pivot_root(".", ".") stacks the old root
// on the new one, pivot_root(2) NOTES; the old root is made slave before it is detached, or unmounting it would
// propagate to the machine where its mounts are shared (linux.rootfsPropagation "shared"). From inside it: seen from the new
// root "." is the new root, whose mounts keep the propagation that was asked for.
#include "child.hpp"
#include "kinds.hpp"
#include "mount_options.hpp"
#include "mounting.hpp"
#include "shell.hpp"
#include "table.hpp"

#include <climits>

namespace core::kinds {
namespace {

CTR_CHILD int attach_apply(ctr_run *raw) {
    const ctr::ChildRun run{raw};
    const int mount = run.fd("mount");
    const char *at = run.str("at");
    if (mount < 0)
        return fail_words(raw, CTR_E_INTERNAL, "there is no root file system", at,
                          "the storage driver gives the value rootfs");
    if (sys::move_mount_path(mount, at) != 0) return fail(raw, "move_mount", at, "the value must be a detached mount");
    // A copy of a shared mount of the machine is its peer: what is mounted in it would appear there too.
    if (::mount(nullptr, at, nullptr, MS_SLAVE | MS_REC, nullptr) != 0) return fail(raw, "mount", at);
    const int root = fcntl(mount, F_DUPFD_CLOEXEC, 0); // O_PATH of the mount's root, attached or not
    if (root < 0) return fail(raw, "fcntl", at);
    set_root_fd(raw, root);
    return 0;
}

int attach_shell(ctr::Run run, ctr::Shell shell) {
    const std::string at = quoted(run.str("at"));
    return shell.text("root=" + at + "\nmount --rbind " + quoted(run.str("mount")) +
                      " \"$root\"\nmount --make-rslave \"$root\"");
}

/// The old root stays mounted below the new one, out of sight: chroot(2) makes "/" mean the upper of the two.
CTR_CHILD int move_root(ctr_run *raw) {
    if (::mount(".", "/", nullptr, MS_MOVE, nullptr) != 0) return fail(raw, "mount(MS_MOVE)", "/");
    return chroot(".") == 0 ? 0 : fail(raw, "chroot", ".");
}

CTR_CHILD int change_root(ctr_run *raw) {
    const int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (old < 0) return fail(raw, "open", "/");
    if (syscall(SYS_pivot_root, ".", ".") != 0)
        return fail(raw, "pivot_root", ".",
                    errno == EINVAL
                        ? "the root of the child's mount namespace must not be shared, nor be the initial ramdisk"
                        : nullptr);
    if (fchdir(old) != 0) return fail(raw, "fchdir", "the old root");
    close_fd(old);
    if (::mount(nullptr, ".", nullptr, MS_SLAVE | MS_REC, nullptr) != 0) return fail(raw, "mount", "the old root");
    return umount2(".", MNT_DETACH) == 0 ? 0 : fail(raw, "umount2", "the old root");
}

CTR_CHILD int pivot_apply(ctr_run *raw) {
    const int root = require_root(raw);
    if (root < 0) return -1;
    if (fchdir(root) != 0) return fail(raw, "fchdir", ".");
    const bool move = ctr::ChildRun{raw}.integer("move") != 0;
    if ((move ? move_root(raw) : change_root(raw)) != 0) return -1;
    if (chdir("/") != 0) return fail(raw, "chdir", "/");
    const int now = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (now < 0) return fail(raw, "open", "/");
    set_root_fd(raw, now);
    return 0;
}

int pivot_shell(ctr::Run run, ctr::Shell shell) {
    if (run.integer("move") != 0) return shell.text("# chroot below\ncd \"$root\"\nmount --move . /\nroot=");
    return shell.text("cd \"$root\"\npivot_root . .\numount -l .\ncd /\nroot=");
}

/// Makes the mount that holds the machine path private: the path itself need not be a mount point.
CTR_CHILD int private_holder(ctr_run *raw, const char *target, unsigned long flags) {
    char path[PATH_MAX];
    std::size_t length = strlen(target);
    if (length >= sizeof path) return errno = ENAMETOOLONG, fail(raw, "mount", target);
    memcpy(path, target, length + 1);
    for (;;) {
        if (::mount(nullptr, length == 0 ? "/" : path, nullptr, flags, nullptr) == 0) return 0;
        if (errno != EINVAL || length == 0) return fail(raw, "mount", target);
        while (length > 0 && path[length - 1] != '/')
            --length;
        while (length > 0 && path[length - 1] == '/')
            --length;
        path[length] = '\0';
    }
}

CTR_CHILD int propagation_apply(ctr_run *raw) {
    const ctr::ChildRun run{raw};
    const char *target = run.count("target") != 0 ? run.str("target") : "/";
    const unsigned long flags = propagation_flags(run.str("propagation"));
    if (flags == 0)
        return fail_words(raw, CTR_E_INVALID, "this is no propagation", run.str("propagation"),
                          "private, slave, shared, unbindable, with an r in front for all mounts below");
    const int root = ctr::host->root_fd(raw);
    if (root < 0 && run.integer("holder") != 0) return private_holder(raw, target, flags);
    if (root < 0) return ::mount(nullptr, target, nullptr, flags, nullptr) == 0 ? 0 : fail(raw, "mount", target);
    MountOptions options = {};
    options.propagation[options.n_propagation++] = flags;
    const int fd = run.count("target") != 0 && !equal(target, "/") ? open_mount_point(raw, nullptr, nullptr)
                                                                   : open_inside(root, "/", O_PATH);
    if (fd < 0) return fail(raw, "openat2", target); // if it has not been said yet
    const int result = change(raw, fd, options);
    close_fd(fd);
    return result;
}

int propagation_shell(ctr::Run run, ctr::Shell shell) {
    const std::string target = run.has("target") ? run.str("target") : "/";
    if (run.integer("holder") != 0)
        return shell.text("mount --make-" + run.str("propagation") + " \"$(findmnt -n -o TARGET -T " + quoted(target) +
                          ")\"");
    return shell.text("mount --make-" + run.str("propagation") + " " +
                      (target == "/" ? "\"${root:-/}\"" : inside(target)));
}

} // namespace

constinit const ctr_step_kind rootfs_attach = ctr::child_kind<attach_shell>(CTR_KIND_ROOTFS_ATTACH, attach_apply);
constinit const ctr_step_kind pivot_root = ctr::child_kind<pivot_shell>(CTR_KIND_PIVOT_ROOT, pivot_apply);
constinit const ctr_step_kind mount_propagation =
    ctr::child_kind<propagation_shell>(CTR_KIND_MOUNT_PROPAGATION, propagation_apply);

} // namespace core::kinds
