// SPDX-License-Identifier: MIT
#include "mounting.hpp"

#include <ctr/plugin.hpp>
#include <sys/vfs.h>

namespace kinds {
namespace {

/// fsconfig(2) takes values of at most 255 bytes, mount(2) a page of everything.
constexpr std::size_t value_max = 255, page = 4096;

struct Flag {
    std::uint64_t attribute;
    unsigned long mount; // MS_*
    long statfs;         // ST_*, statfs(2)
};
const Flag flags[] = {
    {MOUNT_ATTR_RDONLY, MS_RDONLY, 1},
    {MOUNT_ATTR_NOSUID, MS_NOSUID, 2},
    {MOUNT_ATTR_NODEV, MS_NODEV, 4},
    {MOUNT_ATTR_NOEXEC, MS_NOEXEC, 8},
    {MOUNT_ATTR_NODIRATIME, MS_NODIRATIME, 2048},
    {MOUNT_ATTR_NOSYMFOLLOW, MS_NOSYMFOLLOW, 8192},
};

/// Converts attributes to the flags of mount(2). An atime field of 0 means relatime there too.
CTR_CHILD unsigned long mount_flags(std::uint64_t attributes) {
    unsigned long out = 0;
    for (const Flag &flag : flags)
        if ((attributes & flag.attribute) != 0) out |= flag.mount;
    const std::uint64_t atime = attributes & MOUNT_ATTR__ATIME;
    if (atime == MOUNT_ATTR_NOATIME) return out | MS_NOATIME;
    return out | (atime == MOUNT_ATTR_STRICTATIME ? MS_STRICTATIME : MS_RELATIME);
}

/// The attributes that a mount has now.
CTR_CHILD int current_attributes(int mount, std::uint64_t &out) {
    struct statfs fs;
    if (fstatfs(mount, &fs) != 0) return -1;
    out = 0;
    for (const Flag &flag : flags)
        if ((fs.f_flags & flag.statfs) != 0) out |= flag.attribute;
    if ((fs.f_flags & 1024) != 0)
        out |= MOUNT_ATTR_NOATIME;
    else if ((fs.f_flags & 4096) == 0)
        out |= MOUNT_ATTR_STRICTATIME;
    return 0;
}

constexpr std::uint64_t lockable = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

/// The flags of the mount itself. A locked flag (mount_namespaces(7)) stays; an option that asks for the contrary is an
/// error. In a copy that the parent made nothing is locked. If the step says that it shall be (`locked`), the flags are
/// compared before and after.
CTR_CHILD int set_own(int mount, const MountOptions &o) {
    std::uint64_t before = 0, after = 0;
    if (o.locked) {
        if (current_attributes(mount, before) != 0 || ctr::mount_setattr(mount, 0, o.set, o.clear, 0) != 0) return -1;
        if (current_attributes(mount, after) != 0) return -1;
        return (before & ~after & lockable) == 0 ? 0 : (errno = EPERM, -1);
    }
    if (ctr::mount_setattr(mount, 0, o.set, o.clear | o.unsaid, 0) == 0) return 0;
    if (errno != EPERM || o.unsaid == 0) return -1;
    return ctr::mount_setattr(mount, 0, o.set, o.clear, 0);
}

CTR_CHILD int set_attributes(int mount, const MountOptions &o) {
    if ((o.set_below | o.clear_below) != 0 &&
        ctr::mount_setattr(mount, AT_RECURSIVE, o.set_below, o.clear_below, 0) != 0)
        return -1;
    if ((o.set | o.clear) != 0 && set_own(mount, o) != 0) return -1;
    for (unsigned i = 0; i < o.n_propagation; ++i) {
        const unsigned long how = o.propagation[i];
        const unsigned recursive = (how & MS_REC) != 0 ? AT_RECURSIVE : 0;
        if (ctr::mount_setattr(mount, recursive, 0, 0, how & ~static_cast<unsigned long>(MS_REC)) != 0) return -1;
    }
    return 0;
}

/// The same on Linux 5.10 and 5.11, for an attached mount. Those kernels cannot do it recursively.
CTR_CHILD int remount_attributes(ctr_run *raw, int mount, const MountOptions &o) {
    if ((o.set_below | o.clear_below) != 0) return errno = ENOSYS, -1;
    if ((o.set | o.clear) != 0) {
        std::uint64_t now = 0;
        if (current_attributes(mount, now) != 0) return -1;
        if (o.locked && (now & o.clear & lockable) != 0) return errno = EPERM, -1;
        const std::uint64_t said = (now & ~o.clear) | o.set, only = said & ~(o.locked ? 0 : o.unsaid);
        const unsigned long how = MS_REMOUNT | MS_BIND;
        if (mount_on(raw, mount, nullptr, nullptr, how | mount_flags(only), nullptr) != 0 &&
            (errno != EPERM || only == said ||
             mount_on(raw, mount, nullptr, nullptr, how | mount_flags(said), nullptr) != 0))
            return -1;
    }
    for (unsigned i = 0; i < o.n_propagation; ++i)
        if (mount_on(raw, mount, nullptr, nullptr, o.propagation[i], nullptr) != 0) return -1;
    return 0;
}

/// False if the kernel says that `fd` is not the root of a mount (Linux 5.8).
CTR_CHILD bool at_mount_root(int fd) {
    struct statx st;
    if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH, 0, &st) != 0) return true;
    return (st.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) == 0 || (st.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

CTR_CHILD int fail_attributes(ctr_run *run, int mount, const MountOptions &o, std::size_t at) {
    const char *hint = nullptr;
    if (errno == EINVAL && !at_mount_root(mount))
        hint = "nothing is mounted there";
    else if (errno == ENOSYS && (o.set_below | o.clear_below) != 0)
        hint = "recursive mount options (rro, rnosuid, ...) need Linux 5.12";
    else if (errno == EPERM)
        hint = "inside a user namespace the flags that the machine's mount has cannot be taken away";
    return fail(run, "mount_setattr", ctr::ChildRun{run}.str("target", at), hint);
}

/// What the file system said about its options, from the context's log: "e tmpfs: Bad value for 'size'".
CTR_CHILD int fail_context(ctr_run *run, int context, const char *call, const char *path, const char *hint = nullptr) {
    const int saved = errno;
    char words[256];
    const long n = syscall(SYS_read, context, words, sizeof words - 1);
    errno = saved;
    if (n <= 3) return fail(run, call, path, hint);
    words[n - (words[n - 1] == '\n' ? 1 : 0)] = '\0';
    const ctr_error error = {sizeof(ctr_error), CTR_E_SYSTEM, saved, words + 2, hint, call, path};
    return ctr::host->fail(run, &error);
}

CTR_CHILD int configure_one(int context, const char *option) {
    const char *value = strchr(option, '=');
    if (value == nullptr) return ctr::fsconfig_flag(context, option);
    char key[256];
    const auto length = static_cast<std::size_t>(value - option);
    if (length >= sizeof key) return errno = EINVAL, -1;
    memcpy(key, option, length);
    key[length] = '\0';
    return ctr::fsconfig_string(context, key, value + 1);
}

/// Adds ",word" to the data of mount(2).
CTR_CHILD bool append(char (&data)[page], std::size_t &length, const char *word) {
    const std::size_t more = strlen(word);
    if (length + more + 2 > page) return false;
    if (length != 0) data[length++] = ',';
    memcpy(data + length, word, more + 1);
    length += more;
    return true;
}

} // namespace

CTR_CHILD int read_options(ctr_run *raw, MountOptions &options) {
    const ctr::ChildRun run{raw};
    for (std::size_t i = 0, n = run.count("options"); i < n; ++i)
        add_option(options, run.str("options", i));
    if (!options.idmap) return 0;
    options.userns = run.fd("userns");
    if (options.userns < 0)
        return fail_words(raw, CTR_E_INVALID, "idmap has no id maps", run.str("target"), "give the step a userns");
    return 0;
}

CTR_CHILD int refuse_data(ctr_run *raw) {
    const ctr::ChildRun run{raw};
    for (std::size_t i = 0, n = run.count("options"); i < n; ++i) {
        const OptionWord word = option_word(run.str("options", i));
        if (word == OptionWord::data || word == OptionWord::superblock)
            return fail_words(raw, CTR_E_INVALID, "a bind mount has no such option", run.str("options", i),
                              "options of the file system belong to its own mount, not to a bind mount of it");
    }
    return 0;
}

CTR_CHILD int configure(ctr_run *raw, int context, bool writable) {
    const ctr::ChildRun run{raw};
    for (std::size_t i = 0, n = run.count("options"); i < n; ++i) {
        const char *option = run.str("options", i);
        const OptionWord word = option_word(option);
        if (word == OptionWord::flag || (writable && word == OptionWord::both)) continue;
        if (configure_one(context, option) != 0) return fail_context(raw, context, "fsconfig", option);
    }
    return 0;
}

namespace {

CTR_CHILD int fail_mount_point(ctr_run *raw, const char *target, const char *ordinary, Links links) {
    if (errno == ELOOP && ordinary != nullptr)
        return fail_words(raw, CTR_E_INVALID,
                          equal(ordinary, "proc")
                              ? "filesystem \"proc\" must be mounted on ordinary directory, there is a symbolic link"
                              : "filesystem \"sysfs\" must be mounted on ordinary directory, there is a symbolic link",
                          target, "make it a directory in the image");
    if (errno == ELOOP && links == Links::refused)
        return fail(raw, "openat2", target,
                    "the container may have put the link there: name the path without symbolic links");
    if (errno == EXDEV)
        return fail_words(raw, CTR_E_INVALID,
                          "by symbolic links of the image this is the container's root, /dev, or in /proc or /sys",
                          target, "such links could undo what protects a container: name another place");
    return fail(raw, "openat2", target);
}

} // namespace

namespace {

CTR_CHILD const char *hint_of_new(const char *type) {
    if (errno == ENODEV) return "the kernel does not know this file system";
    if (errno != EPERM) return nullptr;
    if (equal(type, "proc"))
        return "in a user namespace it needs a new pid namespace, and a /proc of the machine without masked parts";
    return equal(type, "mqueue") ? "in a user namespace it needs a new ipc namespace" : nullptr;
}

} // namespace

CTR_CHILD int open_mount_point(ctr_run *raw, const Make *make, const char *ordinary, bool *made, std::size_t at) {
    const ctr::ChildRun run{raw};
    const int root = require_root(raw);
    if (root < 0) return -1;
    const char *target = run.str("target", at);
    const Links links = ordinary != nullptr || run.integer("nofollow") != 0 ? Links::refused : Links::followed;
    const unsigned mode = make != nullptr && *make == Make::file ? 0644 : 0755;
    const int fd = open_target(root, target, make, mode, links, made);
    return fd >= 0 ? fd : fail_mount_point(raw, target, ordinary, links);
}

CTR_CHILD int open_link_point(ctr_run *raw, const Make *make, std::size_t at) {
    const int root = require_root(raw);
    if (root < 0) return -1;
    const char *target = ctr::ChildRun{raw}.str("target", at);
    char name[256];
    const int directory = open_parent(root, target, name);
    if (directory < 0) return fail_mount_point(raw, target, nullptr, Links::followed);
    int fd = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && make != nullptr)
        fd = make_path(directory, name, *make, *make == Make::file ? 0644 : 0755, RESOLVE_NO_SYMLINKS);
    close_fd(directory);
    if (fd >= 0 && !is_reserved(root, fd)) return fd;
    if (fd >= 0) close_fd(fd), errno = EXDEV;
    return fail_mount_point(raw, target, nullptr, Links::followed);
}

CTR_CHILD int mount_on(ctr_run *raw, int target, const char *type, const char *source, unsigned long with,
                       const char *data) {
    char name[24];
    write_decimal(name, target);
    const int own_fds = open_own_fds(ctr::host->root_fd(raw));
    if (own_fds < 0) return -1;
    const int before = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    int result = -1;
    if (before >= 0 && fchdir(own_fds) == 0) {
        result = ::mount(source, name, type, with, data);
        const int saved = errno;
        if (fchdir(before) != 0) result = -1;
        errno = saved;
    }
    close_fd(before);
    close_fd(own_fds);
    return result;
}

CTR_CHILD int new_mount(ctr_run *raw, const char *type, const char *source, const char *mode,
                        const MountOptions &options, bool *refused) {
    const int context = ctr::fsopen(type);
    if (context < 0 && errno == EPERM && refused != nullptr) return *refused = true, -1;
    if (context < 0) return fail(raw, "fsopen", type, hint_of_new(type));
    int fd = -1;
    if (source[0] != '\0' && ctr::fsconfig_string(context, "source", source) != 0)
        fail_context(raw, context, "fsconfig", source);
    else if (mode != nullptr && configure_one(context, mode) != 0)
        fail_context(raw, context, "fsconfig", mode);
    else if (configure(raw, context, options.tmpcopyup) == 0) {
        const bool made = ctr::fsconfig_create(context) == 0;
        if (made) fd = ctr::fsmount(context, options.set);
        if (fd < 0 && errno == EPERM && refused != nullptr)
            *refused = true;
        else if (!made)
            fail_context(raw, context, "fsconfig", type, hint_of_new(type));
        else if (fd < 0)
            fail(raw, "fsmount", type, hint_of_new(type));
    }
    close_fd(context);
    return fd;
}

namespace {

CTR_CHILD bool is_directory(int fd) {
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

/// docker looks for the words "not a directory"; the question helps people.
CTR_CHILD int fail_attach(ctr_run *raw, int mount, int target, std::size_t at) {
    const ctr::ChildRun run{raw};
    const char *path = run.str("target", at);
    const int saved = errno;
    const bool from = is_directory(mount), to = is_directory(target);
    errno = saved;
    if (from == to) return fail(raw, "move_mount", path);
    if (run.count("type") != 0 && (equal(run.str("type"), "proc") || equal(run.str("type"), "sysfs")))
        return fail_words(raw, CTR_E_INVALID, "this must be mounted on ordinary directory, there is something else",
                          path, "make it a directory in the image");
    return fail_words(raw, CTR_E_INVALID,
                      "not a directory: Are you trying to mount a directory onto a file (or vice-versa)?", path,
                      from ? "the source is a directory, in the container there is a file"
                           : "the source is a file, in the container there is a directory");
}

} // namespace

CTR_CHILD int attach(ctr_run *raw, int mount, int target, const MountOptions &options, std::size_t at) {
    if (options.idmap && ctr::mount_idmap(mount, options.idmap_below ? AT_RECURSIVE : 0, options.userns) != 0)
        return fail(raw, "mount_setattr", ctr::ChildRun{raw}.str("target", at),
                    errno == EINVAL   ? "this file system's mounts cannot be id-mapped"
                    : errno == EPERM  ? "id-mapping needs CAP_SYS_ADMIN where the file system was mounted"
                    : errno == ENOSYS ? "id-mapped mounts need Linux 5.12"
                                      : nullptr);
    const bool later = set_attributes(mount, options) != 0;
    if (later && errno != ENOSYS) return fail_attributes(raw, mount, options, at);
    if (ctr::move_mount_fd(mount, target) != 0) return fail_attach(raw, mount, target, at);
    if (later && remount_attributes(raw, mount, options) != 0) return fail_attributes(raw, mount, options, at);
    return 0;
}

CTR_CHILD int change(ctr_run *raw, int mount, const MountOptions &options) {
    if (set_attributes(mount, options) == 0) return 0;
    if (errno == ENOSYS && remount_attributes(raw, mount, options) == 0) return 0;
    return fail_attributes(raw, mount, options, 0);
}

CTR_CHILD bool needs_classic(ctr_run *raw, const MountOptions &options) {
    const ctr::ChildRun run{raw};
    if (options.iversion || run.text("source").len > value_max) return true;
    for (std::size_t i = 0, n = run.count("options"); i < n; ++i)
        if (run.text("options", i).len > value_max) return true;
    return false;
}

CTR_CHILD int mount_classic(ctr_run *raw, const char *type, const char *source, const char *mode, int target,
                            const MountOptions &options) {
    const ctr::ChildRun run{raw};
    if (options.idmap || options.tmpcopyup)
        return fail_words(raw, CTR_E_UNSUPPORTED,
                          "idmap and tmpcopyup cannot stand beside iversion or options of more than 255 bytes",
                          run.str("target"));
    // The new mount is found again by its path. If the path can change meanwhile, that could be another mount.
    const bool more = options.n_propagation != 0 || (options.set_below | options.clear_below) != 0;
    if (more && run.integer("nofollow") != 0)
        return fail_words(raw, CTR_E_UNSUPPORTED,
                          "propagation and recursive options cannot stand beside iversion or options of more than 255 "
                          "bytes in a container that lives",
                          run.str("target"));
    char data[page];
    std::size_t length = 0;
    data[0] = '\0';
    if (mode != nullptr) append(data, length, mode);
    unsigned long how = mount_flags(options.set) | (options.iversion ? MS_I_VERSION : 0);
    for (std::size_t i = 0, n = run.count("options"); i < n; ++i) {
        const char *option = run.str("options", i);
        if (option_word(option) == OptionWord::superblock) {
            if (equal(option, "sync"))
                how |= MS_SYNCHRONOUS;
            else if (equal(option, "dirsync"))
                how |= MS_DIRSYNC;
            else if (equal(option, "lazytime"))
                how |= MS_LAZYTIME;
            else
                how |= MS_MANDLOCK;
        } else if (option_word(option) == OptionWord::data && !append(data, length, option)) {
            return fail_words(raw, CTR_E_INVALID, "the mount's options are longer than 4095 bytes", run.str("target"));
        }
    }
    if (mount_on(raw, target, type, source, how, data) != 0) return fail(raw, "mount", run.str("target"));
    if (!more) return 0;
    const int fd = open_mount_point(raw, nullptr, nullptr);
    if (fd < 0) return -1;
    const int result = change(raw, fd, options);
    close_fd(fd);
    return result;
}

} // namespace kinds
