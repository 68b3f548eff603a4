// SPDX-License-Identifier: MIT
//
// The parts of the driver, one a file: container.cpp (upper and work directory), mount.cpp (the detached mount),
// layers.cpp (ctr.storage/1).
#pragma once

#include <ctr/ext/storage.h>
#include <ctr/plugin.hpp>

#include <string>

namespace overlay {

extern const ctr_step_kind upper_kind, mount_kind, layer_kind, commit_kind, remove_layer_kind;
extern const ctr_storage_v1 storage;

/// The driver's own data directory. Functions of the extension get the plan of the plugin that calls them, whose
/// "data_dir" is another.
std::string data_dir(ctr::Plan plan);

/// Makes a directory with all its parents that are missing, those with mode 0700, so that only root can reach
/// set-user-id files of images. 0, or -1 with errno; EEXIST if the directory itself is there.
int make_directory(const std::string &path, unsigned mode);
/// Copies the metadata of `like` to the directory `path`: owner, mode, extended attributes, times. An overlay's root
/// shows those of its uppermost layer. 0, or -1 with errno and *culprit.
int copy_attributes(const std::string &like, const std::string &path, std::string *culprit);

/// The undo of everything that is a tree on disk.
int remove_path(ctr::Run run, const std::string &path);

} // namespace overlay
