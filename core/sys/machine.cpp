// SPDX-License-Identifier: MIT
#include "sys/machine.hpp"

#include "base/fd.hpp"
#include "base/text.hpp"
#include "sys/files.hpp"
#include "sys/mount_table.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace core::sys {
namespace {

using Answer = Result<std::optional<std::string>>;

/// A missing file is an answer; every other failure is an error.
template <typename T> Answer missing_is_nothing(Result<T> result) {
    if (result.ok()) return std::optional<std::string>(std::move(result).value());
    const int why = result.error().errno_value;
    if (why == ENOENT || why == ENOTDIR || why == ENODEV || why == ENXIO) return std::optional<std::string>();
    return std::move(result).error();
}

Answer type_of(const std::string &path) {
    struct stat st {};
    if (::lstat(path.c_str(), &st) != 0) return missing_is_nothing(Result<std::string>(system_error("lstat", path)));
    switch (st.st_mode & S_IFMT) {
    case S_IFDIR: return std::optional<std::string>("dir");
    case S_IFLNK: return std::optional<std::string>("symlink");
    case S_IFCHR: return std::optional<std::string>("char");
    case S_IFBLK: return std::optional<std::string>("block");
    case S_IFIFO: return std::optional<std::string>("fifo");
    case S_IFSOCK: return std::optional<std::string>("socket");
    default: return std::optional<std::string>("file");
    }
}

Answer device_of(const std::string &path) {
    struct stat st {};
    if (::stat(path.c_str(), &st) != 0) return missing_is_nothing(Result<std::string>(system_error("stat", path)));
    if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode)) return std::optional<std::string>();
    char text[96];
    std::snprintf(text, sizeof text, "%c %u %u %o %u %u", S_ISCHR(st.st_mode) ? 'c' : 'b', major(st.st_rdev),
                  minor(st.st_rdev), st.st_mode & 07777U, st.st_uid, st.st_gid);
    return std::optional<std::string>(text);
}

std::string file_system_name(unsigned long type) {
    switch (type) {
    case BTRFS_SUPER_MAGIC: return "btrfs";
    case EXT4_SUPER_MAGIC: return "ext4";
    case TMPFS_MAGIC: return "tmpfs";
    case CGROUP2_SUPER_MAGIC: return "cgroup2";
    case CGROUP_SUPER_MAGIC: return "cgroup";
    case OVERLAYFS_SUPER_MAGIC: return "overlay";
    case XFS_SUPER_MAGIC: return "xfs";
    case PROC_SUPER_MAGIC: return "proc";
    case SYSFS_MAGIC: return "sysfs";
    case NFS_SUPER_MAGIC: return "nfs";
    case F2FS_SUPER_MAGIC: return "f2fs";
    default: break;
    }
    char text[32];
    std::snprintf(text, sizeof text, "0x%lx", type);
    return text;
}

Answer file_system_of(std::string path) {
    for (;;) {
        struct statfs fs {};
        if (::statfs(path.c_str(), &fs) == 0)
            return std::optional<std::string>(file_system_name(static_cast<unsigned long>(fs.f_type)));
        if (errno != ENOENT && errno != ENOTDIR) return system_error("statfs", path);
        const auto slash = path.find_last_of('/');
        if (slash == std::string::npos) return std::optional<std::string>();
        path = slash == 0 ? "/" : path.substr(0, slash);
    }
}

Answer link_of(const std::string &path) {
    char target[4096];
    const ssize_t length = ::readlink(path.c_str(), target, sizeof target);
    if (length < 0)
        return errno == EINVAL ? Answer(std::optional<std::string>())
                               : missing_is_nothing(Result<std::string>(system_error("readlink", path)));
    return std::optional<std::string>(std::string(target, static_cast<std::size_t>(length)));
}

/// A namespace is identified by device and inode: other files may have a link with the same text, and a bind mount is
/// no link.
Answer namespace_at(const std::string &path) {
    constexpr unsigned long nsfs_magic = 0x6e736673; // linux/magic.h
    struct stat st {};
    struct statfs fs {};
    const Fd file(::open(path.c_str(), O_PATH | O_CLOEXEC));
    if (!file.valid()) return missing_is_nothing(Result<std::string>(system_error("open", path)));
    if (::fstat(file.get(), &st) != 0) return system_error("fstat", path);
    if (::fstatfs(file.get(), &fs) != 0) return system_error("fstatfs", path);
    if (static_cast<unsigned long>(fs.f_type) != nsfs_magic) return std::optional<std::string>();
    return std::optional<std::string>(std::to_string(st.st_dev) + ":" + std::to_string(st.st_ino));
}

/// The machine's own namespaces: this process's and the first process's. A caller who may not look at the first
/// process's namespaces may not enter them either.
Answer machine_namespaces(const std::string &file) {
    auto own = namespace_at("/proc/self/ns/" + file);
    if (!own.ok() || !own.value()) return own;
    const auto first = namespace_at("/proc/1/ns/" + file);
    if (first.ok() && first.value() && first.value() != own.value())
        return std::optional<std::string>(*own.value() + "\n" + *first.value());
    return own;
}

Answer names_in(const std::string &path) {
    auto names = list_directory(path);
    if (!names.ok()) return missing_is_nothing(Result<std::string>(std::move(names).error()));
    std::string text;
    for (const auto &name : names.value())
        text += name + "\n";
    return std::optional<std::string>(text);
}

std::string kernel_version() {
    utsname name{};
    ::uname(&name);
    const std::string release = name.release;
    return release.substr(0, release.find_first_not_of("0123456789."));
}

bool knows_file_system(const std::string &name) {
    const auto text = read_file("/proc/filesystems");
    return text.ok() && ("\n" + text.value()).find("\t" + name + "\n") != std::string::npos;
}

std::string effective_capabilities() {
    const auto status = read_file("/proc/self/status");
    if (!status.ok()) return "0";
    const auto at = status.value().find("CapEff:\t");
    return at == std::string::npos ? "0" : status.value().substr(at + 8, 16);
}

/// Asks the kernel, because in a user namespace the effective uid does not tell: root's files on the machine belong to
/// nobody there.
bool is_writable(const std::string &path) { return ::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) == 0; }

/// True if a hierarchy of cgroup v1 is writable. A line of mountinfo (proc(5)): "36 35 98:0 ROOT MOUNT-POINT OPTIONS
/// ... - cgroup SOURCE OPTIONS".
bool may_make_cgroup1(std::string_view mountinfo) {
    for (const std::string_view line : split(mountinfo, '\n')) {
        if (line.find(" - cgroup ") == std::string_view::npos) continue;
        const auto words = split(line, ' ');
        if (words.size() > 4 && is_writable(std::string(words[4]))) return true;
    }
    return false;
}

} // namespace

Result<std::optional<std::string>> Machine::ask(const std::string &question) {
    if (const auto known = record_.find(question); known != record_.end()) return known->second;
    auto got = answer(question);
    if (got.ok()) record_.emplace(question, got.value());
    return got;
}

Result<std::optional<std::string>> RealMachine::answer(const std::string &question) {
    const auto colon = question.find(':');
    const std::string what = question.substr(0, colon);
    const std::string path = colon == std::string::npos ? std::string() : question.substr(colon + 1);
    if (what == "exists")
        return ::faccessat(AT_FDCWD, path.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0 ? std::optional<std::string>("yes")
                                                                                   : std::nullopt;
    if (what == "type") return type_of(path);
    if (what == "file") return missing_is_nothing(read_file(path, std::size_t{1} << 20));
    if (what == "link") return link_of(path);
    if (what == "namespace") return namespace_at(path);
    if (what == "namespaces") return machine_namespaces(path);
    if (what == "list") return names_in(path);
    if (what == "fstype") return file_system_of(path);
    if (what == "device") return device_of(path);
    if (what == "mounts")
        return missing_is_nothing(path.empty() ? read_file("/proc/self/mountinfo") : mounts_below(path));
    if (what == "kernel") return std::optional<std::string>(kernel_version());
    if (what == "filesystem") return knows_file_system(path) ? std::optional<std::string>("yes") : std::nullopt;
    if (what == "cpus") return std::optional<std::string>(std::to_string(::sysconf(_SC_NPROCESSORS_ONLN)));
    if (what == "euid") return std::optional<std::string>(std::to_string(::geteuid()));
    if (what == "writable") return is_writable(path) ? std::optional<std::string>("yes") : std::nullopt;
    if (what == "cgroup1") {
        CTR_ASSIGN(auto mounts, ask("mounts:/sys/fs/cgroup"));
        if (mounts.value_or("").find(" - cgroup ") == std::string::npos) {
            CTR_ASSIGN(mounts, ask("mounts")); // not at the usual place: look everywhere
        }
        return may_make_cgroup1(mounts.value_or("")) ? std::optional<std::string>("writable") : std::nullopt;
    }
    if (what == "caps") return std::optional<std::string>(effective_capabilities());
    return invalid("ask", "unknown question \"" + question + "\"", "sdk/include/ctr/host.h lists the questions");
}

} // namespace core::sys
