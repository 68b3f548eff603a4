// SPDX-License-Identifier: MIT
//
// A group that existed before is not changed: it must have what was asked for. A group that was made for a chosen name
// (closID) stays, because others may have joined it meanwhile. A group with the container's own name is removed with
// the container.
#include "group.hpp"

#include "schemata.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace resctrl {
namespace {

using ctr::Run;
using ctr::Shell;

/// The whole file; nothing with errno set.
std::optional<std::string> read_file(const std::string &path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return std::nullopt;
    std::string text;
    char part[4096];
    ssize_t got = 0;
    while ((got = ::read(fd, part, sizeof part)) > 0)
        text.append(part, static_cast<std::size_t>(got));
    const int saved = errno;
    ::close(fd);
    errno = saved;
    return got < 0 ? std::nullopt : std::optional(text);
}

/// One write: the kernel takes or refuses it as a whole. 0, or errno.
int write_file(const std::string &path, const std::string &text) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) return errno;
    const int wrong = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : errno;
    ::close(fd);
    return wrong;
}

/// What resctrl says about its last refusal.
std::string reason(Run run) {
    auto text = read_file(run.str("root") + "/info/last_cmd_status").value_or("");
    while (!text.empty() && text.back() == '\n')
        text.pop_back();
    return text == "ok" ? "" : text;
}

int compare(Run run, const std::string &path) {
    const auto now = read_file(path + "/schemata");
    if (!now) return run.fail("read", path + "/schemata");
    for (const auto &line : run.strings("line"))
        if (!has_line(*now, line))
            return run.fail({.error_class = CTR_E_INVALID,
                             .message = "the group is there and has other schemata than \"" + line + "\"",
                             .hint = "choose another closID, or say what the group has",
                             .path = path});
    return 0;
}

int remove(Run run) {
    if (run.recorded_int("made").value_or(0) == 0) return 0;
    const std::string path = run.str("path");
    return ::rmdir(path.c_str()) == 0 || errno == ENOENT ? 0 : run.fail("rmdir", path);
}

} // namespace

int group(Run run) {
    const std::string path = run.str("path");
    if (run.integer("must_exist") != 0)
        return ::access(path.c_str(), F_OK) == 0
                   ? 0
                   : run.fail("access", path, "a closID without schemata names a group that is there already");
    const bool made = ::mkdir(path.c_str(), 0755) == 0;
    if (!made && errno != EEXIST)
        return run.fail("mkdir", path, errno == ENOSPC ? "the processor has no class of service left" : "");
    if (run.output("made", std::int64_t{made && run.integer("shared") == 0 ? 1 : 0}) != 0) return -1;
    if (!made) return compare(run, path);
    for (const auto &line : run.strings("line"))
        if (const int wrong = write_file(path + "/schemata", line + "\n"); wrong != 0) {
            if (run.integer("shared") != 0) (void)::rmdir(path.c_str()); // no process can have joined it yet
            return errno = wrong, run.fail("write", path + "/schemata", line + ": " + reason(run));
        }
    return 0;
}

int write_lines(Run run, const std::string &path, const std::vector<std::string> &lines) {
    for (const auto &line : lines) {
        if (!is_line(line))
            return run.fail({.error_class = CTR_E_INVALID,
                             .message = "\"" + line + "\" is no schema",
                             .hint = "for example L3:0=7f0;1=1f"});
        if (const int wrong = write_file(path + "/schemata", line + "\n"); wrong != 0)
            return errno = wrong, run.fail("write", path + "/schemata", line + ": " + reason(run));
    }
    return 0;
}

int update(Run run, const std::string &l3, const std::string &bandwidth) {
    // The change applies to all members of a shared group, as with runc; sharing is the purpose of a closID.
    return write_lines(run, run.str("path"), wanted_lines(l3, bandwidth, {}));
}

int group_undo(Run run) { return remove(run); }

int group_in_shell(Run run, Shell shell) {
    if (run.integer("must_exist") != 0) return shell.cmd({"test", "-d", run.str("path")});
    if (shell.cmd({"mkdir", "-p", run.str("path")}) != 0) return -1;
    for (const auto &line : run.strings("line"))
        if (shell.text("echo '" + line + "' > " + run.str("path") + "/schemata") != 0) return -1;
    return 0;
}

int monitor(Run run) {
    const std::string path = run.str("path");
    const bool made = ::mkdir(path.c_str(), 0755) == 0;
    if (!made && errno != EEXIST)
        return run.fail("mkdir", path,
                        errno == ENOENT   ? "this processor does not monitor"
                        : errno == ENOSPC ? "the processor has no monitoring id left"
                                          : "");
    return run.output("made", std::int64_t{made ? 1 : 0});
}

int monitor_undo(Run run) { return remove(run); }

int monitor_in_shell(Run run, Shell shell) { return shell.cmd({"mkdir", "-p", run.str("path")}); }

int remove_in_shell(Run run, Shell shell) {
    if (run.integer("shared") != 0 || run.integer("must_exist") != 0) return 0;
    return shell.cmd({"rmdir", run.str("path")});
}

int join(Run run) {
    for (const auto &path : run.strings("path"))
        if (const int wrong = write_file(path + "/tasks", run.str("pid") + "\n"); wrong != 0)
            return errno = wrong, run.fail("write", path + "/tasks", reason(run));
    return 0;
}

int join_in_shell(Run run, Shell shell) {
    for (const auto &path : run.strings("path"))
        if (shell.text("echo " + run.str("pid") + " > " + path + "/tasks") != 0) return -1;
    return 0;
}

} // namespace resctrl
