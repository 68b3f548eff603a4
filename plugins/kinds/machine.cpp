// SPDX-License-Identifier: MIT
//
// Directories, files and descriptors of the machine, for the parent.
//
// The undo removes only what is provably the step's own: a directory if the step recorded that it made it, and it is
// empty; a file if it still has the content that the step wrote.
#include "machine_files.hpp"
#include "shell.hpp"
#include "table.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace kinds {
namespace {

int mkdir_apply(ctr::Run run) {
    const std::string path = run.str("path");
    const auto mode = static_cast<mode_t>(run.integer("mode", 0755));
    struct stat st {};
    const bool made = ::mkdir(path.c_str(), mode) == 0;
    if (!made && errno != EEXIST)
        return run.fail("mkdir", path, errno == ENOENT ? "its parent directory must exist" : "");
    if (!made && (::stat(path.c_str(), &st) != 0 || !S_ISDIR(st.st_mode)))
        return errno = ENOTDIR, run.fail("mkdir", path);
    if (made && ::chmod(path.c_str(), mode) != 0) return run.fail("chmod", path);
    if (made) (void)run.output("made", std::int64_t{1}); // if the step does not declare this output, it is not undone
    return 0;
}
int mkdir_undo(ctr::Run run) {
    if (run.recorded_int("made").value_or(0) == 0) return 0;
    const std::string path = run.str("path");
    if (::rmdir(path.c_str()) == 0 || errno == ENOENT || errno == ENOTEMPTY || errno == EEXIST) return 0;
    return run.fail("rmdir", path);
}
int mkdir_shell(ctr::Run run, ctr::Shell shell) {
    return shell.cmd({"mkdir", "-p", "-m", octal(run.integer("mode", 0755)), run.str("path")});
}
int mkdir_shell_undo(ctr::Run run, ctr::Shell shell) {
    return shell.cmd({"rmdir", "--ignore-fail-on-non-empty", run.str("path")});
}

int write_apply(ctr::Run run) {
    return replace_file(run, run.str("path"), run.str("content"), static_cast<mode_t>(run.integer("mode", 0644)));
}
int write_undo(ctr::Run run) {
    const std::string path = run.str("path"), content = run.str("content");
    const auto now = read_file(path, content.size());
    if (!now || *now != content) return 0;
    return ::unlink(path.c_str()) == 0 || errno == ENOENT ? 0 : run.fail("unlink", path);
}
int write_shell(ctr::Run run, ctr::Shell shell) {
    const std::string path = ctr::shell_word(run.str("path"));
    return shell.text("printf %s " + ctr::shell_word(run.str("content")) + " > " + path + "\nchmod " +
                      octal(run.integer("mode", 0644)) + " " + path);
}
int write_shell_undo(ctr::Run run, ctr::Shell shell) { return shell.cmd({"rm", "-f", run.str("path")}); }

/// The words of the argument flags, comma-separated.
std::optional<int> open_flags(const std::string &words) {
    int flags = 0;
    for (std::size_t begin = 0; begin <= words.size();) {
        const std::size_t end = std::min(words.find(',', begin), words.size());
        const std::string word = words.substr(begin, end - begin);
        if (word == "wronly")
            flags |= O_WRONLY;
        else if (word == "rdwr")
            flags |= O_RDWR;
        else if (word == "append")
            flags |= O_WRONLY | O_APPEND | O_CREAT;
        else if (word == "path")
            flags |= O_PATH;
        else if (word == "directory")
            flags |= O_DIRECTORY;
        else if (word != "rdonly")
            return std::nullopt;
        begin = end + 1;
    }
    return flags;
}

int open_apply(ctr::Run run) {
    const std::string path = run.str("path");
    const auto flags = open_flags(run.has("flags") ? run.str("flags") : "rdonly");
    if (!flags)
        return run.fail({.error_class = CTR_E_INVALID,
                         .message = "these are no flags",
                         .hint = "rdonly, wronly, rdwr, append, path, directory",
                         .path = run.str("flags")});
    const int fd = ::open(path.c_str(), *flags | O_CLOEXEC, 0600);
    return fd >= 0 ? run.output_fd("fd", fd) : run.fail("open", path);
}
/// In the script the value is the file's path instead of a descriptor.
int open_shell(ctr::Run run, ctr::Shell shell) { return shell.set(run.output_value("fd"), {"echo", run.str("path")}); }

std::string ns_file(ctr::Run run) {
    const std::string type = run.str("type");
    const std::string name = type == "mount" ? "mnt" : type == "network" ? "net" : type;
    return "/proc/" + run.str("pid") + "/ns/" + name;
}

int ns_apply(ctr::Run run) {
    if (!run.has("pid"))
        return run.fail(
            {.error_class = CTR_E_INTERNAL, .message = "ns.open has no pid", .hint = "give it the value child.pid"});
    const std::string path = ns_file(run);
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    return fd >= 0 ? run.output_fd("ns", fd) : run.fail("open", path);
}
int ns_shell(ctr::Run run, ctr::Shell shell) { return shell.set(run.output_value("ns"), {"echo", ns_file(run)}); }

} // namespace

constinit const ctr_step_kind machine_mkdir =
    ctr::parent_kind<mkdir_apply, mkdir_undo, mkdir_shell, mkdir_shell_undo>(CTR_KIND_MACHINE_MKDIR);
constinit const ctr_step_kind machine_write =
    ctr::parent_kind<write_apply, write_undo, write_shell, write_shell_undo>(CTR_KIND_MACHINE_WRITE);
constinit const ctr_step_kind machine_open = ctr::parent_kind<open_apply, open_shell>(CTR_KIND_MACHINE_OPEN);
constinit const ctr_step_kind ns_open = ctr::parent_kind<ns_apply, ns_shell>(CTR_KIND_NS_OPEN);

} // namespace kinds
