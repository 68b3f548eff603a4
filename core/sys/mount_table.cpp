// SPDX-License-Identifier: MIT
#include "sys/mount_table.hpp"

#include "base/text.hpp"
#include "sys/files.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace core::sys {
namespace {

// From linux/mount.h of Linux 6.11; Debian 12's header does not have it.
constexpr long statmount_number = 457, listmount_number = 458;
constexpr std::uint32_t statx_unique_id = 0x4000;
constexpr std::uint64_t want_sb = 0x1, want_mount = 0x2, want_root = 0x8, want_point = 0x10, want_type = 0x20,
                        want_options = 0x80;
constexpr std::uint64_t wanted = want_sb | want_mount | want_root | want_point | want_type | want_options;

struct Request {
    std::uint32_t size, spare;
    std::uint64_t id, param;
};

struct Status {
    std::uint32_t size, options; // offsets into text
    std::uint64_t mask;
    std::uint32_t major, minor;
    std::uint64_t magic;
    std::uint32_t flags, type;
    std::uint64_t id, parent;
    std::uint32_t old_id, old_parent;
    std::uint64_t attributes, propagation, peers, master, from;
    std::uint32_t root, point;
    std::uint64_t rest[50];
    char text[1];
};
static_assert(offsetof(Status, root) == 104 && offsetof(Status, text) == 512);

/// A line as in mountinfo; std::nullopt if the kernel does not give all fields.
std::optional<std::string> line_of(std::uint64_t id, std::vector<std::uint64_t> &buffer) {
    const Request request = {sizeof request, 0, id, wanted};
    for (;;) {
        const std::size_t size = buffer.size() * sizeof buffer[0];
        if (::syscall(statmount_number, &request, buffer.data(), size, 0U) == 0) break;
        if (errno == ENOENT) return std::string(); // unmounted meanwhile
        if (errno != EOVERFLOW || size > (std::size_t{1} << 20)) return std::nullopt;
        buffer.resize(buffer.size() * 4);
    }
    Status head;
    std::memcpy(&head, buffer.data(), offsetof(Status, text));
    if (((head.mask & wanted) | want_options) != wanted) return std::nullopt;
    if ((head.mask & want_options) == 0) head.options = UINT32_MAX; // there are none, or this is Linux 6.8 to 6.10
    const std::string_view all(static_cast<const char *>(static_cast<const void *>(buffer.data())),
                               buffer.size() * sizeof buffer[0]);
    const auto text = [&](std::uint32_t at) {
        if (at == UINT32_MAX || at >= all.size() - offsetof(Status, text)) return std::string();
        const auto from = all.substr(offsetof(Status, text) + at);
        return std::string(from.substr(0, from.find('\0')));
    };
    return std::to_string(head.old_id) + " " + std::to_string(head.old_parent) + " " + std::to_string(head.major) +
           ":" + std::to_string(head.minor) + " " + text(head.root) + " " + text(head.point) + " rw - " +
           text(head.type) + " none " + ((head.flags & 1) != 0 ? "ro" : "rw") +
           (text(head.options).empty() ? "" : ",") + text(head.options) + "\n";
}

/// The unique id of the mount that the path is on; 0 if the kernel does not support such ids.
std::uint64_t mount_id(const std::string &path) {
    struct statx st {};
    if (::statx(AT_FDCWD, path.c_str(), AT_NO_AUTOMOUNT, statx_unique_id, &st) != 0) return 0;
    return (st.stx_mask & statx_unique_id) != 0 ? st.stx_mnt_id : 0;
}

/// std::nullopt if the kernel does not answer (ENOSYS, a seccomp filter's EPERM); the caller then reads mountinfo.
std::optional<std::string> ask_kernel(const std::string &path) {
    const std::uint64_t top = mount_id(path);
    if (top == 0) return std::nullopt;
    std::vector<std::uint64_t> buffer(512);
    std::string all;
    const auto add = [&](std::uint64_t id) {
        auto line = line_of(id, buffer);
        if (line) all += *line;
        return line.has_value();
    };
    if (!add(top)) return std::nullopt;
    std::array<std::uint64_t, 64> ids{};
    for (Request request = {sizeof request, 0, top, 0};;) {
        const long n = ::syscall(listmount_number, &request, ids.data(), ids.size(), 0U);
        if (n < 0) return std::nullopt;
        for (long i = 0; i < n; ++i)
            if (!add(ids[static_cast<std::size_t>(i)])) return std::nullopt;
        if (n < static_cast<long>(ids.size())) return lines_below(all, path);
        request.param = ids.back();
    }
}

} // namespace

std::string lines_below(std::string_view mountinfo, std::string_view path) {
    std::string out;
    for (const std::string_view line : split(mountinfo, '\n')) {
        std::string_view point = line;
        for (int words = 0; words < 4; ++words)
            point.remove_prefix(std::min(point.size(), std::min(point.find(' '), point.size()) + 1));
        point = point.substr(0, point.find(' '));
        if (path != "/" && point.substr(0, path.size()) != path) continue;
        if (path == "/" ? !point.empty() : point.size() == path.size() || point[path.size()] == '/')
            (out += line) += '\n';
    }
    return out;
}

Result<std::string> mounts_below(const std::string &path) {
    if (auto lines = ask_kernel(path)) return std::move(*lines);
    CTR_ASSIGN(const std::string all, read_file("/proc/self/mountinfo"));
    return lines_below(all, path);
}

} // namespace core::sys
