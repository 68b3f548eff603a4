// SPDX-License-Identifier: MIT
//
// Storage driver `btrfs`: a layer is a read-only subvolume, made as a snapshot of the layer below it; a container's
// root is a writable snapshot of its uppermost layer. A snapshot takes the same time for any size and any number of
// layers, and the container runs on a plain file system. Two steps in prepare: the snapshot (it lives until the
// container is deleted), and a detached mount of it, the value `rootfs`.
#include "driver.hpp"
#include "names.hpp"

#include "../storage-common/layers.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

namespace btrfs {

std::string data_dir(ctr::Plan plan) { return data_dir_of(plan, "btrfs"); }

int require_btrfs(ctr::Plan plan, const std::string &dir) {
    const std::string type = plan.ask("fstype:" + dir).value_or("unknown");
    if (type == "btrfs") return 0;
    return plan.fail({.error_class = CTR_E_UNSUPPORTED,
                      .message = "the data root is on " + type + ", the storage driver btrfs needs btrfs",
                      .hint = "give --data-root on a btrfs file system, or --storage overlay",
                      .path = dir});
}

int fail(ctr::Run run, ctr::Error error, std::string hint) {
    if (hint.empty() && error.errno_value == EPERM) hint = "this needs CAP_SYS_ADMIN";
    if (hint.empty() && (error.errno_value == ENOSPC || error.errno_value == EDQUOT))
        hint = "the data root is full; `btrfs filesystem usage` tells whether of data or of metadata";
    if (!hint.empty()) error.hint = std::move(hint);
    return run.fail(error);
}

int delete_path(ctr::Run run, const std::string &path) {
    const auto done = delete_subvolume(path);
    return done.ok() ? 0 : fail(run, done.error());
}

namespace {

/// The uppermost layer's name; empty after a refusal.
std::string uppermost_layer(ctr::Plan plan) {
    const ctr::Node image = plan.spec("/ctr/image");
    if (!image) {
        plan.invalid("/ctr/image", "the storage driver btrfs makes a snapshot of an image, but no image is asked for",
                     "name an image, or use --storage rootfs for a directory or a bundle");
        return {};
    }
    const ctr::Node layers = image.get("/layers");
    if (layers.size() == 0) {
        plan.invalid("/ctr/image/layers", "the image " + image.get("/name").str() + " has no layers",
                     "there is nothing to make a snapshot of; an empty root can be had with --storage rootfs");
        return {};
    }
    const std::string id = layers.at(layers.size() - 1).str();
    const auto name = layer_name(id);
    if (!name) plan.invalid("/ctr/image/layers/" + std::to_string(layers.size() - 1), no_chain_id(id), chain_id_hint);
    return name.value_or("");
}

int plan(ctr::Plan plan) {
    const std::string layer = uppermost_layer(plan), dir = data_dir(plan), id = plan.id(),
                      container = dir + "/containers/" + id;
    if (layer.empty() || require_btrfs(plan, dir) != 0) return -1;
    if (refuse_leftover(plan, id, container) != 0) return -1;
    if (plan.step("btrfs.snapshot", CTR_PREPARE)
            .arg("source", dir + "/layers/" + layer)
            .arg("path", container)
            .gives("btrfs.snapshot")
            .until(CTR_UNTIL_DELETE)
            .note("a writable snapshot of the image")
            .add() != 0)
        return -1;
    return plan.step("btrfs.open", CTR_PREPARE)
        .arg("path", container)
        .output("rootfs", CTR_TYPE_FD, "rootfs")
        .needs("btrfs.snapshot")
        .note("the snapshot as a detached mount")
        .add();
}

// ---- btrfs.snapshot -------------------------------------------------------------------------------------------------

int apply_snapshot(ctr::Run run) {
    const std::string source = run.str("source"), path = run.str("path");
    auto done = snapshot(source, path);
    if (!done.ok() && done.error().errno_value == ENOENT && done.error().path == path) { // the first container
        done = make_directory(parent_of(path));
        if (done.ok()) done = snapshot(source, path);
    }
    if (done.ok()) return 0;
    const ctr::Error &error = done.error();
    if (error.errno_value == ENOENT && error.path == source)
        return run.fail({.error_class = CTR_E_NOT_FOUND,
                         .message = "a layer of the image is missing",
                         .hint = "import the image again",
                         .errno_value = ENOENT,
                         .syscall = error.syscall,
                         .path = source});
    return fail(run, error, error.errno_value == EEXIST ? "another container has this name: remove it first" : "");
}

int undo_snapshot(ctr::Run run) { return delete_path(run, run.str("path")); }

int shell_snapshot(ctr::Run run, ctr::Shell sh) {
    if (sh.cmd({"mkdir", "-p", parent_of(run.str("path"))}) != 0) return -1;
    return sh.cmd({"btrfs", "subvolume", "snapshot", run.str("source"), run.str("path")});
}

int shell_undo_snapshot(ctr::Run run, ctr::Shell sh) {
    return sh.cmd({"btrfs", "subvolume", "delete", run.str("path")});
}

// ---- btrfs.open -----------------------------------------------------------------------------------------------------

/// A copy of a mount is its peer and has its flags. The container's root must be neither: mounts in it may not reach
/// the machine, and nosuid, nodev or noexec of the data root are not meant for the container.
int set_attributes(int fd) {
    mount_attr attributes{};
    attributes.propagation = MS_PRIVATE;
    attributes.attr_clr = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
    if (mount_setattr(fd, "", AT_EMPTY_PATH, &attributes, sizeof attributes) == 0) return 0;
    if (errno != ENOSYS) return -1;
    // Linux before 5.12: mount(2) reaches the detached mount through its descriptor. The flags stay as they are.
    const std::string path = "/proc/self/fd/" + std::to_string(fd);
    return mount(nullptr, path.c_str(), nullptr, MS_PRIVATE, nullptr);
}

int apply_open(ctr::Run run) {
    const std::string path = run.str("path");
    const int fd = open_tree(AT_FDCWD, path.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
    if (fd < 0) return run.fail("open_tree", path, errno == EPERM ? "copying mounts needs CAP_SYS_ADMIN" : "");
    if (set_attributes(fd) != 0) {
        run.fail("mount_setattr", path);
        close(fd);
        return -1;
    }
    return run.output_fd("rootfs", fd);
}

/// A script has no detached mounts. It binds the snapshot over itself, because the child can move such a mount.
int shell_open(ctr::Run run, ctr::Shell sh) {
    const std::string path = run.str("path");
    if (sh.cmd({"mount", "--bind", path, path}) != 0 || sh.cmd({"mount", "--make-private", path}) != 0) return -1;
    return sh.set(run.output_value("rootfs"), {"echo", path});
}

/// Nothing to undo, because the mount ends with its last descriptor. Only the script mounts it in the machine's tree.
int undo_open(ctr::Run) { return 0; }
int shell_undo_open(ctr::Run run, ctr::Shell sh) { return sh.cmd({"umount", run.str("path")}); }

constexpr ctr_step_kind open_kind = ctr::parent_kind<apply_open, undo_open, shell_open, shell_undo_open>("btrfs.open");
constexpr ctr_step_kind snapshot_kind =
    ctr::parent_kind<apply_snapshot, undo_snapshot, shell_snapshot, shell_undo_snapshot>("btrfs.snapshot");

const void *extension(const char *id) { return std::string_view(id) == CTR_EXT_STORAGE ? &storage : nullptr; }

} // namespace
} // namespace btrfs

CTR_PLUGIN_WITH_EXTENSION("btrfs", "0.1.0", btrfs::plan, btrfs::extension, &btrfs::snapshot_kind, &btrfs::open_kind,
                          &btrfs::layer_kind, &btrfs::commit_kind, &btrfs::remove_layer_kind);
