// SPDX-License-Identifier: MIT
//
// How the mount kinds make, change and attach a mount: by descriptors, with what Linux 5.10 and 5.11 lack
// (mount_setattr) done by a remount once the mount is attached.
#pragma once

#include "child.hpp"
#include "mount_options.hpp"

namespace kinds {

/// Reads the step's options, and the user namespace that idmap needs.
CTR_CHILD int read_options(ctr_run *run, MountOptions &options);
/// Fails the step if an option means nothing to a bind mount.
CTR_CHILD int refuse_data(ctr_run *run);
/// Hands the superblock's options and the file system's own ones to a context; `writable`: all but ro and rw.
CTR_CHILD int configure(ctr_run *run, int context, bool writable);

/// The mount point that the step's target of index `at` is, as O_PATH. `make` nullptr: it must exist. `made`, if given:
/// it did not. Links of the image are followed as open_target says; none where the step says nofollow, nor for
/// `ordinary` (a type of file system, or nullptr).
CTR_CHILD int open_mount_point(ctr_run *run, const Make *make, const char *ordinary, bool *made = nullptr,
                               std::size_t at = 0);
/// The same where the target's last name is a link that is meant itself.
CTR_CHILD int open_link_point(ctr_run *run, const Make *make, std::size_t at);
/// mount(2) on what `target` refers to, by a procfs that nothing in a container can stand in for. -1 with errno.
CTR_CHILD int mount_on(ctr_run *run, int target, const char *type, const char *source, unsigned long flags,
                       const char *data);

/// A new file system of that type, mounted nowhere. If the kernel refuses it (EPERM) and `refused` is given, that is
/// set and nothing said. `mode` (may be nullptr) is one more option, "mode=0755". On an error the file system's own
/// words are in the step's error.
CTR_CHILD int new_mount(ctr_run *run, const char *type, const char *source, const char *mode,
                        const MountOptions &options, bool *refused = nullptr);
/// Applies what the options say to the mount `mount` and attaches it on `target`, which is the step's target of index
/// `at`. Fails the step.
CTR_CHILD int attach(ctr_run *run, int mount, int target, const MountOptions &options, std::size_t at = 0);
/// Applies what the options say to a mount that is attached already. Fails the step.
CTR_CHILD int change(ctr_run *run, int mount, const MountOptions &options);
/// The same new mount by mount(2): for values longer than fsconfig(2) takes, and iversion.
CTR_CHILD int mount_classic(ctr_run *run, const char *type, const char *source, const char *mode, int target,
                            const MountOptions &options);
CTR_CHILD bool needs_classic(ctr_run *run, const MountOptions &options);

/// Fills the new mount `mount` with what `directory` has: owners, modes, times, extended attributes, links, nodes.
/// Fails the step.
CTR_CHILD int copy_up(ctr_run *run, int directory, int mount);

} // namespace kinds
