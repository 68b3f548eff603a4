// SPDX-License-Identifier: MIT
#include "users.hpp"

#include "child.hpp"

namespace kinds {
namespace {

constexpr std::uint32_t id_max = 2147483647;
constexpr int end_of_file = -1;

/// Reads a file of any size, with lines of any length, character by character: a group may list thousands of users.
struct Text {
    int fd;
    std::size_t at, end;
    bool failed;
    char buffer[4096];
};

CTR_CHILD bool open_text(Text &text, int root, const char *path) {
    text.at = text.end = 0;
    text.failed = false;
    text.fd = open_inside(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (text.fd < 0) return false;
    struct stat st;
    if (fstat(text.fd, &st) == 0 && S_ISREG(st.st_mode)) return true;
    close_fd(text.fd);
    return false;
}

CTR_CHILD int next(Text &text) {
    if (text.at == text.end) {
        long n = 0;
        do
            n = syscall(SYS_read, text.fd, text.buffer, sizeof text.buffer);
        while (n < 0 && errno == EINTR);
        if (n < 0) text.failed = true;
        if (n <= 0) return end_of_file;
        text.at = 0;
        text.end = static_cast<std::size_t>(n);
    }
    return static_cast<unsigned char>(text.buffer[text.at++]);
}

/// One field of a line. `length` is its real length, even if only `room` bytes of it were kept.
struct Field {
    char *data;
    std::size_t room, length;
    int ended_by; // ':', ',' (where that parts fields), '\n' or end_of_file
    bool whole() const { return length <= room; }
};

CTR_CHILD Field take_field(Text &text, char *data, std::size_t room, char other_end = ':') {
    Field field = {data, room, 0, 0};
    for (;;) {
        const int c = next(text);
        if (c == ':' || c == other_end || c == '\n' || c == end_of_file) return field.ended_by = c, field;
        if (field.length < room) data[field.length] = static_cast<char>(c);
        ++field.length;
    }
}

/// Skips the rest of a line whose last field ended with `ended_by`.
CTR_CHILD int skip_line(Text &text, int ended_by) {
    while (ended_by != '\n' && ended_by != end_of_file)
        ended_by = take_field(text, nullptr, 0).ended_by;
    return ended_by;
}

CTR_CHILD bool is_name(const Field &field, const char *name, std::size_t length) {
    return field.length == length && field.whole() && memcmp(field.data, name, length) == 0;
}

/// The next field as an id; false if it is none, or if the line has no more fields.
CTR_CHILD bool take_id(Text &text, int &ended_by, std::uint32_t &out) {
    char digits[10];
    if (ended_by != ':') return false;
    const Field field = take_field(text, digits, sizeof digits);
    ended_by = field.ended_by;
    return field.whole() && parse_id(digits, field.length, out);
}

CTR_CHILD const char *push_group(UserIds &out, std::uint32_t gid) {
    if (out.n_groups == max_groups) return "the user is in more than 65536 groups";
    out.groups[out.n_groups++] = gid;
    return nullptr;
}

/// The name of the entry that is looked for.
struct Name {
    char data[1024];
    std::size_t length; // as in the file
};

/// home, the sixth field. If it is too long or contains a NUL, it stays unknown.
CTR_CHILD void take_home(Text &text, int &ended_by, UserIds &out) {
    if (ended_by == ':') ended_by = take_field(text, nullptr, 0).ended_by; // GECOS
    if (ended_by != ':') return;
    const Field home = take_field(text, out.home, sizeof out.home - 1);
    ended_by = home.ended_by;
    const bool good = home.whole() && memchr(out.home, '\0', home.length) == nullptr;
    out.home[good ? home.length : 0] = '\0';
}

/// The entry of a user by name, or by uid if `name` is nullptr. *found says whether there is one; `entry` gets its
/// name.
CTR_CHILD const char *read_passwd(int root, const char *name, UserIds &out, Name &entry, bool &found) {
    Text text;
    found = false;
    if (!open_text(text, root, "/etc/passwd")) return nullptr;
    const std::size_t length = name == nullptr ? 0 : strlen(name);
    for (int ended_by = '\n'; ended_by != end_of_file && !found;) {
        std::uint32_t uid = 0, gid = 0;
        const Field first = take_field(text, entry.data, sizeof entry.data);
        entry.length = first.length;
        ended_by = first.ended_by;
        if (ended_by == ':') ended_by = take_field(text, nullptr, 0).ended_by; // the password
        if (take_id(text, ended_by, uid) && take_id(text, ended_by, gid) &&
            (name != nullptr ? is_name(first, name, length) : uid == out.uid)) {
            found = true;
            out.uid = uid;
            out.gid = gid;
            take_home(text, ended_by, out);
        }
        ended_by = skip_line(text, ended_by);
    }
    close_fd(text.fd);
    return text.failed ? "/etc/passwd in the container cannot be read" : nullptr;
}

/// Whether the last field of a group's line lists the member.
CTR_CHILD bool takes_member(Text &text, int &ended_by, const Name &member) {
    bool listed = false;
    char name[sizeof member.data];
    if (ended_by == ':') ended_by = ',';
    while (ended_by == ',') {
        const Field each = take_field(text, name, sizeof name, ',');
        ended_by = each.ended_by;
        listed = listed || is_name(each, member.data, member.length);
    }
    return listed;
}

/// One pass over /etc/group: the gid of `group`, or, without it, the groups that list `member`.
CTR_CHILD const char *read_group(int root, const char *group, const Name *member, UserIds &out, std::uint32_t &gid_out,
                                 bool &found) {
    Text text;
    found = false;
    if (!open_text(text, root, "/etc/group")) return nullptr;
    const std::size_t length = group == nullptr ? 0 : strlen(group);
    const char *wrong = nullptr;
    char name[1024];
    for (int ended_by = '\n'; ended_by != end_of_file && !found && wrong == nullptr;) {
        std::uint32_t gid = 0;
        const Field first = take_field(text, name, sizeof name);
        ended_by = first.ended_by;
        if (ended_by == ':') ended_by = take_field(text, nullptr, 0).ended_by; // the password
        const bool good = take_id(text, ended_by, gid);
        if (good && group != nullptr) {
            found = is_name(first, group, length);
            if (found) gid_out = gid;
        } else if (good && takes_member(text, ended_by, *member)) {
            wrong = push_group(out, gid);
        }
        ended_by = skip_line(text, ended_by);
    }
    close_fd(text.fd);
    return text.failed ? "/etc/group in the container cannot be read" : wrong;
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
    char name[256];
    Name entry;
    const char *colon = strchr(user, ':');
    const std::size_t length = colon != nullptr ? static_cast<std::size_t>(colon - user) : strlen(user);
    if (length == 0) return "the user is empty";
    if (length >= sizeof name) return "the user's name is too long";
    memcpy(name, user, length);
    name[length] = '\0';
    out.uid = out.gid = out.n_groups = 0;
    out.home[0] = '\0';

    const bool numeric = digits(name);
    if (numeric && !parse_id(name, length, out.uid)) return "a user id must be at most 2147483647";
    bool found = false;
    const char *wrong = read_passwd(root, numeric ? nullptr : name, out, entry, found);
    if (wrong != nullptr) return wrong;
    if (!found && !numeric) return "the container's /etc/passwd has no such user";
    if (colon != nullptr) return colon[1] == '\0' ? "the group is empty" : find_group(root, colon + 1, out, out.gid);
    if (!found || entry.length == 0) return nullptr;
    if (entry.length > sizeof entry.data) return "the user's name in the container's /etc/passwd is too long";
    std::uint32_t unused = 0;
    return read_group(root, nullptr, &entry, out, unused, found);
}

CTR_CHILD const char *find_home(int root, UserIds &ids) {
    Name unused;
    bool found = false;
    const std::uint32_t gid = ids.gid;
    const char *wrong = read_passwd(root, nullptr, ids, unused, found);
    ids.gid = gid; // the group that the caller named, not that of the entry
    return wrong;
}

CTR_CHILD const char *add_group(int root, const char *group, UserIds &out) {
    std::uint32_t gid = 0;
    const char *wrong = find_group(root, group, out, gid);
    for (std::uint32_t i = 0; i < out.n_groups && wrong == nullptr; ++i)
        if (out.groups[i] == gid) return nullptr;
    return wrong != nullptr ? wrong : push_group(out, gid);
}

} // namespace kinds
