// SPDX-License-Identifier: MIT
//
// ctr.storage/1: layers as subvolumes. A layer is unpacked in a snapshot of its parent, where whiteouts are simply
// carried out. Then it is made read-only, synced, and renamed, so a subvolume with a layer's name is complete. Two
// imports of one layer do not disturb each other: the second rename finds the layer there and drops its own copy.
#include "driver.hpp"
#include "names.hpp"

#include "../storage-common/layers.hpp"

#include <ctr/cpp/text.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

namespace btrfs {
namespace {

// ---- btrfs.layer ----------------------------------------------------------------------------------------------------

int apply_layer(ctr::Run run) {
    const std::string partial = run.str("partial");
    // Its name has the operation's id, so only an earlier attempt of this operation can have left it.
    if (delete_path(run, partial) != 0) return -1;
    if (auto done = make_directory(parent_of(partial)); !done.ok()) return fail(run, done.error());
    const auto made = run.has("parent") ? snapshot(run.str("parent"), partial) : create_subvolume(partial);
    if (!made.ok())
        return fail(run, made.error(),
                    made.error().errno_value == ENOENT ? "the parent layer must be complete before this one is begun"
                                                       : "");
    return run.output("directory", partial);
}

int undo_layer(ctr::Run run) { return delete_path(run, run.str("partial")); }

int shell_layer(ctr::Run run, ctr::Shell sh) {
    const std::string partial = run.str("partial");
    if (sh.cmd({"mkdir", "-p", parent_of(partial)}) != 0) return -1;
    const int made = run.has("parent") ? sh.cmd({"btrfs", "subvolume", "snapshot", run.str("parent"), partial})
                                       : sh.cmd({"btrfs", "subvolume", "create", partial});
    return made == 0 ? sh.set(run.output_value("directory"), {"echo", partial}) : -1;
}

int shell_undo_layer(ctr::Run run, ctr::Shell sh) {
    const std::string partial = ctr::shell_word(run.str("partial"));
    return sh.text("test ! -e " + partial + " || btrfs subvolume delete " + partial + "\n");
}

// ---- btrfs.commit ---------------------------------------------------------------------------------------------------

int apply_commit(ctr::Run run) {
    const std::string partial = run.str("partial"), layer = run.str("layer"), layers = parent_of(layer);
    if (auto done = seal(partial); !done.ok()) return fail(run, done.error());
    if (renameat2(AT_FDCWD, partial.c_str(), AT_FDCWD, layer.c_str(), RENAME_NOREPLACE) != 0) {
        if (errno != EEXIST) return run.fail("renameat2", layer);
        return delete_path(run, partial); // somebody else committed the same content first
    }
    const int fd = open(layers.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = fd >= 0 && fsync(fd) == 0;
    if (!synced) run.fail("fsync", layers);
    if (fd >= 0) close(fd);
    return synced ? 0 : -1;
}

int shell_commit(ctr::Run run, ctr::Shell sh) {
    const std::string partial = run.str("partial");
    if (sh.cmd({"btrfs", "property", "set", partial, "ro", "true"}) != 0 || sh.cmd({"sync", "-f", partial}) != 0)
        return -1;
    return sh.cmd({"mv", "-T", partial, run.str("layer")});
}

// ---- btrfs.remove_layer ---------------------------------------------------------------------------------------------

/// Deleting a subvolume is one atomic step; snapshots of it keep what they share with it.
int apply_remove(ctr::Run run) { return delete_path(run, run.str("layer")); }
int shell_remove(ctr::Run run, ctr::Shell sh) { return sh.cmd({"btrfs", "subvolume", "delete", run.str("layer")}); }

// ---- the extension's functions --------------------------------------------------------------------------------------

std::string token(const std::string &name) { return "btrfs.layer:" + name; }

std::string layer_path(ctr::Plan plan, const std::string &name) { return data_dir(plan) + "/layers/" + name; }
std::string partial_path(ctr::Plan plan, const std::string &name) {
    return layer_path(plan, partial_name(plan.id(), name));
}

int has_layer(ctr_plan *raw, ctr_str chain_id) {
    return with_layer(raw, chain_id, [](ctr::Plan plan, const std::string &name) {
        return plan.ask("type:" + layer_path(plan, name)) == "dir" ? 1 : 0;
    });
}

int plan_layer(ctr_plan *raw, ctr_str chain_id, ctr_str parent, const char *directory_value, const char **whiteouts) {
    *whiteouts = "apply";
    return with_layer(raw, chain_id, [&](ctr::Plan plan, const std::string &name) {
        if (require_btrfs(plan, data_dir(plan)) != 0) return -1;
        ctr::Step step = plan.step("btrfs.layer", CTR_PREPARE);
        step.arg("partial", partial_path(plan, name)).output("directory", CTR_TYPE_STRING, directory_value);
        if (parent.len != 0) {
            const auto below = layer_name(ctr::view(parent));
            if (!below)
                return plan.fail({.error_class = CTR_E_INVALID,
                                  .message = "the parent's chain id is none",
                                  .path = std::string(ctr::view(parent))});
            step.arg("parent", layer_path(plan, *below)).after(token(*below));
        }
        return step.until(CTR_UNTIL_DELETE).note("where layer " + name.substr(0, 12) + " is unpacked").add();
    });
}

int plan_commit(ctr_plan *raw, ctr_str chain_id, const char *directory_value, const char *unpacked) {
    static_cast<void>(directory_value); // the subvolume's name follows from the plan; `unpacked` orders the step
    return with_layer(raw, chain_id, [&](ctr::Plan plan, const std::string &name) {
        return plan.step("btrfs.commit", CTR_PREPARE)
            .arg("partial", partial_path(plan, name))
            .arg("layer", layer_path(plan, name))
            .needs(unpacked)
            .gives(token(name))
            .note("layer " + name.substr(0, 12) + " is complete")
            .add();
    });
}

int plan_remove(ctr_plan *raw, ctr_str chain_id) {
    return with_layer(raw, chain_id, [](ctr::Plan plan, const std::string &name) {
        return plan.step("btrfs.remove_layer", CTR_PREPARE)
            .arg("layer", layer_path(plan, name))
            .after(CTR_TOKEN_IMAGE_FORGOTTEN) // no record may name a layer that is gone
            .add();
    });
}

int list(const ctr_places *places, ctr_storage_found found, void *user) noexcept try {
    const std::string dir = places->data_dir;
    const auto report = [&](const char *type, const std::string &id, const std::string &path) {
        found(user, type, ctr::str(id), ctr::str(path));
    };
    const int layers = each_entry(dir + "/layers", [&](const std::string &name, const std::string &path) {
        if (const auto id = chain_id(name))
            report("layer", *id, path);
        else if (is_partial(name))
            report("layer", std::string(partial_prefix) + name, path);
    });
    return layers == 0 && list_containers(dir, found, user) == 0 ? 0 : -1;
} catch (const std::exception &) {
    return errno = ENOMEM, -1;
}

/// The subvolume that list() reported as `type` and `id`; nothing if that is no name of ours.
std::optional<std::string> listed_path(const std::string &dir, std::string_view type, std::string_view id) {
    if (type == "container" && is_component(id)) return dir + "/containers/" + std::string(id);
    if (type != "layer") return std::nullopt;
    if (const auto layer = layer_name(id)) return dir + "/layers/" + *layer;
    if (!id.starts_with(partial_prefix)) return std::nullopt;
    id.remove_prefix(partial_prefix.size());
    return is_partial(id) ? std::optional(dir + "/layers/" + std::string(id)) : std::nullopt;
}

int collect(const ctr_places *places, const char *type, ctr_str id) noexcept try {
    const auto path = listed_path(places->data_dir, type, ctr::view(id));
    if (!path) return errno = EINVAL, -1;
    const auto done = delete_subvolume(*path);
    return done.ok() ? 0 : (errno = done.error().errno_value, -1);
} catch (const std::exception &) {
    return errno = ENOMEM, -1;
}

} // namespace

constexpr ctr_step_kind layer_kind =
    ctr::parent_kind<apply_layer, undo_layer, shell_layer, shell_undo_layer>("btrfs.layer");
constexpr ctr_step_kind commit_kind = ctr::parent_kind<apply_commit, shell_commit>("btrfs.commit");
constexpr ctr_step_kind remove_layer_kind = ctr::parent_kind<apply_remove, shell_remove>("btrfs.remove_layer");

constexpr ctr_storage_v1 storage = {
    sizeof(ctr_storage_v1), has_layer, plan_layer, plan_commit, plan_remove, list, collect, nullptr};

} // namespace btrfs
