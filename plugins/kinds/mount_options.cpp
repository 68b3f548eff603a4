// SPDX-License-Identifier: MIT
#include "mount_options.hpp"

#include <ctr/cpp/mount_api.hpp>

#include <cstring>
#include <iterator>

namespace kinds {
namespace {

enum class Does : unsigned char {
    nothing,
    set,
    clear,
    atime, // a field of its own: setting one value clears the others
    propagate,
    bind,
    rbind,
    remount,
    iversion,
    superblock,
    unset,
    ro,
    rw,
    idmap,
    tmpcopyup,
    source_link,
    target_link
};

struct OptionRow {
    const char *name;
    Does does;
    std::uint64_t bits;
    bool below; // the r... form
};

constexpr std::uint64_t no_suid = MOUNT_ATTR_NOSUID, no_dev = MOUNT_ATTR_NODEV, no_exec = MOUNT_ATTR_NOEXEC,
                        no_atime = MOUNT_ATTR_NOATIME, strict = MOUNT_ATTR_STRICTATIME, relative = MOUNT_ATTR_RELATIME,
                        no_dir_atime = MOUNT_ATTR_NODIRATIME, no_symlinks = MOUNT_ATTR_NOSYMFOLLOW,
                        atime_field = MOUNT_ATTR__ATIME, read_only = MOUNT_ATTR_RDONLY;

// `atime` is "not noatime", that is the kernel's default, relatime; norelatime leaves strictatime. silent and loud
// choose whether a refusal goes to the kernel's log. They do nothing here, because with fsconfig(2) a refusal goes to
// the context, and from there into the step's error.
const OptionRow words[] = {
    {"defaults", Does::nothing, 0, false},
    {"silent", Does::nothing, 0, false},
    {"loud", Does::nothing, 0, false},
    {"ro", Does::ro, read_only, false},
    {"rw", Does::rw, read_only, false},
    {"nosuid", Does::set, no_suid, false},
    {"suid", Does::clear, no_suid, false},
    {"nodev", Does::set, no_dev, false},
    {"dev", Does::clear, no_dev, false},
    {"noexec", Does::set, no_exec, false},
    {"exec", Does::clear, no_exec, false},
    {"nosymfollow", Does::set, no_symlinks, false},
    {"symfollow", Does::clear, no_symlinks, false},
    {"nodiratime", Does::set, no_dir_atime, false},
    {"diratime", Does::clear, no_dir_atime, false},
    {"noatime", Does::atime, no_atime, false},
    {"atime", Does::atime, relative, false},
    {"relatime", Does::atime, relative, false},
    {"norelatime", Does::atime, strict, false},
    {"strictatime", Does::atime, strict, false},
    {"nostrictatime", Does::atime, relative, false},
    {"bind", Does::bind, 0, false},
    {"rbind", Does::rbind, 0, false},
    {"remount", Does::remount, 0, false},
    {"private", Does::propagate, MS_PRIVATE, false},
    {"rprivate", Does::propagate, MS_PRIVATE | MS_REC, false},
    {"slave", Does::propagate, MS_SLAVE, false},
    {"rslave", Does::propagate, MS_SLAVE | MS_REC, false},
    {"shared", Does::propagate, MS_SHARED, false},
    {"rshared", Does::propagate, MS_SHARED | MS_REC, false},
    {"unbindable", Does::propagate, MS_UNBINDABLE, false},
    {"runbindable", Does::propagate, MS_UNBINDABLE | MS_REC, false},
    {"rro", Does::set, read_only, true},
    {"rrw", Does::clear, read_only, true},
    {"rnosuid", Does::set, no_suid, true},
    {"rsuid", Does::clear, no_suid, true},
    {"rnodev", Does::set, no_dev, true},
    {"rdev", Does::clear, no_dev, true},
    {"rnoexec", Does::set, no_exec, true},
    {"rexec", Does::clear, no_exec, true},
    {"rnosymfollow", Does::set, no_symlinks, true},
    {"rsymfollow", Does::clear, no_symlinks, true},
    {"rnodiratime", Does::set, no_dir_atime, true},
    {"rdiratime", Does::clear, no_dir_atime, true},
    {"rnoatime", Does::atime, no_atime, true},
    {"ratime", Does::atime, relative, true},
    {"rrelatime", Does::atime, relative, true},
    {"rnorelatime", Does::atime, strict, true},
    {"rstrictatime", Does::atime, strict, true},
    {"rnostrictatime", Does::atime, relative, true},
    {"sync", Does::superblock, 0, false},
    {"dirsync", Does::superblock, 0, false},
    {"lazytime", Does::superblock, 0, false},
    {"mand", Does::superblock, 0, false},
    {"async", Does::unset, 0, false},
    {"nolazytime", Does::unset, 0, false},
    {"nomand", Does::unset, 0, false},
    {"iversion", Does::iversion, 0, false},
    {"noiversion", Does::nothing, 0, false},
    {"idmap", Does::idmap, 0, false},
    {"ridmap", Does::idmap, 0, true},
    {"tmpcopyup", Does::tmpcopyup, 0, false},
    {"src-nofollow", Does::source_link, 0, false}, // crun(1)
    {"dest-nofollow", Does::target_link, 0, false},
};

CTR_CHILD const OptionRow *find(const char *name) {
    for (const OptionRow &word : words)
        if (strcmp(word.name, name) == 0) return &word;
    return nullptr;
}

CTR_CHILD OptionWord meaning(const OptionRow *word) {
    if (word == nullptr) return OptionWord::data;
    switch (word->does) {
    case Does::superblock: return OptionWord::superblock;
    case Does::unset: return OptionWord::unset;
    case Does::ro:
    case Does::rw: return OptionWord::both;
    default: return OptionWord::flag;
    }
}

/// The last option about a bit wins, as with mount(8).
CTR_CHILD void put(MountOptions &options, bool below, std::uint64_t set, std::uint64_t clear) {
    std::uint64_t &all_set = below ? options.set_below : options.set;
    std::uint64_t &all_clear = below ? options.clear_below : options.clear;
    all_set = (all_set & ~clear) | set;
    all_clear = (all_clear & ~set) | clear;
}

} // namespace

CTR_CHILD OptionWord option_word(const char *word) { return meaning(find(word)); }

CTR_CHILD unsigned long propagation_flags(const char *name) {
    const OptionRow *word = find(name);
    return word != nullptr && word->does == Does::propagate ? word->bits : 0;
}

CTR_CHILD OptionWord add_option(MountOptions &options, const char *name) {
    const OptionRow *word = find(name);
    if (word == nullptr) return OptionWord::data;
    switch (word->does) {
    case Does::ro:
    case Does::set: put(options, word->below, word->bits, 0); break;
    case Does::rw:
    case Does::clear: put(options, word->below, 0, word->bits); break;
    case Does::atime:
        put(options, word->below, word->bits, atime_field & ~word->bits);
        (word->below ? options.clear_below : options.clear) |= atime_field; // mount_setattr(2) wants the whole field
        break;
    case Does::propagate:
        if (options.n_propagation < sizeof options.propagation / sizeof *options.propagation)
            options.propagation[options.n_propagation++] = word->bits;
        break;
    case Does::bind: options.bind = true; break;
    case Does::rbind: options.bind = options.recursive = true; break;
    case Does::remount: options.remount = true; break;
    case Does::iversion: options.iversion = true; break;
    case Does::idmap:
        options.idmap = true;
        options.idmap_below = options.idmap_below || word->below;
        break;
    case Does::tmpcopyup: options.tmpcopyup = true; break;
    case Does::source_link: options.source_link = true; break;
    case Does::target_link: options.target_link = true; break;
    default: break;
    }
    return meaning(word);
}

CTR_CHILD void only_said(MountOptions &options) {
    const std::uint64_t said = options.set | options.clear;
    options.unsaid = 0;
    if (said == 0) return;
    options.unsaid = (read_only | no_suid | no_dev | no_exec | no_symlinks) & ~said;
    if ((said & (atime_field | no_dir_atime)) != 0) options.unsaid |= (atime_field | no_dir_atime) & ~said;
}

const char *const *all_option_words() {
    static const char *all[std::size(words) + 1];
    std::size_t n = 0;
    for (const OptionRow &word : words)
        all[n++] = word.name;
    return all;
}

} // namespace kinds
