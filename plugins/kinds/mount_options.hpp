// SPDX-License-Identifier: MIT
//
// The option words of a mount (fstab(5), runtime-spec config.md "Linux mount options"). A word is either known here,
// and becomes attributes of one mount (MOUNT_ATTR_*), of all mounts below it (the r... forms), propagation, or a flag
// of the superblock; or it belongs to the file system and is handed to it unchanged.
#pragma once

#include <cstdint>
#include <ctr/plugin.h>

namespace kinds {

/// Always write `MountOptions options = {};`. The struct has no member initialisers, because with them an unoptimised
/// build would call a constructor outside the child's section.
struct MountOptions {
    std::uint64_t set, clear;             // MOUNT_ATTR_* of the mount
    std::uint64_t set_below, clear_below; // the same, recursively
    std::uint64_t unsaid;                 // of a bind mount: cleared too where that is allowed, see only_said()
    unsigned long propagation[4];         // MS_PRIVATE, MS_SLAVE | MS_REC, ...: in their order
    unsigned n_propagation;
    bool bind, recursive, remount;
    bool locked;   // the copy's flags may not be taken away, as if the kernel had locked them
    bool iversion; // only mount(2) can say it
    bool source_link,
        target_link; // src-nofollow, dest-nofollow: a link that is the source's, the target's last name is meant itself
    bool idmap, idmap_below, tmpcopyup;
    int userns; // of idmap: whose maps the mount gets
};

/// What a word was.
enum class OptionWord {
    flag,       // now in MountOptions
    superblock, // a flag of the superblock that every file system understands ("sync")
    both,       // "ro", "rw": flag and superblock
    unset,      // switches a superblock flag off that is off by default ("async"); a bind mount need not refuse it
    data        // the file system's own
};

/// Adds one word.
CTR_CHILD OptionWord add_option(MountOptions &options, const char *word);
/// A bind mount with any option about a flag has exactly the flags that its options say; without one it keeps those of
/// its source (runc from 1.2 on). The atime flags are changed only if there is an option about them, as with mount(2).
/// Recursive options do not count for the mount itself.
CTR_CHILD void only_said(MountOptions &options);
/// The meaning of an option, without adding it.
CTR_CHILD OptionWord option_word(const char *word);
/// The words that are known and carried out; ends with nullptr. (The manifest's features.mountOptions says the same.)
const char *const *all_option_words();
/// "rslave" to MS_SLAVE | MS_REC; 0 if it is no propagation word.
CTR_CHILD unsigned long propagation_flags(const char *word);

} // namespace kinds
