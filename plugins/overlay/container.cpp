// SPDX-License-Identifier: MIT
//
// overlay.upper: the container's own directory with `upper` and `work`. It lives until the container is deleted.
#include "driver.hpp"
#include "remove_tree.hpp"

#include "../storage-common/layers.hpp"

#include <fcntl.h>
#include <linux/limits.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace overlay {

std::string data_dir(ctr::Plan plan) { return ctr::storage::data_dir_of(plan, "overlay"); }

int make_directory(const std::string &path, unsigned mode) {
    if (mkdir(path.c_str(), mode) == 0) return 0;
    const std::size_t slash = path.rfind('/');
    if (errno != ENOENT || slash == std::string::npos || slash == 0) return -1;
    if (make_directory(path.substr(0, slash), 0700) != 0 && errno != EEXIST) return -1;
    return mkdir(path.c_str(), mode);
}

namespace {

/// The same rule as for an image's files (plugins/image/attributes.cpp): trusted.* belongs to overlayfs and the
/// machine, labels belong to the machine's policy.
bool is_copied(std::string_view name) {
    if (name.starts_with("user.")) return !name.starts_with("user.overlay.");
    return name == "security.capability" || name == "system.posix_acl_access" || name == "system.posix_acl_default";
}

/// 0, or -1 with errno. Usually there are none, which one system call tells.
int copy_xattrs(const std::string &like, const std::string &path) {
    const ssize_t length = llistxattr(like.c_str(), nullptr, 0);
    if (length <= 0) return length == 0 || errno == EOPNOTSUPP ? 0 : -1;
    std::string names(static_cast<std::size_t>(length), '\0'), value(XATTR_SIZE_MAX, '\0');
    if (llistxattr(like.c_str(), names.data(), names.size()) != length) return -1;
    for (std::size_t at = 0; at < names.size(); at = names.find('\0', at) + 1) {
        const char *name = names.c_str() + at;
        if (!is_copied(name)) continue;
        const ssize_t size = lgetxattr(like.c_str(), name, value.data(), value.size());
        if (size < 0 || lsetxattr(path.c_str(), name, value.data(), static_cast<std::size_t>(size), 0) != 0) return -1;
    }
    return 0;
}

} // namespace

int copy_attributes(const std::string &like, const std::string &path, std::string *culprit) {
    struct stat model {};
    *culprit = like;
    if (lstat(like.c_str(), &model) != 0) return -1;
    *culprit = path;
    // The owner first: chown(2) clears the set-id bits.
    if ((model.st_uid != geteuid() || model.st_gid != getegid()) &&
        lchown(path.c_str(), model.st_uid, model.st_gid) != 0)
        return -1;
    const timespec times[2] = {model.st_atim, model.st_mtim};
    if (chmod(path.c_str(), model.st_mode & 07777) != 0 || copy_xattrs(like, path) != 0) return -1;
    return utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW);
}

int remove_path(ctr::Run run, const std::string &path) {
    std::string culprit;
    if (remove_tree(AT_FDCWD, path, &culprit) == 0) return 0;
    const int saved = errno;
    return run.fail({.error_class = CTR_E_SYSTEM,
                     .message = "cannot remove all of " + path,
                     .hint = saved == EBUSY ? "something is mounted in it: unmount that and try again" : "",
                     .errno_value = saved,
                     .syscall = "unlinkat",
                     .path = culprit.empty() ? path : culprit});
}

namespace {

int apply(ctr::Run run) {
    const std::string container = run.str("container"), upper = container + "/upper", like = run.str("like");
    if (make_directory(container, 0700) != 0)
        return run.fail("mkdir", container, errno == EEXIST ? "another container has this name: remove it first" : "");
    // An overlay's root directory shows the attributes of its uppermost layer, which is `upper`.
    std::string culprit = upper;
    if (mkdir(upper.c_str(), 0700) == 0 && copy_attributes(like, upper, &culprit) == 0) {
        culprit = container + "/work";
        if (mkdir(culprit.c_str(), 0700) == 0) return 0;
    }
    if (errno == ENOENT && culprit == like)
        return run.fail({.error_class = CTR_E_NOT_FOUND,
                         .message = "a layer of the image is missing",
                         .hint = "import the image again",
                         .errno_value = ENOENT,
                         .syscall = "lstat",
                         .path = like});
    return run.fail("mkdir", culprit);
}

int undo(ctr::Run run) { return remove_path(run, run.str("container")); }

int shell(ctr::Run run, ctr::Shell sh) {
    const std::string container = run.str("container"), upper = container + "/upper", like = run.str("like");
    if (sh.cmd({"mkdir", "-p", upper, container + "/work"}) != 0) return -1;
    if (sh.cmd({"chown", "--reference=" + like, upper}) != 0) return -1;
    return sh.cmd({"chmod", "--reference=" + like, upper});
}

int shell_undo(ctr::Run run, ctr::Shell sh) { return sh.cmd({"rm", "-rf", "--one-file-system", run.str("container")}); }

} // namespace

constexpr ctr_step_kind upper_kind = ctr::parent_kind<apply, undo, shell, shell_undo>("overlay.upper");

} // namespace overlay
