// SPDX-License-Identifier: MIT
//
// overlay.upper: the container's own directory with `upper` and `work`. It lives until the container is deleted.
#include "driver.hpp"
#include "remove_tree.hpp"

#include "../storage-common/layers.hpp"

#include <fcntl.h>
#include <sys/stat.h>
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

int copy_owner_and_mode(const std::string &like, const std::string &path, std::string *culprit) {
    struct stat model {};
    *culprit = like;
    if (lstat(like.c_str(), &model) != 0) return -1;
    *culprit = path;
    // The owner first: chown(2) clears the set-id bits.
    if ((model.st_uid != geteuid() || model.st_gid != getegid()) &&
        lchown(path.c_str(), model.st_uid, model.st_gid) != 0)
        return -1;
    return chmod(path.c_str(), model.st_mode & 07777);
}

int remove_path(ctr::Run run, const std::string &path) {
    std::string culprit;
    if (remove_tree(AT_FDCWD, path, &culprit) == 0) return 0;
    const int saved = errno;
    return run.fail({CTR_E_SYSTEM, "cannot remove all of " + path,
                     saved == EBUSY ? "something is mounted in it: unmount that and try again" : "", saved, "unlinkat",
                     culprit.empty() ? path : culprit});
}

namespace {

int apply(ctr::Run run) {
    const std::string container = run.str("container"), upper = container + "/upper", like = run.str("like");
    if (make_directory(container, 0700) != 0)
        return run.fail("mkdir", container, errno == EEXIST ? "another container has this name: remove it first" : "");
    // An overlay's root directory shows the mode and owner of its uppermost layer, which is `upper`.
    std::string culprit = upper;
    if (mkdir(upper.c_str(), 0700) == 0 && copy_owner_and_mode(like, upper, &culprit) == 0) {
        culprit = container + "/work";
        if (mkdir(culprit.c_str(), 0700) == 0) return 0;
    }
    if (errno == ENOENT && culprit == like)
        return run.fail(
            {CTR_E_NOT_FOUND, "a layer of the image is missing", "import the image again", ENOENT, "lstat", like});
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
