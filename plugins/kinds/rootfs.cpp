// SPDX-License-Identifier: MIT
//
// The container's root: attached in the child's private mount namespace, then made the only file tree there.
//
// The storage driver gives a detached mount, so it was never visible on the machine. pivot_root(".", ".") stacks the
// old root on the new one, pivot_root(2) NOTES; the old root is made slave before it is detached, or unmounting it
// would propagate to the machine where its mounts are shared (linux.rootfsPropagation "shared"). That is done while "."
// is still the old root: from the new root "." would be the new root, whose mounts must keep the propagation that was
// asked for.
#include "child.hpp"
#include "mount_options.hpp"
#include "mounting.hpp"
#include "shell.hpp"
#include "table.hpp"

#include <climits>

namespace kinds {
namespace {

CTR_CHILD int attach_apply(ctr_run *raw) {
    const ctr::ChildRun run{raw};
    const int mount = run.fd("mount");
    const char *at = run.str("at");
    if (mount < 0)
        return fail_words(raw, CTR_E_INTERNAL, "there is no root file system", at,
                          "the storage driver gives the value rootfs");
    if (ctr::move_mount_path(mount, at) != 0) return fail(raw, "move_mount", at, "the value must be a detached mount");
    // A copy of a shared mount is a peer of the machine's mount: what is mounted in the copy would appear on the
    // machine too.
    if (::mount(nullptr, at, nullptr, MS_SLAVE | MS_REC, nullptr) != 0) return fail(raw, "mount", at);
    const int root = fcntl(mount, F_DUPFD_CLOEXEC, 0); // O_PATH of the mount's root, attached or not
    if (root < 0) return fail(raw, "fcntl", at);
    ctr::host->set_root(raw, root);
    return 0;
}

int attach_shell(ctr::Run run, ctr::Shell shell) {
    const std::string at = ctr::shell_word(run.str("at"));
    return shell.text("root=" + at + "\nmount --rbind " + ctr::shell_word(run.str("mount")) +
                      " \"$root\"\nmount --make-rslave \"$root\"");
}

/// mountinfo, proc(5), a line at a time. A line longer than the buffer is an error, because it might be the line that
/// matters.
struct MountTable {
    int fd;
    std::size_t begin, end;
};
char table_text[65536];

/// The next line, NUL-terminated; nullptr at the end (errno 0) or on an error.
CTR_CHILD char *next_line(MountTable &table) {
    for (;;) {
        for (std::size_t at = table.begin; at < table.end; ++at) {
            if (table_text[at] != '\n') continue;
            char *line = table_text + table.begin;
            table_text[at] = '\0';
            table.begin = at + 1;
            return line;
        }
        for (std::size_t at = table.begin; at < table.end; ++at)
            table_text[at - table.begin] = table_text[at];
        table.end -= table.begin;
        table.begin = 0;
        if (table.end == sizeof table_text) return errno = E2BIG, nullptr;
        const long n = syscall(SYS_read, table.fd, table_text + table.end, sizeof table_text - table.end);
        if (n <= 0) return errno = n == 0 ? 0 : errno, nullptr;
        table.end += static_cast<std::size_t>(n);
    }
}

/// True if the line is about a mount that is not at or below `root`; `out` is its mount point (the fifth word, where
/// spaces and the like are octal).
CTR_CHILD bool outside(const char *line, const char *root, char (&out)[PATH_MAX]) {
    for (int words = 0; words < 4; ++words) {
        line = strchr(line, ' ');
        if (line == nullptr) return false;
        ++line;
    }
    std::size_t length = 0;
    for (; *line != ' ' && *line != '\0' && length + 1 < sizeof out; ++length) {
        const bool octal = line[0] == '\\' && line[1] >= '0' && line[1] <= '3';
        out[length] = octal ? static_cast<char>((line[1] - '0') * 64 + (line[2] - '0') * 8 + (line[3] - '0')) : *line;
        line += octal ? 4 : 1;
    }
    out[length] = '\0';
    const std::size_t n = strlen(root);
    return strncmp(out, root, n) != 0 || (out[n] != '/' && out[n] != '\0');
}

CTR_CHILD bool is_bare(const char *line) {
    for (; line != nullptr; line = strchr(line + 1, ' '))
        if (strncmp(line, " - proc ", 8) == 0 || strncmp(line, " - sysfs ", 9) == 0) return true;
    return false;
}

/// Unmounts the machine's procfs and sysfs, or covers those that cannot be unmounted. If a mount namespace has an
/// uncovered one, the kernel lets a user namespace below it mount a new one without the masks of the container's. The
/// machine must not see these changes, so propagation is cut first.
CTR_CHILD int hide_bare(ctr_run *raw, const char *root) {
    MountTable table = {open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC), 0, 0};
    if (table.fd < 0)
        return fail(raw, "open", "/proc/self/mountinfo", "without pivot_root the machine's /proc is needed");
    char path[PATH_MAX];
    char *line = nullptr;
    while ((line = next_line(table)) != nullptr)
        if (outside(line, root, path))
            (void)::mount(nullptr, path, nullptr, MS_SLAVE, nullptr); // an error means that nobody can reach it
    unsigned kept = 0;
    for (bool again = errno == 0; again;) {
        again = false;
        if (lseek(table.fd, 0, SEEK_SET) != 0) return fail(raw, "lseek", "/proc/self/mountinfo");
        table.begin = table.end = 0;
        for (unsigned passed = 0; !again && (line = next_line(table)) != nullptr;) {
            if (!is_bare(line) || !outside(line, root, path) || passed++ < kept) continue;
            again = true;
            if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0) continue;
            ++kept;
            if (::mount("tmpfs", path, "tmpfs", MS_RDONLY, "size=0k") != 0)
                return fail(raw, "mount", path, "without pivot_root the machine's own must be covered");
        }
    }
    if (errno != 0) return fail(raw, "read", "/proc/self/mountinfo");
    close_fd(table.fd);
    return 0;
}

/// The old root stays mounted below the new one, out of sight: chroot(2) makes "/" mean the upper of the two.
CTR_CHILD int move_root(ctr_run *raw) {
    char root[PATH_MAX];
    if (syscall(SYS_getcwd, root, sizeof root) < 0) return fail(raw, "getcwd", ".");
    if (hide_bare(raw, root) != 0) return -1;
    if (::mount(".", "/", nullptr, MS_MOVE, nullptr) != 0) return fail(raw, "mount(MS_MOVE)", "/");
    return chroot(".") == 0 ? 0 : fail(raw, "chroot", ".");
}

CTR_CHILD int change_root(ctr_run *raw) {
    const int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (old < 0) return fail(raw, "open", "/");
    if (syscall(SYS_pivot_root, ".", ".") != 0)
        return fail(raw, "pivot_root", ".",
                    errno == EINVAL
                        ? "the root of the child's mount namespace must not be shared, nor be the initial ramdisk"
                        : nullptr);
    if (fchdir(old) != 0) return fail(raw, "fchdir", "the old root");
    close_fd(old);
    if (::mount(nullptr, ".", nullptr, MS_SLAVE | MS_REC, nullptr) != 0) return fail(raw, "mount", "the old root");
    return umount2(".", MNT_DETACH) == 0 ? 0 : fail(raw, "umount2", "the old root");
}

CTR_CHILD int pivot_apply(ctr_run *raw) {
    const int root = require_root(raw);
    if (root < 0) return -1;
    if (fchdir(root) != 0) return fail(raw, "fchdir", ".");
    const bool move = ctr::ChildRun{raw}.integer("move") != 0;
    if ((move ? move_root(raw) : change_root(raw)) != 0) return -1;
    if (chdir("/") != 0) return fail(raw, "chdir", "/");
    const int now = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (now < 0) return fail(raw, "open", "/");
    ctr::host->set_root(raw, now);
    return 0;
}

int pivot_shell(ctr::Run run, ctr::Shell shell) {
    if (run.integer("move") != 0)
        return shell.text(
            "cd \"$root\"\numount -R -l /proc\numount -R -l /sys\nmount --move . /\n# chroot below\nroot=");
    return shell.text("cd \"$root\"\npivot_root . .\numount -l .\ncd /\nroot=");
}

/// Makes the mount that holds the machine path private: the path itself need not be a mount point.
CTR_CHILD int private_holder(ctr_run *raw, const char *target, unsigned long flags) {
    char path[PATH_MAX];
    std::size_t length = strlen(target);
    if (length >= sizeof path) return errno = ENAMETOOLONG, fail(raw, "mount", target);
    memcpy(path, target, length + 1);
    for (;;) {
        if (::mount(nullptr, length == 0 ? "/" : path, nullptr, flags, nullptr) == 0) return 0;
        if (errno != EINVAL || length == 0) return fail(raw, "mount", target);
        while (length > 0 && path[length - 1] != '/')
            --length;
        while (length > 0 && path[length - 1] == '/')
            --length;
        path[length] = '\0';
    }
}

CTR_CHILD int propagation_apply(ctr_run *raw) {
    const ctr::ChildRun run{raw};
    const char *target = run.count("target") != 0 ? run.str("target") : "/";
    const unsigned long flags = propagation_flags(run.str("propagation"));
    if (flags == 0)
        return fail_words(raw, CTR_E_INVALID, "this is no propagation", run.str("propagation"),
                          "private, slave, shared, unbindable, with an r in front for all mounts below");
    const int root = ctr::host->root_fd(raw);
    if (root < 0 && run.integer("holder") != 0) return private_holder(raw, target, flags);
    if (root < 0) return ::mount(nullptr, target, nullptr, flags, nullptr) == 0 ? 0 : fail(raw, "mount", target);
    MountOptions options = {};
    options.propagation[options.n_propagation++] = flags;
    const int fd = run.count("target") != 0 && !equal(target, "/") ? open_mount_point(raw, nullptr, nullptr)
                                                                   : open_inside(root, "/", O_PATH);
    if (fd < 0) return fail(raw, "openat2", target); // unless it was reported already
    const int result = change(raw, fd, options);
    close_fd(fd);
    return result;
}

int propagation_shell(ctr::Run run, ctr::Shell shell) {
    const std::string target = run.has("target") ? run.str("target") : "/";
    if (run.integer("holder") != 0)
        return shell.text("mount --make-" + run.str("propagation") + " \"$(findmnt -n -o TARGET -T " +
                          ctr::shell_word(target) + ")\"");
    return shell.text("mount --make-" + run.str("propagation") + " " +
                      (target == "/" ? "\"${root:-/}\"" : inside(target)));
}

} // namespace

constinit const ctr_step_kind rootfs_attach = ctr::child_kind<attach_shell>(CTR_KIND_ROOTFS_ATTACH, attach_apply);
constinit const ctr_step_kind pivot_root = ctr::child_kind<pivot_shell>(CTR_KIND_PIVOT_ROOT, pivot_apply);
constinit const ctr_step_kind mount_propagation =
    ctr::child_kind<propagation_shell>(CTR_KIND_MOUNT_PROPAGATION, propagation_apply);

} // namespace kinds
