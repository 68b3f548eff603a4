// SPDX-License-Identifier: MIT
#include "users.hpp"

#include "child.hpp"

namespace core::kinds {
namespace {

constexpr std::uint32_t id_max = 2147483647;

/// A file, line by line. A line longer than the buffer ends the reading with an error: half a line is not what it says.
struct Lines {
    int fd;
    std::size_t begin, end;
    bool at_end, too_long;
    char buffer[16384];
};

CTR_CHILD bool open_lines(Lines &lines, int root, const char *path) {
    lines.begin = lines.end = 0;
    lines.at_end = lines.too_long = false;
    lines.fd = open_inside(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (lines.fd < 0) return false;
    struct stat st;
    if (fstat(lines.fd, &st) == 0 && S_ISREG(st.st_mode)) return true;
    close_fd(lines.fd);
    return false;
}

/// The next line, ended by a NUL, or nullptr.
CTR_CHILD char *next_line(Lines &lines) {
    for (;;) {
        char *start = lines.buffer + lines.begin;
        char *newline = static_cast<char *>(memchr(start, '\n', lines.end - lines.begin));
        if (newline != nullptr || (lines.at_end && lines.begin < lines.end)) {
            if (newline == nullptr) newline = lines.buffer + lines.end; // there is room: see below
            *newline = '\0';
            lines.begin = static_cast<std::size_t>(newline - lines.buffer) + 1;
            if (lines.begin > lines.end) lines.begin = lines.end;
            return start;
        }
        if (lines.at_end) return nullptr;
        memmove(lines.buffer, start, lines.end - lines.begin);
        lines.end -= lines.begin;
        lines.begin = 0;
        const std::size_t room = sizeof lines.buffer - 1 - lines.end;
        if (room == 0) return lines.too_long = true, nullptr;
        const long n = syscall(SYS_read, lines.fd, lines.buffer + lines.end, room);
        if (n <= 0)
            lines.at_end = true;
        else
            lines.end += static_cast<std::size_t>(n);
    }
}

/// Cuts the line at its colons; gives how many fields there are, at most `max`.
CTR_CHILD std::size_t split(char *line, char **fields, std::size_t max) {
    std::size_t n = 0;
    fields[n++] = line;
    for (char *c = line; *c != '\0' && n < max; ++c) // NOLINT(clang-analyzer-core.*): read(2) has filled it
        if (*c == ':') {
            *c = '\0';
            fields[n++] = c + 1;
        }
    if (n == max)
        if (char *rest = strchr(fields[n - 1], ':')) *rest = '\0';
    return n;
}

CTR_CHILD bool lists(const char *members, const char *name) {
    const std::size_t length = strlen(name);
    for (const char *at = members; *at != '\0';) {
        const char *comma = strchr(at, ',');
        const std::size_t n = comma != nullptr ? static_cast<std::size_t>(comma - at) : strlen(at);
        if (n == length && memcmp(at, name, n) == 0) return true;
        at += n + (comma != nullptr ? 1 : 0);
    }
    return false;
}

CTR_CHILD const char *push_group(UserIds &out, std::uint32_t gid) {
    for (std::uint32_t i = 0; i < out.n_groups; ++i)
        if (out.groups[i] == gid) return nullptr;
    if (out.n_groups == sizeof out.groups / sizeof *out.groups) return "the user is in more than 256 groups";
    out.groups[out.n_groups++] = gid;
    return nullptr;
}

/// The entry of a user by name, or by uid if `name` is nullptr. *found says whether there is one; `name_out` gets its name.
CTR_CHILD const char *read_passwd(int root, const char *name, UserIds &out, char (&name_out)[256], bool &found) {
    Lines lines;
    found = false;
    if (!open_lines(lines, root, "/etc/passwd")) return nullptr;
    while (char *line = next_line(lines)) {
        char *field[7];
        std::uint32_t uid = 0, gid = 0;
        const std::size_t n = split(line, field, 7);
        if (n < 4 || !parse_id(field[2], strlen(field[2]), uid) || !parse_id(field[3], strlen(field[3]), gid)) continue;
        if (name != nullptr ? !equal(field[0], name) : uid != out.uid) continue;
        out.uid = uid;
        out.gid = gid;
        const std::size_t length = strlen(field[0]), home = n > 5 ? strlen(field[5]) : 0;
        if (length < sizeof name_out) memcpy(name_out, field[0], length + 1);
        if (home != 0 && home < sizeof out.home) memcpy(out.home, field[5], home + 1);
        found = true;
        break;
    }
    close_fd(lines.fd);
    return lines.too_long ? "a line of /etc/passwd in the container is too long" : nullptr;
}

/// One pass over /etc/group: the gid of `group`, or, without it, the groups that list `member`.
CTR_CHILD const char *read_group(int root, const char *group, const char *member, UserIds &out, std::uint32_t &gid_out,
                                 bool &found) {
    Lines lines;
    found = false;
    if (!open_lines(lines, root, "/etc/group")) return nullptr;
    const char *wrong = nullptr;
    while (char *line = wrong == nullptr && !found ? next_line(lines) : nullptr) {
        char *field[4];
        std::uint32_t gid = 0;
        const std::size_t n = split(line, field, 4);
        if (n < 3 || !parse_id(field[2], strlen(field[2]), gid)) continue;
        if (group != nullptr) {
            found = equal(field[0], group);
            if (found) gid_out = gid;
        } else if (n == 4 && member != nullptr && lists(field[3], member)) {
            wrong = push_group(out, gid);
        }
    }
    close_fd(lines.fd);
    return lines.too_long ? "a line of /etc/group in the container is too long" : wrong;
}

CTR_CHILD bool digits(const char *text) {
    if (*text == '\0') return false;
    for (; *text != '\0'; ++text)
        if (*text < '0' || *text > '9') return false;
    return true;
}

CTR_CHILD const char *find_group(int root, const char *group, UserIds &out, std::uint32_t &gid) {
    if (digits(group)) return parse_id(group, strlen(group), gid) ? nullptr : "a group id must be at most 2147483647";
    bool found = false;
    const char *wrong = read_group(root, group, nullptr, out, gid, found);
    if (wrong == nullptr && !found) wrong = "the container's /etc/group has no such group";
    return wrong;
}

} // namespace

CTR_CHILD bool parse_id(const char *text, std::size_t length, std::uint32_t &out) {
    if (length == 0 || length > 10) return false;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < length; ++i) {
        if (text[i] < '0' || text[i] > '9') return false;
        value = value * 10 + static_cast<std::uint64_t>(text[i] - '0');
    }
    if (value > id_max) return false;
    out = static_cast<std::uint32_t>(value);
    return true;
}

CTR_CHILD const char *find_user(int root, const char *user, UserIds &out) {
    char name[256], entry[256];
    const char *colon = strchr(user, ':');
    const std::size_t length = colon != nullptr ? static_cast<std::size_t>(colon - user) : strlen(user);
    if (length == 0) return "the user is empty";
    if (length >= sizeof name) return "the user's name is too long";
    memcpy(name, user, length);
    name[length] = '\0';
    entry[0] = '\0';
    out.uid = out.gid = out.n_groups = 0;
    out.home[0] = '\0';

    const bool numeric = digits(name);
    if (numeric && !parse_id(name, length, out.uid)) return "a user id must be at most 2147483647";
    bool found = false;
    const char *wrong = read_passwd(root, numeric ? nullptr : name, out, entry, found);
    if (wrong != nullptr) return wrong;
    if (!found && !numeric) return "the container's /etc/passwd has no such user";
    if (colon != nullptr) return colon[1] == '\0' ? "the group is empty" : find_group(root, colon + 1, out, out.gid);
    std::uint32_t unused = 0;
    return entry[0] == '\0' ? nullptr : read_group(root, nullptr, entry, out, unused, found);
}

CTR_CHILD const char *find_home(int root, UserIds &ids) {
    char unused[256];
    bool found = false;
    const std::uint32_t gid = ids.gid;
    const char *wrong = read_passwd(root, nullptr, ids, unused, found);
    ids.gid = gid; // the caller's word, not the entry's
    return wrong;
}

CTR_CHILD const char *add_group(int root, const char *group, UserIds &out) {
    std::uint32_t gid = 0;
    const char *wrong = find_group(root, group, out, gid);
    return wrong != nullptr ? wrong : push_group(out, gid);
}

} // namespace core::kinds
