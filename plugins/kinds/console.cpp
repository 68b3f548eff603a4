// SPDX-License-Identifier: MIT
//
// The terminal: a pty of the container's own devpts, so that its name in the container is right.
//
// Only the master is opened by a path, below the container's root, and it is checked to be a master (5:2) on a devpts.
// The other end comes from the master itself (TIOCGPTPEER), never from /dev/pts/N, which somebody could have replaced
// by a link (CVE-2025-52565); /dev/console is a bind mount of that descriptor.
#include "child.hpp"
#include "shell.hpp"
#include "table.hpp"

#include <asm/termbits.h>
#include <ctr/plugin.hpp>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>

namespace kinds {
namespace {

CTR_CHILD int open_master(ctr_run *raw, int root) {
    const int fd = open_inside(root, "/dev/pts/ptmx", O_RDWR | O_NOCTTY);
    if (fd < 0) return fail(raw, "openat2", "/dev/pts/ptmx", "a terminal needs a devpts mounted on /dev/pts");
    struct stat st;
    struct statfs fs;
    const bool real = fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == device_number(5, 2) &&
                      fstatfs(fd, &fs) == 0 && fs.f_type == DEVPTS_SUPER_MAGIC;
    if (real) return fd;
    close_fd(fd);
    return fail_words(raw, CTR_E_INVALID, "/dev/pts/ptmx of the container is no pty master", "/dev/pts/ptmx");
}

/// Turns ONLCR off, because the output does not go to a screen: lines shall end in a plain newline.
CTR_CHILD int clear_onlcr(int terminal) {
    struct termios settings;
    if (ioctl(terminal, TCGETS, &settings) != 0) return -1;
    settings.c_oflag &= ~static_cast<tcflag_t>(ONLCR);
    return ioctl(terminal, TCSETS, &settings);
}

CTR_CHILD int open_peer(ctr_run *raw, int master) {
    const ctr::ChildRun run{raw};
    int unlock = 0;
    if (ioctl(master, TIOCSPTLCK, &unlock) != 0) return fail(raw, "ioctl(TIOCSPTLCK)", "/dev/pts/ptmx");
    const int peer = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (peer < 0) return fail(raw, "ioctl(TIOCGPTPEER)", "/dev/pts/ptmx");
    if (run.integer("width") > 0 && run.integer("height") > 0) {
        struct winsize size = {static_cast<unsigned short>(run.integer("height")),
                               static_cast<unsigned short>(run.integer("width")), 0, 0};
        if (ioctl(master, TIOCSWINSZ, &size) != 0) {
            close_fd(peer);
            return fail(raw, "ioctl(TIOCSWINSZ)", "/dev/pts/ptmx");
        }
    }
    if (run.integer("onlcr", 1) == 0 && clear_onlcr(peer) != 0) {
        close_fd(peer);
        return fail(raw, "ioctl(TCSETS)", "/dev/pts/ptmx");
    }
    return peer;
}

CTR_CHILD int bind_console(ctr_run *raw, int root, int peer) {
    const int target = make_path(root, "/dev/console", Make::file, 0600);
    if (target < 0) return fail(raw, "openat2", "/dev/console");
    int result = 0;
    const int mount = ctr::open_tree_clone(peer, "", AT_EMPTY_PATH);
    if (mount < 0)
        result = fail(raw, "open_tree", "/dev/console");
    else if (ctr::move_mount_fd(mount, target) != 0)
        result = fail(raw, "move_mount", "/dev/console");
    close_fd(mount);
    close_fd(target);
    return result;
}

CTR_CHILD int become_terminal(ctr_run *raw, int peer) {
    if (ioctl(peer, TIOCSCTTY, 0) != 0)
        return fail(raw, "ioctl(TIOCSCTTY)", "/dev/console", "the process must lead a session of its own");
    for (int fd = 0; fd < 3; ++fd)
        if (dup2(peer, fd) < 0) return fail(raw, "dup2", "/dev/console");
    return 0;
}

CTR_CHILD int console_apply(ctr_run *raw) {
    const int root = require_root(raw);
    const int master = root < 0 ? -1 : open_master(raw, root);
    if (master < 0) return -1;
    const int peer = open_peer(raw, master);
    const bool wants_console = ctr::ChildRun{raw}.integer("console", 1) != 0;
    int result = peer < 0 ? -1 : wants_console ? bind_console(raw, root, peer) : 0;
    if (result == 0) result = become_terminal(raw, peer);
    if (peer > 2) close_fd(peer);
    if (result != 0) return close_fd(master), -1;
    return ctr::ChildRun{raw}.output_fd("master", master);
}

int console_shell(ctr::Run, ctr::Shell shell) {
    return shell.text("# the script keeps the terminal that it was started on\n"
                      "if tty -s; then touch \"$root/dev/console\"; mount --bind \"$(tty)\" \"$root/dev/console\"; fi");
}

} // namespace

constinit const ctr_step_kind console_open = ctr::child_kind<console_shell>(CTR_KIND_CONSOLE_OPEN, console_apply);

} // namespace kinds
