// SPDX-License-Identifier: MIT
//
// Id-mapped mounts (mount_setattr(2), Linux 5.12): through such a mount id 0 of the file system is seen as another id.
//
// The maps come from a user namespace that is made only for this purpose; a descriptor keeps it alive. The parent maps
// the copy of a machine's mount, because that needs rights in the user namespace where the file system was mounted,
// which a child in its own user namespace does not have. The child gets the copy detached, like the root. Without a
// userns the copy keeps its ids. It is still made by the parent, because the child may not be able to reach the source.
#include "idmap.hpp"
#include "mount_options.hpp"
#include "shell.hpp"
#include "table.hpp"
#include <ctr/cpp/mount_api.hpp>

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

namespace kinds {
namespace {

/// The descriptor keeps the namespace alive after the process in it has ended.
int open_mapped(ctr_run *raw, int pid) {
    const ctr::Run run{raw};
    const std::string process = std::to_string(pid), path = "/proc/" + process + "/ns/user";
    if (write_id_maps(run, process) != 0) return -1;
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    return fd < 0 ? run.fail("open", path) : run.output_fd("userns", fd);
}

int userns_apply(ctr::Run run) { return ctr::host->with_namespaces(run.raw(), CLONE_NEWUSER, open_mapped); }

/// The map as mount(8) takes it from util-linux 2.39 on; `mount.idmapped` puts it after X-mount.idmap=.
int userns_shell(ctr::Run run, ctr::Shell shell) {
    std::string map;
    for (const char *which : {"uid", "gid"})
        for (std::string line : run.strings(which)) {
            for (char &c : line)
                if (c == ' ') c = ':';
            map += (map.empty() ? "" : " ") + std::string(1, which[0]) + ":" + line;
        }
    return shell.set(run.output_value("userns"), {"echo", map});
}

int mount_apply(ctr::Run run) {
    const std::string source = run.str("source");
    const bool mapped = run.has("userns");
    const bool recursive = run.integer("recursive") != 0, all = run.integer("map_below") != 0;
    const unsigned link = run.integer("nofollow") != 0 ? AT_SYMLINK_NOFOLLOW : 0;
    const int mount = ctr::open_tree_clone(AT_FDCWD, source.c_str(), link | (recursive ? AT_RECURSIVE : 0U));
    if (mount < 0)
        return run.fail(
            "open_tree", source,
            errno == ENOENT ? "the source of a bind mount must exist on the machine"
            : errno == EPERM
                ? "only root can take a directory of the machine into a container that lives, or has other ids"
                : "");
    const unsigned long propagation =
        propagation_flags(run.str("propagation").c_str()) & ~static_cast<unsigned long>(MS_REC);
    int result = 0;
    if (propagation != 0 && ctr::mount_setattr(mount, AT_RECURSIVE, 0, 0, propagation) != 0)
        result = run.fail("mount_setattr", source);
    if (result == 0 && mapped && ctr::mount_idmap(mount, all ? AT_RECURSIVE : 0, run.fd("userns")) != 0)
        result = run.fail("mount_setattr", source,
                          errno == EINVAL   ? "this file system's mounts cannot be id-mapped, or this one is already"
                          : errno == EPERM  ? "id-mapping needs CAP_SYS_ADMIN where the file system was mounted"
                          : errno == ENOSYS ? "id-mapped mounts need Linux 5.12"
                                            : "");
    if (result == 0) return run.output_fd("mount", mount);
    ::close(mount);
    return -1;
}
int mount_undo(ctr::Run) { return 0; } // a detached mount goes with its descriptor

/// The script cannot make detached mounts, so this one is mounted on a temporary directory.
int mount_shell(ctr::Run run, ctr::Shell shell) {
    const std::string source = ctr::shell_word(run.str("source")), value = run.output_value("mount");
    if (shell.set(value, {"mktemp", "-d"}) != 0) return -1;
    const std::string at = "\"\x01" + value + "\x02\"";
    return shell.text("[ -d " + source + " ] || { rmdir " + at + "; touch " + at + "; }\nmount --" +
                      (run.integer("recursive") != 0 ? "rbind" : "bind") +
                      (run.has("userns") ? " -o \"X-mount.idmap=" + run.str("userns") + "\" " : " ") + source + " " +
                      at);
}
int mount_shell_undo(ctr::Run run, ctr::Shell shell) {
    const std::string at = "\"\x01" + run.output_value("mount") + "\x02\"";
    return shell.text("umount -l " + at + "\nrm -d " + at);
}

} // namespace

constinit const ctr_step_kind userns_new = ctr::parent_kind<userns_apply, userns_shell>(CTR_KIND_USERNS_NEW);
constinit const ctr_step_kind mount_idmapped =
    ctr::parent_kind<mount_apply, mount_undo, mount_shell, mount_shell_undo>(CTR_KIND_MOUNT_IDMAPPED);

} // namespace kinds
