// SPDX-License-Identifier: MIT
//
// Small files of the container, in memory. They are on one tmpfs that has room for them and not much more; each file is
// bound on its target. A container that fills them fills nothing else. They disappear with the mount namespace, so
// there is no undo.
//
// A mount of a single file can only be made of a mount that is attached somewhere (before Linux 6.15). So the tmpfs is
// mounted over the container's root for that moment. Nobody looks at the root then, and `root_fd` still means the
// directory below.
#include "child.hpp"
#include "shell.hpp"
#include "table.hpp"

#include <ctr/plugin.hpp>
#include <fcntl.h>
#include <sys/mount.h>

namespace kinds {
namespace {

constexpr std::size_t most_files = 16;

CTR_CHILD int configure(int context, std::int64_t size, std::size_t files) {
    char bytes[24], inodes[24];
    write_decimal(bytes, size);
    write_decimal(inodes, static_cast<std::int64_t>(files) + 1); // and the directory
    if (ctr::fsconfig_string(context, "source", "tmpfs") != 0 || ctr::fsconfig_string(context, "size", bytes) != 0 ||
        ctr::fsconfig_string(context, "nr_inodes", inodes) != 0 || ctr::fsconfig_string(context, "mode", "0755") != 0)
        return -1;
    return ctr::fsconfig_create(context);
}

CTR_CHILD int new_tmpfs(ctr_run *raw, std::int64_t size, std::size_t files) {
    const int context = ctr::fsopen("tmpfs");
    if (context < 0) return fail(raw, "fsopen", "tmpfs");
    int mount = -1;
    if (configure(context, size, files) != 0)
        fail(raw, "fsconfig", "tmpfs");
    else if ((mount = ctr::fsmount(context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)) < 0)
        fail(raw, "fsmount", "tmpfs");
    close_fd(context);
    return mount;
}

CTR_CHILD int write_file(ctr_run *raw, int mount, std::size_t at) {
    const ctr::ChildRun run{raw};
    const ctr_str content = run.text("content", nth(raw, "content", at));
    char name[24];
    write_decimal(name, static_cast<std::int64_t>(at));
    const int fd = openat(mount, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return fail(raw, "openat", run.str("target", at));
    int result = fchmod(fd, static_cast<mode_t>(run.integer("mode", 0644)));
    for (std::size_t done = 0; result == 0 && done < content.len;) {
        const ssize_t n = write(fd, content.data + done, content.len - done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0)
            result = -1;
        else
            done += static_cast<std::size_t>(n);
    }
    if (result != 0) fail(raw, "write", run.str("target", at));
    close_fd(fd);
    return result;
}

/// `files`: a mount of each file, not attached.
CTR_CHILD int take_files(ctr_run *raw, int root, int mount, int (&files)[most_files], std::size_t n) {
    if (ctr::move_mount_fd(mount, root) != 0) return fail(raw, "move_mount", "tmpfs");
    int result = 0;
    for (std::size_t at = 0; result == 0 && at < n; ++at) {
        char name[24];
        write_decimal(name, static_cast<std::int64_t>(at));
        files[at] = ctr::open_tree_clone(mount, name, AT_SYMLINK_NOFOLLOW);
        if (files[at] < 0) result = fail(raw, "open_tree", ctr::ChildRun{raw}.str("target", at));
    }
    if (fchdir(mount) != 0 || umount2(".", MNT_DETACH) != 0) result = fail(raw, "umount2", "tmpfs");
    if (chdir("/") != 0) result = fail(raw, "chdir", "/");
    return result;
}

CTR_CHILD int bind_file(ctr_run *raw, int root, int file, std::size_t at) {
    const char *name = ctr::ChildRun{raw}.str("target", at);
    const Make made = Make::file;
    const int target = open_target(root, name, &made, 0644, Links::followed);
    if (target < 0) return fail(raw, "openat2", name);
    const int result =
        ctr::move_mount_fd(file, target) == 0
            ? 0
            : fail(raw, "move_mount", name, errno == ENOTDIR ? "the image has a directory there" : nullptr);
    close_fd(target);
    return result;
}

CTR_CHILD int apply(ctr_run *raw) {
    const ctr::ChildRun run{raw};
    const std::size_t n = run.count("target");
    const int root = require_root(raw);
    if (root < 0) return -1;
    if (n > most_files)
        return fail_words(raw, CTR_E_INVALID, "mount.files takes at most 16 files", run.str("target", most_files));
    const int mount = new_tmpfs(raw, run.integer("size"), n);
    if (mount < 0) return -1;
    int files[most_files];
    for (int &file : files)
        file = -1;
    int result = 0;
    for (std::size_t at = 0; result == 0 && at < n; ++at)
        result = write_file(raw, mount, at);
    if (result == 0) result = take_files(raw, root, mount, files, n);
    for (std::size_t at = 0; result == 0 && at < n; ++at)
        result = bind_file(raw, root, files[at], at);
    for (const int file : files)
        close_fd(file);
    close_fd(mount);
    return result;
}

int shell(ctr::Run run, ctr::Shell shell) {
    std::string text = "files=$(mktemp -d)\nmount -t tmpfs -o nosuid,nodev,noexec,mode=0755,size=" +
                       std::to_string(run.integer("size")) + ",nr_inodes=" + std::to_string(run.count("target") + 1) +
                       " tmpfs \"$files\"\n";
    text += for_each_target(run, [run](std::size_t at) {
        const std::string file = "\"$files/" + std::to_string(at) + "\"", target = inside(run.str("target", at));
        return "printf %s " + ctr::shell_word(run.str("content", nth(run, "content", at))) + " > " + file + "\nchmod " +
               octal(run.integer("mode", 0644)) + " " + file + "\n[ -e " + target + " ] || { mkdir -p \"$(dirname " +
               target + ")\"; touch " + target + "; }\nmount --bind " + file + " " + target;
    });
    return shell.text(text + "\numount -l \"$files\"\nrmdir \"$files\"");
}

} // namespace

constinit const ctr_step_kind mount_files = ctr::child_kind<shell>(CTR_KIND_MOUNT_FILES, apply);

} // namespace kinds
