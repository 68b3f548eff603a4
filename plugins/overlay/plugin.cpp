// SPDX-License-Identifier: MIT
//
// Storage driver `overlay`: an image's layers are directories; overlayfs stacks them, read-only, below a directory that
// takes what the container writes. Two steps in prepare: make that directory (it lives until the container is deleted),
// and mount the stack, detached: the mount is a file descriptor, the value `rootfs`, and appears nowhere on the
// machine.
#include "driver.hpp"
#include "names.hpp"

#include "../storage-common/layers.hpp"

#include <algorithm>

namespace overlay {
namespace {

int refuse_layer(ctr::Plan plan, std::size_t index, const std::string &id) {
    return plan.invalid("/ctr/image/layers/" + std::to_string(index), no_chain_id(id), chain_id_hint);
}

/// The layers' directories below data_dir in overlayfs' order: uppermost first. -1 after a refusal.
int read_layers(ctr::Plan plan, std::vector<std::string> &lower) {
    const ctr::Node image = plan.spec("/ctr/image");
    if (!image)
        return plan.invalid("/ctr/image",
                            "the storage driver overlay stacks an image's layers, but no image is asked for",
                            "name an image, or use --storage rootfs for a directory or a bundle");
    const ctr::Node layers = image.get("/layers");
    for (std::size_t i = layers.size(); i-- > 0;) {
        const auto name = layer_name(layers.at(i).str());
        if (!name) return refuse_layer(plan, i, layers.at(i).str());
        lower.push_back(layer_diff(*name));
    }
    if (lower.empty())
        return plan.invalid("/ctr/image/layers", "the image " + image.get("/name").str() + " has no layers",
                            "overlayfs needs at least one; an empty root can be had with --storage rootfs");
    if (lower.size() > most_layers)
        return plan.invalid("/ctr/image/layers",
                            "the image " + image.get("/name").str() + " has " + std::to_string(lower.size()) +
                                " layers, overlayfs stacks at most " + std::to_string(most_layers),
                            "squash the image, or use the storage driver btrfs");
    return 0;
}

int read_options(ctr::Plan plan, std::vector<std::string> &options) {
    options = plan.config("/mount_options").strings();
    for (const auto &option : options)
        if (!is_mount_option(option))
            return plan.invalid(
                "mount_options", "\"" + option + "\" cannot be set here",
                "give options of overlayfs as key=value, without those that the driver sets: lowerdir, upperdir, "
                "workdir, volatile");
    return 0;
}

int plan(ctr::Plan plan) {
    std::vector<std::string> lower, options;
    if (read_layers(plan, lower) != 0 || read_options(plan, options) != 0) return -1;
    const std::string id = plan.id(), dir = data_dir(plan), container = "containers/" + id;
    if (refuse_leftover(plan, id, dir + "/" + container) != 0) return -1;
    const bool discard = plan.spec("/ctr/rm").boolean() && plan.config("/volatile").str("auto") == "auto";

    if (plan.step("overlay.upper", CTR_PREPARE)
            .arg("container", dir + "/" + container)
            .arg("like", dir + "/" + lower.front())
            .gives("overlay.upper")
            .until(CTR_UNTIL_DELETE)
            .note("the directory that takes what the container writes")
            .add() != 0)
        return -1;
    return plan.step("overlay.mount", CTR_PREPARE)
        .arg("dir", dir)
        .args("lower", lower)
        .arg("container", container)
        .arg("volatile", static_cast<std::int64_t>(discard))
        .args("option", options)
        .output("rootfs", CTR_TYPE_FD, "rootfs")
        .needs("overlay.upper")
        .note("the image's layers and the upper directory as one detached mount")
        .add();
}

const void *extension(const char *id) { return std::string_view(id) == CTR_EXT_STORAGE ? &storage : nullptr; }

} // namespace
} // namespace overlay

CTR_PLUGIN_WITH_EXTENSION("overlay", "0.1.0", overlay::plan, overlay::extension, &overlay::upper_kind,
                          &overlay::mount_kind, &overlay::layer_kind, &overlay::commit_kind,
                          &overlay::remove_layer_kind);
