// SPDX-License-Identifier: MIT
//
// ctr.storage/1: layers on disk. A layer is unpacked into an overlayfs (mounted detached, as for a container) over all
// layers below it, with the new layer as `upper`. So what the layer does not change keeps mode, owner and attributes,
// links of lower layers lead where they lead in the image, whiteouts are deletions, and `upper` gets exactly the form
// that overlayfs expects in a layer.
//
// A layer is made in tmp/ and becomes visible by one rename(2), after syncfs(2). So what is in layers/ is complete,
// even after a kill or a power failure. Two imports of one layer do not disturb each other: each has its own directory
// in tmp/, and the second rename finds the layer there and drops its own copy.
#include "driver.hpp"
#include "mount.hpp"
#include "names.hpp"
#include "remove_tree.hpp"

#include "../storage-common/layers.hpp"

#include <ctr/cpp/fd.hpp>
#include <ctr/cpp/text.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

namespace overlay {
namespace {

using ctr::Fd;

// ---- overlay.layer --------------------------------------------------------------------------------------------------

/// The view is not mounted anywhere on the machine; it ends when its descriptor is closed.
int give_view(ctr::Run run, const std::string &partial, Fd view, bool mounted) {
    if (!view.valid()) return run.fail("open", partial);
    const std::string path = mounted ? "/proc/self/fd/" + std::to_string(view.get()) : partial + "/diff";
    return run.output_fd("view", view.release()) == 0 ? run.output("directory", path) : -1;
}

int fail_view(ctr::Run run, const Stack &stack, ctr::Error error) {
    struct stat status {};
    for (const auto &layer : stack.lower)
        if (const std::string path = stack.dir + "/" + layer; lstat(path.c_str(), &status) != 0)
            return run.fail("lstat", path, "the layers below must be complete before this one is begun");
    error.message = "cannot mount the layers below" + (error.message.empty() ? "" : ": " + error.message);
    return run.fail(error);
}

/// Explicit values, because a layer must not depend on this kernel's defaults.
const std::vector<std::string> view_options = {"redirect_dir=off", "index=off", "metacopy=off", "xino=off"};

int apply_layer(ctr::Run run) {
    // Nothing is synced when the view ends, because overlay.commit syncs the whole layer.
    const Stack stack = {run.str("dir"), run.strings("lower"), run.str("partial"), "diff", view_options, true};
    const std::string partial = stack.dir + "/" + stack.place, diff = partial + "/diff";
    // Its name has the operation's id, so only an earlier attempt of this operation can have left it.
    if (remove_path(run, partial) != 0) return -1;
    if (make_directory(partial, 0700) != 0) return run.fail("mkdir", partial);
    if (mkdir(diff.c_str(), 0755) != 0 || chmod(diff.c_str(), 0755) != 0) return run.fail("mkdir", diff);
    if (stack.lower.empty())
        return give_view(run, partial, Fd(open(diff.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)), false);
    // If the layer has no entry for the root directory, that keeps its parent's metadata.
    std::string culprit;
    if (copy_attributes(stack.dir + "/" + stack.lower.front(), diff, &culprit) != 0)
        return run.fail("chmod", culprit, "the layers below must be complete before this one is begun");
    if (const std::string work = partial + "/work"; mkdir(work.c_str(), 0700) != 0) return run.fail("mkdir", work);
    auto view = mount_stack(stack);
    return view.ok() ? give_view(run, partial, std::move(view).value(), true) : fail_view(run, stack, view.error());
}

int undo_layer(ctr::Run run) { return remove_path(run, run.str("dir") + "/" + run.str("partial")); }

int shell_layer(ctr::Run run, ctr::Shell sh) {
    const std::string dir = run.str("dir"), partial = dir + "/" + run.str("partial"), diff = partial + "/diff";
    const std::vector<std::string> lower = run.strings("lower");
    std::string view = diff, joined;
    for (const std::string &layer : lower)
        joined += (joined.empty() ? "" : ":") + layer;
    if (sh.cmd({"mkdir", "-p", diff}) != 0) return -1;
    if (!lower.empty()) {
        view = partial + "/merged";
        const std::string below = dir + "/" + lower.front(),
                          options = "lowerdir=" + joined + ",upperdir=" + diff + ",workdir=" + partial + "/work";
        if (sh.cmd({"mkdir", "-p", partial + "/work", view}) != 0 ||
            sh.cmd({"chown", "--reference=" + below, diff}) != 0 ||
            sh.cmd({"chmod", "--reference=" + below, diff}) != 0)
            return -1;
        if (sh.text("(cd " + ctr::shell_word(dir) + " && mount -t overlay overlay -o " + ctr::shell_word(options) +
                    " " + ctr::shell_word(view) + ")\n") != 0)
            return -1;
    }
    if (sh.set(run.output_value("view"), {"echo", view}) != 0) return -1;
    return sh.set(run.output_value("directory"), {"echo", view});
}

int shell_undo_layer(ctr::Run run, ctr::Shell sh) {
    const std::string partial = run.str("dir") + "/" + run.str("partial");
    if (!run.strings("lower").empty() && sh.text("! mountpoint -q " + ctr::shell_word(partial + "/merged") +
                                                 " || umount " + ctr::shell_word(partial + "/merged") + "\n") != 0)
        return -1;
    return sh.cmd({"rm", "-rf", "--one-file-system", partial});
}

// ---- overlay.commit -------------------------------------------------------------------------------------------------

/// Writes everything below and including `path` to the disk. -1 with errno if the file system failed.
int sync_tree(const std::string &path) {
    const Fd fd{open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    return fd.valid() ? syncfs(fd.get()) : -1;
}

int sync_directory(const std::string &path) {
    const Fd fd{open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    return fd.valid() ? fsync(fd.get()) : -1;
}

/// Ends the mount although the host owns its descriptor: the number is made to mean another file.
int end_view(int fd) {
    const Fd nothing(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    return nothing.valid() && dup3(nothing.get(), fd, O_CLOEXEC) == fd ? 0 : -1;
}

int apply_commit(ctr::Run run) {
    const std::string partial = run.str("partial"), layer = run.str("layer"), layers = parent_of(layer);
    if (end_view(run.fd("view")) != 0) return run.fail("dup3", partial);
    for (const char *own : {"/work", "/lower"}) // the mount's, not the layer's
        if (remove_path(run, partial + own) != 0) return -1;
    if (sync_tree(partial) != 0) return run.fail("syncfs", partial);
    if (make_directory(layers, 0700) != 0 && errno != EEXIST) return run.fail("mkdir", layers);
    if (rename(partial.c_str(), layer.c_str()) != 0) {
        if (errno != EEXIST && errno != ENOTEMPTY) return run.fail("rename", layer);
        return remove_path(run, partial); // somebody else committed the same content first
    }
    if (sync_directory(layers) != 0) return run.fail("fsync", layers);
    return 0;
}

int shell_commit(ctr::Run run, ctr::Shell sh) {
    const std::string partial = run.str("partial"), layer = run.str("layer");
    if (sh.text("! mountpoint -q " + ctr::shell_word(partial + "/merged") + " || umount " +
                ctr::shell_word(partial + "/merged") + "\n") != 0 ||
        sh.cmd({"rm", "-rf", "--one-file-system", partial + "/work", partial + "/merged"}) != 0)
        return -1;
    if (sh.cmd({"sync", "-f", partial}) != 0 || sh.cmd({"mkdir", "-p", parent_of(layer)}) != 0) return -1;
    return sh.cmd({"mv", "-T", partial, layer});
}

// ---- overlay.remove_layer -------------------------------------------------------------------------------------------

/// First moved to tmp/, then deleted, so that a layer with half its files is never visible.
int apply_remove(ctr::Run run) {
    const std::string layer = run.str("layer"), trash = run.str("trash"), tmp = parent_of(trash);
    if (remove_path(run, trash) != 0) return -1;
    if (make_directory(tmp, 0700) != 0 && errno != EEXIST) return run.fail("mkdir", tmp);
    if (rename(layer.c_str(), trash.c_str()) != 0 && errno != ENOENT) return run.fail("rename", layer);
    return remove_path(run, trash);
}

/// A removal is not reverted, because the layer may be half deleted. The rest in tmp/ is deleted.
int undo_remove(ctr::Run run) { return remove_path(run, run.str("trash")); }

int shell_remove(ctr::Run run, ctr::Shell sh) { return sh.cmd({"rm", "-rf", "--one-file-system", run.str("layer")}); }
int shell_undo_remove(ctr::Run run, ctr::Shell sh) {
    return sh.cmd({"rm", "-rf", "--one-file-system", run.str("trash")});
}

// ---- the extension's functions --------------------------------------------------------------------------------------

/// The token that is given when the layer is complete.
std::string token(const std::string &name) { return "overlay.layer:" + name; }

std::string partial_path(ctr::Plan plan, const std::string &name, const char *prefix = "") {
    return data_dir(plan) + "/tmp/" + prefix + partial_name(plan.id(), name);
}

int has_layer(ctr_plan *raw, ctr_str chain_id) {
    return with_layer(raw, chain_id, [](ctr::Plan plan, const std::string &name) {
        return plan.ask("type:" + data_dir(plan) + "/" + layer_diff(name)) == "dir" ? 1 : 0;
    });
}

std::string view_value(const char *directory_value) { return std::string(directory_value) + ".view"; }

int plan_layer_on(ctr_plan *raw, ctr_str chain_id, const ctr_str *below, std::size_t n_below,
                  const char *directory_value, const char **whiteouts) {
    *whiteouts = "apply";
    return with_layer(raw, chain_id, [&](ctr::Plan plan, const std::string &name) {
        if (n_below >= most_layers)
            return plan.fail({.error_class = CTR_E_UNSUPPORTED,
                              .message = "the image has more than " + std::to_string(most_layers) +
                                         " layers, the most that overlayfs stacks",
                              .hint = "squash the image, or use the storage driver btrfs"});
        ctr::Step step = plan.step("overlay.layer", CTR_PREPARE);
        step.arg("dir", data_dir(plan)).arg("partial", "tmp/" + partial_name(plan.id(), name));
        for (std::size_t i = n_below; i-- > 0;) {
            const auto layer = layer_name(ctr::view(below[i]));
            if (!layer)
                return plan.fail(
                    {.error_class = CTR_E_INVALID, .message = no_chain_id(ctr::view(below[i])), .hint = chain_id_hint});
            step.arg("lower", layer_diff(*layer));
            if (i + 1 == n_below) step.after(token(*layer));
        }
        return step.output("view", CTR_TYPE_FD, view_value(directory_value))
            .output("directory", CTR_TYPE_STRING, directory_value)
            .until(CTR_UNTIL_DELETE)
            .note("where layer " + name.substr(0, 12) + " is unpacked")
            .add();
    });
}

int plan_commit(ctr_plan *raw, ctr_str chain_id, const char *directory_value, const char *unpacked) {
    return with_layer(raw, chain_id, [&](ctr::Plan plan, const std::string &name) {
        return plan.step("overlay.commit", CTR_PREPARE)
            .arg("partial", partial_path(plan, name))
            .arg("layer", data_dir(plan) + "/layers/" + name)
            .value("view", view_value(directory_value))
            .needs(unpacked)
            .gives(token(name))
            .note("layer " + name.substr(0, 12) + " is complete")
            .add();
    });
}

int plan_remove(ctr_plan *raw, ctr_str chain_id) {
    return with_layer(raw, chain_id, [](ctr::Plan plan, const std::string &name) {
        return plan.step("overlay.remove_layer", CTR_PREPARE)
            .arg("layer", data_dir(plan) + "/layers/" + name)
            .arg("trash", partial_path(plan, name, "rm-"))
            .after(CTR_TOKEN_IMAGE_FORGOTTEN) // no record may name a layer that is gone
            .until(CTR_UNTIL_DELETE)
            .add();
    });
}

int list(const ctr_places *places, ctr_storage_found found, void *user) noexcept try {
    const std::string dir = places->data_dir;
    const auto report = [&](const char *type, const std::string &id, const std::string &path) {
        found(user, type, ctr::str(id), ctr::str(path));
    };
    const int layers = each_entry(dir + "/layers", [&](const std::string &name, const std::string &path) {
        if (const auto id = chain_id(name)) report("layer", *id, path);
    });
    const int partial = each_entry(dir + "/tmp", [&](const std::string &name, const std::string &path) {
        report("layer", std::string(partial_prefix) + name, path);
    });
    return layers == 0 && partial == 0 && list_containers(dir, found, user) == 0 ? 0 : -1;
} catch (const std::exception &) {
    return errno = ENOMEM, -1;
}

int collect(const ctr_places *places, const char *type, ctr_str id) noexcept try {
    const std::string dir = places->data_dir;
    std::string name{ctr::view(id)};
    if (std::string_view(type) == "container" && is_component(name))
        return remove_tree(AT_FDCWD, dir + "/containers/" + name);
    if (std::string_view(type) != "layer") return errno = EINVAL, -1;
    if (name.starts_with(partial_prefix)) {
        name.erase(0, partial_prefix.size());
        return is_component(name) ? remove_tree(AT_FDCWD, dir + "/tmp/" + name) : (errno = EINVAL, -1);
    }
    const auto layer = layer_name(name);
    if (!layer) return errno = EINVAL, -1;
    const std::string trash = dir + "/tmp/rm-" + *layer;
    if (make_directory(dir + "/tmp", 0700) != 0 && errno != EEXIST) return -1;
    if (remove_tree(AT_FDCWD, trash) != 0) return -1;
    if (rename((dir + "/layers/" + *layer).c_str(), trash.c_str()) != 0 && errno != ENOENT) return -1;
    return remove_tree(AT_FDCWD, trash);
} catch (const std::exception &) {
    return errno = ENOMEM, -1;
}

} // namespace

constexpr ctr_step_kind layer_kind =
    ctr::parent_kind<apply_layer, undo_layer, shell_layer, shell_undo_layer>("overlay.layer");
constexpr ctr_step_kind commit_kind = ctr::parent_kind<apply_commit, shell_commit>("overlay.commit");
constexpr ctr_step_kind remove_layer_kind =
    ctr::parent_kind<apply_remove, undo_remove, shell_remove, shell_undo_remove>("overlay.remove_layer");

constexpr ctr_storage_v1 storage = {sizeof(ctr_storage_v1), has_layer, nullptr, plan_commit, plan_remove, list, collect,
                                    plan_layer_on};

} // namespace overlay
