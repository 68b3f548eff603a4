// SPDX-License-Identifier: MIT
//
// OCI hooks: programs of the machine or of the container that are run at fixed points of its life, with its state as
// JSON on their standard input (runtime-spec, config.md "POSIX-platform Hooks"). The plugin `hooks` decides where they
// stand in the plan; this file runs one. Parent and child run the same code, which allocates nothing. A failing hook
// fails its step, except at delete, where there is nothing left to stop.
#include "child.hpp"
#include "shell.hpp"
#include "table.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace kinds {
namespace {

/// Arguments and environment of one hook together; the plugin refuses more.
constexpr std::size_t max_words = 4096;

/// Text in a buffer of fixed size; what does not fit is cut off.
struct Text {
    char *data;
    std::size_t room, length;
};

CTR_ALWAYS_INLINE void add(Text &text, const char *more, std::size_t n) {
    for (std::size_t i = 0; i < n && text.length + 1 < text.room; ++i)
        text.data[text.length++] = more[i];
    text.data[text.length] = '\0';
}
CTR_ALWAYS_INLINE void add(Text &text, const char *more) { add(text, more, strlen(more)); }
CTR_ALWAYS_INLINE void add(Text &text, std::int64_t number) {
    char digits[24];
    add(text, digits, write_decimal(digits, number));
}

/// What went wrong, in words.
struct Words {
    char about[1000], message[128], said[400];
};

CTR_CHILD void describe(ctr_run *raw, const ctr_spawned *how, Words *words) {
    const ctr::ChildRun run{raw};
    Text about = {words->about, sizeof words->about, 0}, message = {words->message, sizeof words->message, 0},
         said = {words->said, sizeof words->said, 0};
    add(about, run.str("hook"));
    add(about, ": ");
    add(about, run.str("path"));
    switch (how->end) {
    case CTR_SPAWN_EXITED:
        add(message, "the OCI hook failed with exit status ");
        add(message, how->code);
        break;
    case CTR_SPAWN_SIGNALED:
        add(message, "the OCI hook was killed by signal ");
        add(message, how->code);
        break;
    case CTR_SPAWN_TIMED_OUT:
        add(message, "the OCI hook was killed, it did not end within its timeout of ");
        add(message, run.integer("timeout"));
        add(message, " s");
        break;
    case CTR_SPAWN_INTERRUPTED: add(message, "the OCI hook was killed, since who runs it was told to end"); break;
    case CTR_SPAWN_NOT_STARTED: add(message, "the OCI hook could not be started"); break;
    }
    std::size_t from = 0, to = how->n_errors;
    while (to > 0 && (how->errors[to - 1] == '\n' || how->errors[to - 1] == ' '))
        --to;
    while (from < to && (how->errors[from] & 0xc0) == 0x80) // the rest of a character that was cut
        ++from;
    add(said, "");
    if (from == to) return;
    add(said, "it said: ");
    for (; from < to; ++from) {
        const char c = how->errors[from];
        const bool control = (c >= 0 && c < 0x20) || c == 0x7f;
        add(said, control ? " " : &c, 1);
    }
}

/// Whose environment the hook has, if not what its arguments say.
CTR_CHILD std::uint32_t environment_of(ctr_run *raw) {
    const char *whose = ctr::ChildRun{raw}.str("env_of");
    if (equal(whose, "program")) return CTR_SPAWN_ENVIRONMENT_OF_PROGRAM;
    return equal(whose, "caller") ? CTR_SPAWN_ENVIRONMENT_OF_HOST : 0U;
}

/// Opens the file for the hook's output, if its arguments name one: a descriptor (needed where the path is no longer
/// visible) or a path of the machine. The caller closes it.
CTR_CHILD int open_output(ctr_run *raw, const char *by_fd, const char *by_path, int *out) {
    const ctr::ChildRun run{raw};
    *out = -1;
    if (run.count(by_path) != 0)
        *out = open(run.str(by_path), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    else if (run.count(by_fd) != 0)
        *out = fcntl(run.fd(by_fd), F_DUPFD_CLOEXEC, 3);
    else
        return 0;
    return *out < 0 ? -1 : 0;
}

CTR_CHILD int not_started(ctr_spawned *how, const char *syscall_name, int wrong) {
    how->end = CTR_SPAWN_NOT_STARTED;
    how->syscall = syscall_name;
    how->code = wrong;
    how->n_errors = 0;
    return -1;
}

/// 0 if the hook did what it should. `flags`: CTR_SPAWN_CONFINED, or 0.
CTR_CHILD int run_hook(ctr_run *raw, ctr_spawned *how, std::uint32_t flags) {
    const ctr::ChildRun run{raw};
    const std::size_t n_args = run.count("arg"), n_env = run.count("env");
    const char *words[max_words + 3];
    if (n_args + n_env > max_words) return not_started(how, "execve", E2BIG);
    ctr_spawn what;
    memset(&what, 0, sizeof what);
    what.size = sizeof what;
    what.flags = flags | environment_of(raw);
    what.path = run.str("path");
    what.directory = what.out = what.err = -1;
    std::size_t n = 0;
    for (std::size_t i = 0; i < n_args; ++i)
        words[n++] = run.str("arg", i);
    if (n_args == 0) words[n++] = what.path;
    words[n++] = nullptr;
    what.argv = words;
    what.envp = words + n;
    for (std::size_t i = 0; i < n_env; ++i)
        words[n++] = run.str("env", i);
    words[n] = nullptr;
    what.cwd = run.count("cwd") != 0 ? run.str("cwd") : nullptr;
    if (run.count("target") != 0) {
        what.directory = open_inside(ctr::host->root_fd(raw), run.str("target"), O_PATH | O_DIRECTORY);
        if (what.directory < 0) return not_started(how, "openat2", errno);
    }
    const ctr_str state = run.text("state");
    what.input = state.data;
    what.input_size = state.len;
    what.timeout = run.integer("timeout");
    const bool opened = open_output(raw, "stdout", "stdout_path", &what.out) == 0 &&
                        open_output(raw, "stderr", "stderr_path", &what.err) == 0;
    how->size = sizeof *how;
    const int result = opened ? ctr::host->spawn(raw, &what, how) : not_started(how, "open", errno);
    close_fd(what.directory);
    close_fd(what.out);
    close_fd(what.err);
    return result;
}

CTR_CHILD int run_and_report(ctr_run *raw, std::uint32_t flags) {
    ctr_spawned how;
    if (run_hook(raw, &how, flags) == 0) return 0;
    Words words;
    describe(raw, &how, &words);
    const bool started = how.end != CTR_SPAWN_NOT_STARTED;
    const ctr_error error = {sizeof(ctr_error), CTR_E_SYSTEM, started ? 0 : how.code,
                             words.message,     words.said,   started ? nullptr : how.syscall,
                             words.about};
    return ctr::host->fail(raw, &error);
}

CTR_CHILD int run_apply(ctr_run *raw) { return run_and_report(raw, 0); }
/// A startContainer hook is a file of the image, so it is confined like the container's program.
CTR_CHILD int inside_apply(ctr_run *raw) { return run_and_report(raw, CTR_SPAWN_CONFINED); }

int later_apply(ctr::Run) { return 0; }

/// A failure is only a warning, because the hook has nothing left to stop.
int later_undo(ctr::Run run) {
    ctr_spawned how;
    if (run_hook(run.raw(), &how, 0) == 0) return 0;
    Words words;
    describe(run.raw(), &how, &words);
    std::string text = std::string(words.about) + ": " + words.message;
    if (how.end == CTR_SPAWN_NOT_STARTED) text += std::string(": ") + how.syscall + ": " + strerror(how.code);
    if (words.said[0] != '\0') text += std::string(" (") + words.said + ")";
    run.log(CTR_LOG_WARN, text);
    return 0;
}

/// `before`: for the child, the words that give the hook the container's identity.
std::string line_of(const ctr::Run &run, const char *before) {
    std::string line;
    const std::string path = run.str("path");
    if (run.has("arg") && run.str("arg") != path)
        line = "# its argv[0] is " + ctr::shell_word(run.str("arg")) + ", which env(1) cannot say\n";
    const std::string whose = run.str("env_of");
    if (whose == "program") line += "# with the environment of the program, which it gets at the end\n";
    line += "(";
    if (run.has("target"))
        line += "cd " + inside(run.str("target")) + "; ";
    else if (run.has("cwd"))
        line += "cd " + ctr::shell_word(run.str("cwd")) + " 2> /dev/null || cd /; ";
    line += "printf %s " + ctr::shell_word(run.str("state")) + " | ";
    if (run.integer("timeout") > 0) line += "timeout -s KILL " + std::to_string(run.integer("timeout")) + " ";
    line += std::string(before) + (whose.empty() ? "env -i" : "env");
    for (const auto &each : run.strings("env"))
        line += " " + ctr::shell_word(each);
    line += " " + ctr::shell_word(path);
    for (std::size_t i = 1; i < run.count("arg"); ++i)
        line += " " + ctr::shell_word(run.str("arg", i));
    for (const auto &[name, into] : {std::pair("stdout", " >> "), std::pair("stderr", " 2>> ")})
        if (const std::string by_path = std::string(name) + "_path"; run.has(by_path.c_str()))
            line += into + ctr::shell_word(run.str(by_path.c_str()));
        else if (run.has(name))
            line += into + ctr::shell_word(run.str(name));
    return line + ")";
}

int run_shell(ctr::Run run, ctr::Shell shell) { return shell.text(line_of(run, "")); }
int inside_shell(ctr::Run run, ctr::Shell shell) { return shell.text(line_of(run, "${setpriv-} ")); }
int later_shell(ctr::Run run, ctr::Shell shell) {
    return shell.text("# " + ctr::shell_word(run.str("path")) + " runs when all is taken back");
}
int later_shell_undo(ctr::Run run, ctr::Shell shell) {
    return shell.text(line_of(run, "") + " || echo " + ctr::shell_word(run.str("hook") + " failed") + " >&2");
}

constexpr ctr_step_kind kind(const char *name, ctr_process process, int (*apply)(ctr_run *),
                             int (*shell)(ctr_run *, ctr_shell *)) {
    return {sizeof(ctr_step_kind), static_cast<std::uint32_t>(process), name, apply, nullptr, shell, nullptr};
}

} // namespace

constinit const ctr_step_kind oci_hook_run =
    kind(CTR_KIND_OCI_HOOK_RUN, CTR_PROCESS_PARENT, run_apply, ctr::detail::shell_trampoline<run_shell>);
constinit const ctr_step_kind oci_hook_run_inside =
    kind(CTR_KIND_OCI_HOOK_RUN_INSIDE, CTR_PROCESS_CHILD, inside_apply, ctr::detail::shell_trampoline<inside_shell>);
constinit const ctr_step_kind oci_hook_at_delete =
    ctr::parent_kind<later_apply, later_undo, later_shell, later_shell_undo>(CTR_KIND_OCI_HOOK_AT_DELETE);

} // namespace kinds
