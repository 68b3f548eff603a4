// SPDX-License-Identifier: MIT
#include "machine_files.hpp"

#include <ctr/cpp/fd.hpp>

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <unistd.h>

namespace kinds {
namespace {

/// 0, or -1 with errno.
int write_all(int fd, const std::string &text) {
    for (std::size_t at = 0; at < text.size();) {
        const ssize_t n = ::write(fd, text.data() + at, text.size() - at);
        if (n < 0 && errno != EINTR) return -1;
        if (n > 0) at += static_cast<std::size_t>(n);
    }
    return 0;
}

} // namespace

std::optional<std::string> read_file(const std::string &path, std::size_t limit) {
    const ctr::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid()) return std::nullopt;
    std::string text;
    char buffer[4096];
    for (;;) {
        const ssize_t n = ::read(fd.get(), buffer, sizeof buffer);
        if (n == 0) return text;
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return std::nullopt;
        text.append(buffer, static_cast<std::size_t>(n));
        if (text.size() > limit) return errno = EFBIG, std::nullopt;
    }
}

int replace_file(ctr::Run run, const std::string &path, const std::string &content, mode_t mode) {
    const std::string temporary = path + ".tmp" + std::to_string(::getpid());
    const ctr::Fd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
    if (!fd.valid()) return run.fail("open", temporary);
    int result = write_all(fd.get(), content) == 0 ? 0 : run.fail("write", temporary);
    if (result == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) result = run.fail("rename", path);
    if (result != 0) ::unlink(temporary.c_str());
    return result;
}

std::string find_program(const std::string &name) {
    for (const char *directory : {"/usr/local/sbin/", "/usr/local/bin/", "/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"})
        if (::access((directory + name).c_str(), X_OK) == 0) return directory + name;
    return {};
}

} // namespace kinds
