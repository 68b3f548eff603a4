// SPDX-License-Identifier: MIT
//
// Files inside the container: directories, device nodes, links, contents, and the working directory.
#include "mounting.hpp"
#include "shell.hpp"
#include "table.hpp"

#include <climits>
#include <ctr/plugin.hpp>

namespace kinds {
namespace {

/// Gives `name` in `directory` (or the directory itself) to the step's uid and gid, if it has them.
CTR_CHILD int own(ctr_run *raw, int directory, const char *name, const char *target) {
    const ctr::ChildRun run{raw};
    if (run.count("uid") == 0 && run.count("gid") == 0) return 0;
    const auto uid = static_cast<uid_t>(run.integer("uid", 0));
    const auto gid = static_cast<gid_t>(run.integer("gid", 0));
    if (uid == 0 && gid == 0) return 0;
    if (fchownat(directory, name, uid, gid, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) == 0) return 0;
    return fail(raw, "fchownat", target, errno == EINVAL ? "the user namespace has no such id" : nullptr);
}

CTR_CHILD int mkdir_apply(ctr_run *raw) {
    const ctr::ChildRun run{raw};
    const int root = require_root(raw);
    if (root < 0) return -1;
    const char *target = run.str("target");
    int fd = open_inside(root, target, O_PATH | O_DIRECTORY);
    if (fd >= 0) return close_fd(fd), 0;
    fd = make_path(root, target, Make::directory, static_cast<unsigned>(run.integer("mode", 0755)));
    if (fd < 0) return fail(raw, "mkdirat", target);
    struct stat st;
    int result = 0;
    if (fstat(fd, &st) != 0 || !S_ISDIR(st.st_mode)) errno = ENOTDIR, result = fail(raw, "mkdirat", target);
    if (result == 0) result = own(raw, fd, "", target);
    close_fd(fd);
    return result;
}

void add_owner(ctr::Run run, const std::string &target, std::string &text) {
    if (run.has("uid") || run.has("gid"))
        text += "\nchown -h " + std::to_string(run.integer("uid")) + ":" + std::to_string(run.integer("gid")) + " " +
                inside(target);
}

int mkdir_shell(ctr::Run run, ctr::Shell shell) {
    std::string text = "mkdir -p -m " + octal(run.integer("mode", 0755)) + " " + inside(run.str("target"));
    add_owner(run, run.str("target"), text);
    return shell.text(text);
}

/// Where mknod is forbidden: binds the machine's node of the same path, if it is the same device. The mount is nosuid
/// and noexec, because only the device is wanted.
CTR_CHILD int bind_node(ctr_run *raw, int directory, const char *name, std::size_t at, mode_t type, dev_t device) {
    constexpr auto hint = "in a user namespace only devices that the machine has under the same path can be given";
    const char *target = ctr::ChildRun{raw}.str("target", at);
    struct stat st;
    const int mount = ctr::open_tree_clone(AT_FDCWD, target, 0);
    if (mount < 0) return fail(raw, "open_tree", target, hint);
    int result = -1;
    if (fstat(mount, &st) != 0 || (st.st_mode & S_IFMT) != type || st.st_rdev != device) {
        fail_words(raw, CTR_E_UNSUPPORTED, "the machine has another device there", target, hint);
    } else {
        MountOptions options = {};
        options.set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
        const int file = openat(directory, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
        const int point = file < 0 ? -1 : openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        result = point < 0 ? fail(raw, "openat", target) : attach(raw, mount, point, options, at);
        close_fd(point);
        close_fd(file);
    }
    close_fd(mount);
    return result;
}

CTR_CHILD std::int64_t number_of(ctr_run *raw, const char *name, std::int64_t fallback, std::size_t at) {
    return ctr::ChildRun{raw}.integer(name, fallback, nth(raw, name, at));
}

CTR_CHILD int make_node(ctr_run *raw, int directory, const char *name, std::size_t at) {
    const ctr::ChildRun run{raw};
    const char *target = run.str("target", at), *kind = run.str("type", nth(raw, "type", at));
    mode_t type = S_IFIFO;
    if (kind[0] == 'c' || kind[0] == 'u') type = S_IFCHR;
    if (kind[0] == 'b') type = S_IFBLK;
    const dev_t device = type == S_IFIFO ? 0
                                         : device_number(static_cast<std::uint64_t>(number_of(raw, "major", 0, at)),
                                                         static_cast<std::uint64_t>(number_of(raw, "minor", 0, at)));
    const auto mode = static_cast<mode_t>(number_of(raw, "mode", 0666, at));
    if (mknodat(directory, name, type | mode, device) == 0) return own(raw, directory, name, target);
    if (errno == EPERM && type != S_IFIFO) return bind_node(raw, directory, name, at, type, device);
    struct stat st;
    if (errno == EEXIST && fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        if ((st.st_mode & S_IFMT) == type && (type == S_IFIFO || st.st_rdev == device)) return 0;
        // An empty file is a mount point that an earlier container without mknod left in the same root.
        if (S_ISREG(st.st_mode) && st.st_size == 0 && type != S_IFIFO)
            return bind_node(raw, directory, name, at, type, device);
        errno = EEXIST;
    }
    return fail(raw, "mknodat", target, errno == EEXIST ? "something else has that name in the container" : nullptr);
}

/// Calls `make` for each target, with its directory and its name there.
CTR_CHILD int make_each(ctr_run *raw, int (*make)(ctr_run *raw, int directory, const char *name, std::size_t at)) {
    const int root = require_root(raw);
    if (root < 0) return -1;
    const ctr::ChildRun run{raw};
    Parent parent = {};
    int result = 0;
    for (std::size_t at = 0, n = run.count("target"); result == 0 && at < n; ++at) {
        char name[256];
        const char *target = run.str("target", at);
        const int directory = next_parent(root, target, name, parent);
        result = directory < 0 ? fail(raw, "openat2", target) : make(raw, directory, name, at);
    }
    close_fd(parent.fd);
    return result;
}

CTR_CHILD int mknod_apply(ctr_run *raw) {
    constexpr const char *names[] = {"type", "major", "minor", "mode"};
    if (require_each(raw, ctr::ChildRun{raw}.count("target"), names, 4) != 0) return -1;
    const mode_t mask = umask(0);
    const int result = make_each(raw, make_node);
    umask(mask);
    return result;
}

int mknod_shell(ctr::Run run, ctr::Shell shell) {
    return shell.text(for_each_target(run, [run](std::size_t at) {
        const auto number = [&](const char *name, std::int64_t fallback) {
            return run.integer(name, fallback, nth(run, name, at));
        };
        const std::string target = run.str("target", at), type = run.str("type", nth(run, "type", at));
        std::string text = "mknod -m " + octal(number("mode", 0666)) + " " + inside(target) + " " + type;
        if (type != "p") text += " " + std::to_string(number("major", 0)) + " " + std::to_string(number("minor", 0));
        add_owner(run, target, text);
        return text;
    }));
}

CTR_CHILD bool is_link(int directory, const char *name, const char *to) {
    char text[PATH_MAX];
    const long n = syscall(SYS_readlinkat, directory, name, text, sizeof text);
    return n >= 0 && static_cast<std::size_t>(n) == strlen(to) && memcmp(text, to, strlen(to)) == 0;
}

CTR_CHILD int make_link(ctr_run *raw, int directory, const char *name, std::size_t at) {
    const ctr::ChildRun run{raw};
    const char *to = run.str("to", nth(raw, "to", at)), *target = run.str("target", at);
    if (symlinkat(to, directory, name) == 0) return 0;
    struct stat st;
    if (errno != EEXIST) return fail(raw, "symlinkat", target);
    if (run.integer("keep") != 0) return 0;
    if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) != 0) return fail(raw, "fstatat", target);
    if (!S_ISLNK(st.st_mode))
        return errno = EEXIST, fail(raw, "symlinkat", target, "it exists and is no symbolic link");
    if (run.integer("same") != 0)
        return is_link(directory, name, to)
                   ? 0
                   : fail_words(raw, CTR_E_INVALID, "there is another symbolic link already", target);
    if (unlinkat(directory, name, 0) != 0 || symlinkat(to, directory, name) != 0) return fail(raw, "symlinkat", target);
    return 0;
}

CTR_CHILD int symlink_apply(ctr_run *raw) {
    constexpr const char *names[] = {"to"};
    if (require_each(raw, ctr::ChildRun{raw}.count("target"), names, 1) != 0) return -1;
    return make_each(raw, make_link);
}

int symlink_shell(ctr::Run run, ctr::Shell shell) {
    return shell.text(for_each_target(run, [run](std::size_t at) {
        const std::string target = inside(run.str("target", at)),
                          to = ctr::shell_word(run.str("to", nth(run, "to", at)));
        if (run.integer("keep") == 0) return "ln -sfn " + to + " " + target;
        return "[ -e " + target + " ] || [ -L " + target + " ] || ln -s " + to + " " + target;
    }));
}

/// Opens `found` (O_PATH) for writing. This is the same file, even if its name means another one by now.
CTR_CHILD int reopen(int root, int found) {
    char name[24];
    write_decimal(name, found);
    const int own_fds = open_own_fds(root);
    if (own_fds < 0) return -1;
    const int fd = openat(own_fds, name, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    close_fd(own_fds);
    return fd;
}

/// Only a regular file is written: an image may have put a fifo or a device there.
CTR_CHILD int write_file(ctr_run *raw, int root, int found) {
    const ctr::ChildRun run{raw};
    const char *target = run.str("target");
    const ctr_str content = run.text("content");
    struct stat st;
    if (fstat(found, &st) != 0 || !S_ISREG(st.st_mode))
        return fail_words(raw, CTR_E_INVALID, "it exists and is no regular file", target);
    const int fd = reopen(root, found);
    if (fd < 0) return fail(raw, "openat", target);
    int result = 0;
    if (ftruncate(fd, 0) != 0) result = fail(raw, "ftruncate", target);
    for (std::size_t done = 0; result == 0 && done < content.len;) {
        const long n = syscall(SYS_write, fd, content.data + done, content.len - done);
        if (n <= 0)
            result = fail(raw, "write", target);
        else
            done += static_cast<std::size_t>(n);
    }
    close_fd(fd);
    return result;
}

CTR_CHILD int write_apply(ctr_run *raw) {
    const ctr::ChildRun run{raw};
    const int root = require_root(raw);
    if (root < 0) return -1;
    constexpr Make file = Make::file;
    const auto mode = static_cast<unsigned>(run.integer("mode", 0644));
    // open_target refuses links of the image into /proc: the write would change a setting of the kernel
    // (CVE-2025-52881).
    const int fd = open_target(root, run.str("target"), &file, mode, Links::followed);
    if (fd < 0) return fail(raw, "openat2", run.str("target"));
    const int result = write_file(raw, root, fd);
    close_fd(fd);
    return result;
}

int write_shell(ctr::Run run, ctr::Shell shell) {
    const std::string target = inside(run.str("target"));
    std::string text = "printf %s " + ctr::shell_word(run.str("content")) + " > " + target;
    if (run.has("mode")) text += "\nchmod " + octal(run.integer("mode")) + " " + target;
    return shell.text(text);
}

/// After chdir the kernel is asked where we are: "(unreachable)/..." is a directory outside the root, as a leaked
/// descriptor of the machine would be (CVE-2024-21626).
CTR_CHILD int cwd_apply(ctr_run *raw) {
    const ctr::ChildRun run{raw};
    const int root = require_root(raw);
    if (root < 0) return -1;
    const char *path = run.str("path");
    if (path[0] != '/') return fail_words(raw, CTR_E_INVALID, "the working directory must be an absolute path", path);
    const int fd = run.integer("create") != 0 ? make_path(root, path, Make::directory, 0755)
                                              : open_inside(root, path, O_PATH | O_DIRECTORY);
    if (fd < 0)
        return fail(raw, "openat2", path,
                    errno == ENOENT ? "the working directory does not exist in the container" : nullptr);
    char where[4096];
    int result = 0;
    if (fchdir(fd) != 0)
        result = fail(raw, "fchdir", path);
    else if (syscall(SYS_getcwd, where, sizeof where) < 0)
        result = fail(raw, "getcwd", path);
    else if (where[0] != '/')
        result = fail_words(raw, CTR_E_INVALID, "the working directory is outside the container", path);
    close_fd(fd);
    return result;
}

int cwd_shell(ctr::Run run, ctr::Shell shell) {
    if (run.integer("create") != 0 && shell.cmd({"mkdir", "-p", run.str("path")}) != 0) return -1;
    return shell.cmd({"cd", run.str("path")});
}

} // namespace

constinit const ctr_step_kind root_mkdir = ctr::child_kind<mkdir_shell>(CTR_KIND_ROOT_MKDIR, mkdir_apply);
constinit const ctr_step_kind root_mknod = ctr::child_kind<mknod_shell>(CTR_KIND_ROOT_MKNOD, mknod_apply);
constinit const ctr_step_kind root_symlink = ctr::child_kind<symlink_shell>(CTR_KIND_ROOT_SYMLINK, symlink_apply);
constinit const ctr_step_kind root_write = ctr::child_kind<write_shell>(CTR_KIND_ROOT_WRITE, write_apply);
constinit const ctr_step_kind cwd_set = ctr::child_kind<cwd_shell>(CTR_KIND_CWD_SET, cwd_apply);

} // namespace kinds
