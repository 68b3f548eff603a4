// SPDX-License-Identifier: MIT
//
// How the mount kinds make, change and attach a mount: by descriptors. Linux 5.10 and 5.11 lack mount_setattr; there
// the mount is remounted after it is attached.
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

/// Opens (O_PATH) the mount point of the step's target `at`. `make` nullptr: it must exist. `made`, if given, becomes
/// true if it was made. Links of the image are followed as open_target says, but no link is followed if the step says
/// nofollow or if `ordinary` (a type of file system) is given.
CTR_CHILD int open_mount_point(ctr_run *run, const Make *make, const char *ordinary, bool *made = nullptr,
                               std::size_t at = 0);
/// The same, but if the target's last name is a link, it is the link itself.
CTR_CHILD int open_link_point(ctr_run *run, const Make *make, std::size_t at);
/// mount(2) on the file that `target` refers to, through a procfs that nothing in a container can replace. -1 with
/// errno.
CTR_CHILD int mount_on(ctr_run *run, int target, const char *type, const char *source, unsigned long flags,
                       const char *data);

/// A new file system of that type, mounted nowhere. If the kernel refuses it (EPERM) and `refused` is given, `refused`
/// is set and no error is reported. `mode` (may be nullptr) is one more option, "mode=0755". On an error the file
/// system's own words are in the step's error.
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
