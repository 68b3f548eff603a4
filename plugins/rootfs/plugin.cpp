// SPDX-License-Identifier: MIT
//
// Storage driver `rootfs`: the container's root is a directory of the machine, as it is (`ctr run --rootfs`,
// `--bundle`, ctr-oci). One step: a detached copy of the mounts at and below that directory, the value `rootfs`. It
// ends with its last descriptor, so there is nothing to undo. What the container writes stays in the directory, which
// belongs to the user.
//
// A copy of a shared mount is its peer: what the container mounts in it would appear on the machine. So the copy's
// propagation is set before anybody can use it: private, or what /linux/rootfsPropagation asks for.
#include <ctr/plugin.hpp>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

/// The propagation for the detached copy: the spec's word without the r (for "recursive"). With "shared" it stays in
/// its peer group.
std::string propagation(ctr::Plan plan) {
    std::string wanted = plan.spec("/linux/rootfsPropagation").str();
    if (wanted.size() > 1 && wanted[0] == 'r') wanted.erase(0, 1);
    return wanted == "slave" || wanted == "shared" ? wanted : "private";
}

int plan(ctr::Plan plan) {
    const std::string path = plan.spec("/root/path").str();
    if (path.empty())
        return plan.invalid("/root/path", "the storage driver rootfs needs a directory that is the container's root",
                            "give --rootfs DIR or --bundle DIR; an image needs --storage overlay or btrfs");
    if (path[0] != '/') return plan.invalid("/root/path", "\"" + path + "\" is not an absolute path");
    // A user without privilege may not copy mounts of the machine, but may do so in a mount namespace of his own user
    // namespace. So the child does it there.
    const bool privileged = plan.ask("euid").value_or("0") == "0";
    ctr::Step step =
        plan.step(privileged ? "rootfs.open" : "rootfs.open_inside", privileged ? CTR_PREPARE : CTR_MOUNTS);
    if (!privileged) step.needs(CTR_TOKEN_MOUNTS_PRIVATE).after(CTR_TOKEN_USERNS_MAPPED);
    step.arg("path", path);
    if (privileged) step.arg("propagation", propagation(plan));
    return step.output("rootfs", CTR_TYPE_FD, "rootfs").note("the directory as a detached mount").add();
}

/// Linux before 5.12 has no mount_setattr(2); mount(2) reaches the detached mount through its descriptor.
int set_propagation(int fd, unsigned long type) {
    mount_attr attributes{};
    attributes.propagation = type;
    if (mount_setattr(fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof attributes) == 0) return 0;
    if (errno != ENOSYS) return -1;
    const std::string path = "/proc/self/fd/" + std::to_string(fd);
    return mount(nullptr, path.c_str(), nullptr, MS_REC | type, nullptr);
}

int apply(ctr::Run run) {
    const std::string path = run.str("path"), wanted = run.str("propagation");
    const int fd = open_tree(AT_FDCWD, path.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    if (fd < 0) {
        const char *hint = errno == ENOENT  ? "the root directory does not exist"
                           : errno == EPERM ? "copying mounts needs CAP_SYS_ADMIN"
                           : errno == EINVAL
                               ? "an unbindable mount, or one that this mount namespace may not copy, is in the way"
                               : "";
        return run.fail("open_tree", path, hint);
    }
    struct stat status {};
    int result = fstat(fd, &status);
    if (result == 0 && !S_ISDIR(status.st_mode)) {
        close(fd);
        return run.fail({.error_class = CTR_E_INVALID,
                         .message = "the container's root is not a directory",
                         .hint = "give the directory that holds /bin, /etc, ...",
                         .errno_value = ENOTDIR,
                         .syscall = "open_tree",
                         .path = path});
    }
    if (result == 0 && wanted != "shared") result = set_propagation(fd, wanted == "slave" ? MS_SLAVE : MS_PRIVATE);
    if (result != 0) {
        run.fail("mount_setattr", path);
        close(fd);
        return -1;
    }
    return run.output_fd("rootfs", fd);
}

/// A script has no detached mounts. It binds the directory over itself, because the child can move such a mount.
int shell(ctr::Run run, ctr::Shell sh) {
    const std::string path = run.str("path");
    if (sh.cmd({"mount", "--rbind", path, path}) != 0) return -1;
    if (run.str("propagation") != "shared" && sh.cmd({"mount", "--make-r" + run.str("propagation"), path}) != 0)
        return -1;
    return sh.set(run.output_value("rootfs"), {"echo", path});
}

/// Nothing to undo, because the mount ends with its last descriptor. Only the script mounts it in the machine's tree.
int undo(ctr::Run) { return 0; }
int shell_undo(ctr::Run run, ctr::Shell sh) { return sh.cmd({"umount", "--recursive", run.str("path")}); }

/// The copy is a slave of the machine's mount, as all mounts of the child are in a new user namespace
/// (mount_namespaces(7)).
CTR_CHILD int apply_inside(ctr_run *raw) {
    const ctr::ChildRun run{raw};
    const char *path = run.str("path");
    const int fd = static_cast<int>(
        syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_NO_AUTOMOUNT));
    if (fd < 0)
        return run.fail("open_tree", path,
                        "a container of a user without privilege needs a user namespace and a mount namespace");
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISDIR(status.st_mode)) {
        errno = ENOTDIR;
        return run.fail("open_tree", path, "the container's root must be a directory");
    }
    return run.output_fd("rootfs", fd);
}

/// The script runs as root; there it does the same as rootfs.open.
int shell_inside(ctr::Run run, ctr::Shell sh) { return sh.set(run.output_value("rootfs"), {"echo", run.str("path")}); }

constexpr ctr_step_kind inside_kind = ctr::child_kind<shell_inside>("rootfs.open_inside", apply_inside);
constexpr ctr_step_kind open_kind = ctr::parent_kind<apply, undo, shell, shell_undo>("rootfs.open");

} // namespace

CTR_PLUGIN("rootfs", "0.1.0", plan, &open_kind, &inside_kind);
