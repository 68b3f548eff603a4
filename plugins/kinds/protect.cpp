// SPDX-License-Identifier: MIT
//
// Masked and read-only paths. They alone protect much of /proc from a container, so nothing here may fail silently: a
// missing target is fine, any other problem is an error. What covers a masked file must really be the null device:
// opened without following a link, checked by its number, and bound by the same descriptor (CVE-2025-31133: /dev/null
// of the container replaced by a link to a procfs file).
#include "mounting.hpp"
#include "shell.hpp"
#include "table.hpp"

#include <ctr/plugin.hpp>

namespace kinds {
namespace {

/// The first mask of each type that was attached; the others are bind mounts of it. So all directories share one empty
/// tmpfs.
struct Masks {
    int directory = -1, file = -1;
    dev_t device = 0; // of the tmpfs
};

/// Calls `protect` with an O_PATH descriptor of each target; a missing one is passed over if it may be missing.
CTR_CHILD int for_each_there(ctr_run *raw, int (*protect)(ctr_run *raw, int target, std::size_t at, Masks &masks)) {
    const ctr::ChildRun run{raw};
    const int root = require_root(raw);
    if (root < 0) return -1;
    Masks masks = {-1, -1, 0};
    int result = 0;
    for (std::size_t at = 0, n = run.count("target"); result == 0 && at < n; ++at) {
        const int target = open_inside(root, run.str("target", at), O_PATH);
        if (target < 0) {
            if ((errno == ENOENT || errno == ENOTDIR) && run.integer("missing_ok", 1) != 0) continue;
            result = fail(raw, "openat2", run.str("target", at));
        } else {
            result = protect(raw, target, at, masks);
            close_fd(target);
        }
    }
    close_fd(masks.directory);
    close_fd(masks.file);
    return result;
}

/// A detached bind mount of the null device. Before pivot "/dev/null" is the machine's, afterwards the container's.
CTR_CHILD int clone_null(ctr_run *raw) {
    struct stat st;
    const int null = open("/dev/null", O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (null < 0 || fstat(null, &st) != 0 || !S_ISCHR(st.st_mode) || st.st_rdev != device_number(1, 3)) {
        close_fd(null);
        return fail_words(raw, CTR_E_INVALID,
                          "/dev/null is not the null device (character device 1:3), so paths cannot be masked",
                          "/dev/null", "mount a tmpfs on /dev: then the default devices are made in it");
    }
    const int mount = ctr::open_tree_clone(null, "", AT_EMPTY_PATH);
    if (mount < 0) fail(raw, "open_tree", "/dev/null");
    close_fd(null);
    return mount;
}

CTR_CHILD int new_mask(ctr_run *raw, bool directory) {
    if (!directory) return clone_null(raw);
    MountOptions options = {};
    options.set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
    return new_mount(raw, "tmpfs", "tmpfs", nullptr, options);
}

CTR_CHILD int mask(ctr_run *raw, int target, std::size_t at, Masks &masks) {
    const char *name = ctr::ChildRun{raw}.str("target", at);
    struct stat st, tmpfs;
    if (fstat(target, &st) != 0) return fail(raw, "fstat", name);
    const bool directory = S_ISDIR(st.st_mode);
    // A target that is listed twice, perhaps by a link, is masked already.
    if (directory ? masks.directory >= 0 && st.st_dev == masks.device
                  : S_ISCHR(st.st_mode) && st.st_rdev == device_number(1, 3))
        return 0;
    int &first = directory ? masks.directory : masks.file;
    const int mount = first >= 0 ? ctr::open_tree_clone(first, "", AT_EMPTY_PATH) : new_mask(raw, directory);
    if (mount < 0) return first >= 0 ? fail(raw, "open_tree", name) : -1;
    MountOptions options = {};
    // Not nodev, because the null device would not work then. Copies inherit these flags.
    if (!directory && first < 0) options.set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
    int result = attach(raw, mount, target, options, at);
    if (first >= 0) return close_fd(mount), result;
    first = mount;
    if (directory && result == 0 && fstat(mount, &tmpfs) != 0) result = fail(raw, "fstat", name);
    if (directory) masks.device = tmpfs.st_dev;
    return result;
}

CTR_CHILD int mask_apply(ctr_run *raw) { return for_each_there(raw, mask); }

int mask_shell(ctr::Run run, ctr::Shell shell) {
    return shell.text(for_each_target(run, [run](std::size_t at) {
        const std::string target = inside(run.str("target", at));
        std::string text =
            "if [ -d " + target + " ]; then mount -t tmpfs -o ro,nosuid,nodev,noexec tmpfs " + target + "\n";
        text += run.integer("missing_ok", 1) != 0 ? "elif [ -e " + target + " ]; then " : "else ";
        return text + "mount --bind /dev/null " + target + "; fi";
    }));
}

/// A copy has the flags of the mount that it covers (nosuid, nodev, noexec), and is made read-only.
CTR_CHILD int make_readonly(ctr_run *raw, int target, std::size_t at, Masks &) {
    const char *name = ctr::ChildRun{raw}.str("target", at);
    int result = -1;
    const int mount = ctr::open_tree_clone(target, "", AT_EMPTY_PATH | AT_RECURSIVE);
    if (mount < 0) {
        fail(raw, "open_tree", name);
    } else if (ctr::mount_setattr(mount, AT_RECURSIVE, MOUNT_ATTR_RDONLY, 0, 0) == 0) {
        result = ctr::move_mount_fd(mount, target) == 0 ? 0 : fail(raw, "move_mount", name);
    } else if (errno == ENOSYS) {
        // Before Linux 5.12 only the mount itself can be made read-only, not what is mounted below it.
        MountOptions options = {};
        options.set = MOUNT_ATTR_RDONLY;
        result = attach(raw, mount, target, options, at);
    } else {
        fail(raw, "mount_setattr", name);
    }
    close_fd(mount);
    return result;
}

CTR_CHILD int readonly_apply(ctr_run *raw) { return for_each_there(raw, make_readonly); }

int readonly_shell(ctr::Run run, ctr::Shell shell) {
    return shell.text(for_each_target(run, [run](std::size_t at) {
        const std::string target = inside(run.str("target", at));
        const std::string protect = "mount --rbind " + target + " " + target + " && mount -o remount,bind,ro " + target;
        return run.integer("missing_ok", 1) == 0 ? protect : "if [ -e " + target + " ]; then " + protect + "; fi";
    }));
}

} // namespace

constinit const ctr_step_kind mount_mask = ctr::child_kind<mask_shell>(CTR_KIND_MOUNT_MASK, mask_apply);
constinit const ctr_step_kind mount_readonly = ctr::child_kind<readonly_shell>(CTR_KIND_MOUNT_READONLY, readonly_apply);

} // namespace kinds
