// SPDX-License-Identifier: MIT
//
// plugin.cpp: the plan and a container's snapshot; layers.cpp: ctr.storage/1; subvolume.cpp: all calls of libbtrfsutil.
#pragma once

#include "subvolume.hpp"

#include <ctr/ext/storage.h>
#include <ctr/plugin.hpp>

#include <string>

namespace btrfs {

extern const ctr_step_kind layer_kind, commit_kind, remove_layer_kind;
extern const ctr_storage_v1 storage;

/// The driver's own data directory. Functions of the extension get the plan of the plugin that calls them, whose
/// "data_dir" is another.
std::string data_dir(ctr::Plan plan);
/// 0 if the data directory is on btrfs; else refuses the plan.
int require_btrfs(ctr::Plan plan, const std::string &dir);

/// Fails the step. Without `hint` adds one if the errno tells what to do.
int fail(ctr::Run run, ctr::Error error, std::string hint = {});
/// The undo of everything that is a subvolume.
int delete_path(ctr::Run run, const std::string &path);

} // namespace btrfs
