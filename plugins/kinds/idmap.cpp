// SPDX-License-Identifier: MIT
//
// The id maps of the child's user namespace, user_namespaces(7). A map can be written only once. With CAP_SETUID and
// CAP_SETGID the parent writes any map. Without, it may map its own id only (after setgroups is forbidden);
// newuidmap(1) maps what /etc/subuid grants.
#include "idmap.hpp"

#include "machine_files.hpp"
#include "shell.hpp"
#include "table.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

namespace kinds {
namespace {

/// 0, or errno.
int write_once(const std::string &path, const std::string &text) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) return errno;
    const int wrong = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : errno;
    ::close(fd);
    return wrong;
}

/// True for the one map that anybody may write: one id, the caller's own.
bool is_own(const std::vector<std::string> &map, std::uint64_t own) {
    if (map.size() != 1) return false;
    const std::string &line = map[0], tail = " " + std::to_string(own) + " 1";
    return line.size() > tail.size() && line.compare(line.size() - tail.size(), tail.size(), tail) == 0 &&
           line.find(' ') == line.size() - tail.size();
}

int run_helper(ctr::Run run, const std::string &pid, const char *program, const std::vector<std::string> &map) {
    std::vector<std::string> argv{program, pid};
    for (const auto &line : map)
        for (std::size_t begin = 0; begin < line.size();) {
            const std::size_t end = std::min(line.find(' ', begin), line.size());
            argv.push_back(line.substr(begin, end - begin));
            begin = end + 1;
        }
    std::vector<const char *> words;
    for (const std::string &word : argv)
        words.push_back(word.c_str());
    words.push_back(nullptr);
    const std::string path = find_program(program);
    const char *const environment[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", nullptr};
    const std::string hint = "mapping more than one's own id without privilege needs the package uidmap and entries in "
                             "/etc/subuid and /etc/subgid";
    if (path.empty())
        return run.fail({.error_class = CTR_E_PERMISSION,
                         .message = std::string(program) + " is not installed",
                         .hint = hint,
                         .syscall = program});
    ctr_spawn what{};
    what.size = sizeof what;
    what.path = path.c_str();
    what.argv = words.data();
    what.envp = environment;
    what.directory = what.out = what.err = -1;
    ctr_spawned how{};
    how.size = sizeof how;
    if (ctr::host->spawn(run.raw(), &what, &how) == 0) return 0;
    const int wrong = how.end == CTR_SPAWN_NOT_STARTED ? how.code : 0;
    return run.fail({.error_class = CTR_E_PERMISSION,
                     .message = std::string(how.errors, how.n_errors),
                     .hint = hint,
                     .errno_value = wrong,
                     .syscall = program});
}

int write_map(ctr::Run run, const std::string &pid, const char *name, const char *file, const char *program,
              std::uint64_t own) {
    const auto map = run.strings(name);
    if (map.empty()) return 0;
    const std::string process = "/proc/" + pid + "/";
    std::string text;
    for (const auto &line : map)
        text += line + "\n";
    int wrong = write_once(process + file, text);
    if (wrong == EPERM && is_own(map, own)) {
        if (std::string_view(file) == "gid_map") (void)write_once(process + "setgroups", "deny");
        wrong = write_once(process + file, text);
    }
    if (wrong == 0) return 0;
    if (wrong == EPERM) return run_helper(run, pid, program, map);
    errno = wrong;
    return run.fail("write", process + file, wrong == EINVAL ? "id ranges must not overlap; at most 340 lines" : "");
}

int apply(ctr::Run run) {
    if (!run.has("pid"))
        return run.fail({.error_class = CTR_E_INTERNAL,
                         .message = "idmap.write has no pid",
                         .hint = "give it the value child.pid"});
    return write_id_maps(run, run.str("pid"));
}

int shell(ctr::Run run, ctr::Shell shell) {
    for (const char *name : {"uid", "gid"}) {
        const auto map = run.strings(name);
        if (!map.empty() && shell.text("printf '%s\\n' " +
                                       [&map] {
                                           std::string words;
                                           for (const auto &line : map)
                                               words += (words.empty() ? "" : " ") + ctr::shell_word(line);
                                           return words;
                                       }() +
                                       " > /proc/" + run.str("pid") + "/" + name + "_map") != 0)
            return -1;
    }
    return 0;
}

using Ranges = std::vector<std::array<std::uint64_t, 3>>; // inside, outside, size

/// The lines of a map, sorted; nothing if a line is malformed.
std::optional<Ranges> ranges_of(const std::string &text) {
    Ranges out;
    const char *at = text.c_str();
    for (;;) {
        while (*at == ' ' || *at == '\n')
            ++at;
        if (*at == '\0') break;
        std::array<std::uint64_t, 3> range{};
        for (auto &number : range) {
            while (*at == ' ')
                ++at;
            char *end = nullptr;
            if (*at < '0' || *at > '9') return std::nullopt;
            number = std::strtoull(at, &end, 10);
            at = end;
        }
        out.push_back(range);
    }
    std::sort(out.begin(), out.end());
    return out;
}

int expect_map(ctr::Run run, const char *name, const char *file) {
    const auto map = run.strings(name);
    if (map.empty()) return 0;
    const std::string path = "/proc/" + run.str("pid") + "/" + file;
    const auto text = read_file(path, std::size_t{1} << 16);
    if (!text) return run.fail("read", path);
    const auto wanted = ranges_of(joined(map, "\n")), there = ranges_of(*text);
    if (wanted && there && *wanted == *there) return 0;
    std::string shown = *text;
    shown.erase(std::unique(shown.begin(), shown.end(), [](char a, char b) { return a == ' ' && b == ' '; }),
                shown.end());
    return run.fail({.error_class = CTR_E_INVALID,
                     .message = "the user namespace to join maps other ids than " + std::string(name) + "Mappings",
                     .hint = "leave the mappings out, or give those of the namespace:" + shown,
                     .path = std::string("/linux/") + name + "Mappings"});
}

int expect_apply(ctr::Run run) {
    return expect_map(run, "uid", "uid_map") != 0 ? -1 : expect_map(run, "gid", "gid_map");
}

int expect_shell(ctr::Run run, ctr::Shell shell) {
    return shell.text("# /proc/" + run.str("pid") + "/uid_map: " + joined(run.strings("uid"), ", ") +
                      "; gid_map: " + joined(run.strings("gid"), ", "));
}

} // namespace

int write_id_maps(ctr::Run run, const std::string &pid) {
    if (write_map(run, pid, "gid", "gid_map", "newgidmap", ::getegid()) != 0) return -1;
    return write_map(run, pid, "uid", "uid_map", "newuidmap", ::geteuid());
}

constinit const ctr_step_kind idmap_write = ctr::parent_kind<apply, shell>(CTR_KIND_IDMAP_WRITE);
constinit const ctr_step_kind idmap_expect = ctr::parent_kind<expect_apply, expect_shell>(CTR_KIND_IDMAP_EXPECT);

} // namespace kinds
