// SPDX-License-Identifier: MIT
#include "sys/trust.hpp"

#include <cstdio>
#include <sys/stat.h>
#include <unistd.h>

namespace core::sys {
namespace {

/// True if this user owns ctr's own file and so decides anyway what ctr does. This is needed in a user namespace that
/// does not map root (podman of a user): there the program and its plugins belong to nobody (user_namespaces(7),
/// "Unmapped user and group IDs"). Read only once, because later /proc/self/exe is another file
/// (sys/own_executable.hpp).
bool owns_ctr(unsigned owner) {
    static const long own = [] {
        struct stat st {};
        return ::stat("/proc/self/exe", &st) == 0 ? static_cast<long>(st.st_uid) : -1L;
    }();
    return own == static_cast<long>(owner);
}

std::string octal(unsigned mode) {
    char text[16];
    std::snprintf(text, sizeof text, "%04o", mode & 07777U);
    return text;
}

std::string parent_of(const std::string &path) {
    const auto slash = path.find_last_of('/');
    return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

} // namespace

Result<void> check_trust(const std::string &path, unsigned mode, unsigned owner, bool sticky_ok) {
    if (owner != 0 && owner != ::geteuid() && !owns_ctr(owner))
        return Error{.error_class = CTR_E_PERMISSION,
                     .message = "owner: expected root or uid " + std::to_string(::geteuid()) + ", got uid " +
                                std::to_string(owner),
                     .hint = "chown it, or build and install as the user who runs ctr",
                     .path = path};
    const bool others_write = (mode & (S_IWGRP | S_IWOTH)) != 0;
    if (others_write && !(sticky_ok && (mode & S_ISVTX) != 0))
        return Error{.error_class = CTR_E_PERMISSION,
                     .message = "mode: expected not writable by group or others, got " + octal(mode),
                     .hint = "chmod go-w " + path,
                     .path = path};
    return {};
}

Result<void> check_parents(std::string path) {
    while (path.size() > 1) {
        path = parent_of(path);
        struct stat st {};
        if (::lstat(path.c_str(), &st) != 0) return system_error("lstat", path);
        if (S_ISLNK(st.st_mode)) {
            CTR_TRY(check_trust(path, 0, st.st_uid, true));
            if (::stat(path.c_str(), &st) != 0) return system_error("stat", path);
        }
        CTR_TRY(check_trust(path, st.st_mode, st.st_uid, true));
    }
    return {};
}

Result<void> check_own_directory(const std::string &path) {
    std::string at = path;
    struct stat st {};
    while (::lstat(at.c_str(), &st) != 0) {
        if (errno != ENOENT) return system_error("lstat", at);
        if (at == "/") return {};
        at = parent_of(at);
    }
    if (at == path) {
        if (!S_ISDIR(st.st_mode))
            return invalid(path,
                           S_ISLNK(st.st_mode) ? "expected a directory, got a symbolic link" : "expected a directory",
                           "name the directory itself");
        CTR_TRY(check_trust(path, st.st_mode, st.st_uid, true));
        return check_parents(path);
    }
    return check_parents(at + "/x"); // the directory in which it will be made
}

} // namespace core::sys
