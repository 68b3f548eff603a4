// SPDX-License-Identifier: MIT
#include "sys/files.hpp"

#include <algorithm>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace core::sys {

Result<std::string> read_fd(int fd, const std::string &path, std::size_t limit) {
    std::string text;
    for (;;) {
        const std::size_t used = text.size();
        text.resize(used + (used == 0 ? 4096 : used));
        const ssize_t got = ::read(fd, text.data() + used, text.size() - used);
        if (got < 0) {
            if (errno == EINTR) {
                text.resize(used);
                continue;
            }
            return system_error("read", path);
        }
        text.resize(used + static_cast<std::size_t>(got));
        if (got == 0) return text;
        if (text.size() > limit)
            return Error{.error_class = CTR_E_INVALID,
                         .message = "larger than " + std::to_string(limit) + " bytes",
                         .path = path};
    }
}

Result<std::string> read_file(const std::string &path, std::size_t limit) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid()) return system_error("open", path);
    return read_fd(fd.get(), path, limit);
}

Result<void> write_all(int fd, std::string_view text, const std::string &path) {
    while (!text.empty()) {
        const ssize_t done = ::write(fd, text.data(), text.size());
        if (done < 0) {
            if (errno == EINTR) continue;
            return system_error("write", path);
        }
        text.remove_prefix(static_cast<std::size_t>(done));
    }
    return {};
}

Result<void> replace_file(const std::string &path, std::string_view text, unsigned mode) {
    const std::string temporary = path + ".tmp" + std::to_string(::getpid());
    Fd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
    if (!fd.valid()) return system_error("open", temporary);
    auto written = write_all(fd.get(), text, temporary);
    if (written.ok() && ::rename(temporary.c_str(), path.c_str()) != 0) written = system_error("rename", path);
    if (!written.ok()) ::unlink(temporary.c_str());
    return written;
}

Result<void> make_directories(const std::string &path, unsigned mode) {
    if (::mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return {};
    if (errno != ENOENT) return system_error("mkdir", path);
    const auto slash = path.find_last_of('/');
    if (slash == std::string::npos || slash == 0) return system_error("mkdir", path);
    CTR_TRY(make_directories(path.substr(0, slash), mode));
    if (::mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return {};
    return system_error("mkdir", path);
}

Result<std::vector<std::string>> list_directory(const std::string &path) {
    DIR *dir = ::opendir(path.c_str());
    if (dir == nullptr) return system_error("opendir", path);
    std::vector<std::string> names;
    while (const dirent *entry = ::readdir(dir)) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") names.emplace_back(name);
    }
    ::closedir(dir);
    std::sort(names.begin(), names.end());
    return names;
}

namespace {
Result<void> remove_at(int parent, const char *name, const std::string &path) {
    if (::unlinkat(parent, name, 0) == 0 || errno == ENOENT) return {};
    if (errno != EISDIR && errno != EPERM && errno != ENOTEMPTY) return system_error("unlink", path);
    // NOFOLLOW: a link that somebody puts here meanwhile must not lead the removal elsewhere.
    Fd fd(::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd.valid()) return errno == ENOENT ? Result<void>{} : Result<void>{system_error("open", path)};
    DIR *dir = ::fdopendir(fd.get());
    if (dir == nullptr) return system_error("fdopendir", path);
    const int dir_fd = fd.release();
    Result<void> result;
    while (const dirent *entry = ::readdir(dir)) {
        const std::string_view child = entry->d_name;
        if (child == "." || child == "..") continue;
        auto removed = remove_at(dir_fd, entry->d_name, path + "/" + entry->d_name);
        if (!removed.ok() && result.ok()) result = std::move(removed);
    }
    ::closedir(dir);
    CTR_TRY(std::move(result));
    if (::unlinkat(parent, name, AT_REMOVEDIR) != 0 && errno != ENOENT) return system_error("rmdir", path);
    return {};
}
} // namespace

Result<void> remove_tree(const std::string &path) { return remove_at(AT_FDCWD, path.c_str(), path); }

const std::string &boot_id() {
    static const std::string id = [] {
        auto text = read_file("/proc/sys/kernel/random/boot_id");
        std::string out = text.ok() ? std::move(text).value() : std::string("unknown");
        while (!out.empty() && out.back() == '\n')
            out.pop_back();
        return out;
    }();
    return id;
}

std::uint64_t process_start_time(int pid) {
    const auto text = read_file("/proc/" + std::to_string(pid) + "/stat");
    if (!text.ok()) return 0;
    // The second field is the command in parentheses. It may itself contain spaces and parentheses, so fields are
    // counted from the last parenthesis.
    const auto end = text.value().rfind(')');
    if (end == std::string::npos) return 0;
    // The fields from the third on are: the state, 17 more, the number of threads, one more, the start time.
    const char *p = text.value().c_str() + end + 1;
    const char state = p[0] == ' ' ? p[1] : '\0';
    std::uint64_t threads = 0;
    for (int field = 2; field < 22 && *p != '\0'; ++p)
        if (*p == ' ' && ++field == 20) threads = std::strtoull(p, nullptr, 10);
    // If the first thread has ended before the others, the process also looks like a zombie.
    if ((state == 'Z' && threads < 2) || state == 'X') return 0;
    while (*p == ' ')
        ++p;
    return std::strtoull(p, nullptr, 10);
}

} // namespace core::sys
