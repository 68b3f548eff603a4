// SPDX-License-Identifier: MIT
#include "launch/run.hpp"

#include "base/text.hpp"
#include "launch/child.hpp"
#include "plan/plan_abi.hpp"
#include "sys/process.hpp"
#include "sys/spawn.hpp"

#include <ctr/contexts.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <sys/prctl.h>
#include <unistd.h>

namespace core::launch {

void (*log_sink)(int level, const char *plugin, const char *message) = nullptr;
int log_threshold = CTR_LOG_WARN;

// ---- for both sides of the clone ------------------------------------------------------------------------------------

namespace {

CTR_CHILD void copy_text(char *to, std::size_t room, const char *from) {
    std::size_t i = 0;
    if (from != nullptr)
        for (; from[i] != '\0' && i + 1 < room; ++i)
            to[i] = from[i];
    to[i] = '\0';
}

} // namespace

CTR_CHILD int report(ctr_run *run, const ctr_error *error) {
    if (run->failed) return -1; // the first error is the one reported
    run->failed = true;
    run->error.error_class = error->error_class;
    run->error.errno_value = error->errno_value;
    copy_text(run->error.message, sizeof run->error.message, error->message);
    copy_text(run->error.hint, sizeof run->error.hint, error->hint);
    copy_text(run->error.syscall, sizeof run->error.syscall, error->syscall);
    copy_text(run->error.path, sizeof run->error.path, error->path);
    return -1;
}

namespace {

CTR_CHILD void refuse(void *run, const ctr_error *error) { report(static_cast<ctr_run *>(run), error); }

CTR_CHILD int fail(ctr_run *run, const ctr_error *error) {
    constexpr ctr_error nothing_said = {sizeof(ctr_error), CTR_E_INTERNAL, 0,      "it failed without saying why",
                                        nullptr,           nullptr,        nullptr};
    if (CTR_LEGAL(run, fail)) report(run, error != nullptr ? error : &nothing_said);
    return -1;
}

/// Starts where the last search ended if it asks for a later argument of the same name.
CTR_CHILD const PackedArg *find_arg(ctr_run *run, const char *name, std::size_t index) {
    const PackedStep &step = run->block->steps[run->step];
    const PackedArg *args = run->block->args + step.first_arg;
    std::uint32_t at = 0;
    std::size_t left = index;
    if (run->found < step.n_args && index >= run->found_index && strcmp(args[run->found].name, name) == 0)
        at = run->found, left -= run->found_index;
    for (; at < step.n_args; ++at)
        if (strcmp(args[at].name, name) == 0 && left-- == 0) {
            run->found = at;
            run->found_index = index;
            return args + at;
        }
    return nullptr;
}

CTR_CHILD Value *find_output(ctr_run *run, const char *name) {
    const PackedStep &step = run->block->steps[run->step];
    const PackedOutput *output = run->block->outputs + step.first_output;
    for (std::uint32_t i = 0; i < step.n_outputs; ++i, ++output)
        if (strcmp(output->name, name) == 0 && output->value != no_index) return run->block->values + output->value;
    return nullptr;
}

/// Appends to the scratch area, which has room for the worst case.
CTR_CHILD void append(ctr_run *run, const char *text, std::size_t length) {
    const std::size_t room = run->block->scratch_size - run->scratch_used - 1;
    const std::size_t take = length < room ? length : room;
    memcpy(run->block->scratch + run->scratch_used, text, take);
    run->scratch_used += take;
}

CTR_CHILD std::size_t decimal(std::int64_t value, char *to) {
    char digits[24];
    std::size_t n = 0;
    auto rest = value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
    do {
        digits[n++] = static_cast<char>('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    std::size_t length = 0;
    if (value < 0) to[length++] = '-';
    while (n > 0)
        to[length++] = digits[--n];
    to[length] = '\0';
    return length;
}

CTR_CHILD void append_value(ctr_run *run, const Value &value) {
    if (value.text != nullptr && value.known) {
        append(run, value.text, value.length);
    } else if (value.type == CTR_TYPE_INT && value.known) {
        char digits[24];
        append(run, digits, decimal(value.integer, digits));
    }
}

/// In the shell context a value of any type appears as a mark.
CTR_CHILD void append_mark(ctr_run *run, const Value &value) {
    append(run, "\x01", 1);
    append(run, value.name, strlen(value.name));
    append(run, "\x02", 1);
}

CTR_CHILD ctr_str finish(ctr_run *run, std::size_t start) {
    char *const text = run->block->scratch + start;
    text[run->scratch_used - start] = '\0';
    const ctr_str out = {text, run->scratch_used - start};
    ++run->scratch_used;
    return out;
}

CTR_CHILD ctr_str expand(ctr_run *run, const PackedArg &arg) {
    const std::size_t start = run->scratch_used;
    const PackedPiece *piece = run->block->pieces + arg.first_piece;
    for (std::uint32_t i = 0; i < arg.n_pieces; ++i, ++piece) {
        if (piece->value == no_index) {
            append(run, piece->literal.data, piece->literal.len);
            continue;
        }
        const Value &value = run->block->values[piece->value];
        if ((run->context & CTR_IN_SHELL) != 0) {
            append_mark(run, value);
        } else if (value.known) {
            append_value(run, value);
        } else {
            // This is an undo whose step never got the value. A path with a gap would be another path, so the whole
            // argument is empty.
            run->scratch_used = start;
            return {"", 0};
        }
    }
    return finish(run, start);
}

CTR_CHILD std::size_t arg_count(ctr_run *run, const char *name) {
    if (!CTR_LEGAL(run, arg_count)) return 0;
    const PackedStep &step = run->block->steps[run->step];
    std::size_t count = 0;
    for (std::uint32_t i = 0; i < step.n_args; ++i)
        count += strcmp(run->block->args[step.first_arg + i].name, name) == 0 ? 1U : 0U;
    return count;
}

CTR_CHILD int arg_int(ctr_run *run, const char *name, std::size_t index, std::int64_t *out) {
    if (!CTR_LEGAL(run, arg_int)) return -1;
    const PackedArg *arg = find_arg(run, name, index);
    if (arg == nullptr) return -1;
    if (arg->form == CTR_FORM_INT) {
        *out = arg->integer;
        return 0;
    }
    if (arg->form != CTR_FORM_VALUE || arg->value == no_index) return -1;
    const Value &value = run->block->values[arg->value];
    if (value.type != CTR_TYPE_INT || !value.known) return -1;
    *out = value.integer;
    return 0;
}

CTR_CHILD ctr_str arg_str(ctr_run *run, const char *name, std::size_t index) {
    const ctr_str empty = {"", 0};
    if (!CTR_LEGAL(run, arg_str)) return empty;
    const PackedArg *arg = find_arg(run, name, index);
    if (arg == nullptr) return empty;
    if (arg->form == CTR_FORM_STRING || arg->form == CTR_FORM_BYTES) return arg->text;
    return arg->expanded;
}

CTR_CHILD int arg_fd(ctr_run *run, const char *name, std::size_t index) {
    if (!CTR_LEGAL(run, arg_fd)) return -1;
    const PackedArg *arg = find_arg(run, name, index);
    if (arg == nullptr || arg->value == no_index) return -1;
    const Value &value = run->block->values[arg->value];
    return value.type == CTR_TYPE_FD && value.known ? value.fd : -1;
}

CTR_CHILD int root_fd(ctr_run *run) { return CTR_LEGAL(run, root_fd) ? run->root_fd : -1; }

CTR_CHILD int set_root(ctr_run *run, int fd) {
    if (!CTR_LEGAL(run, set_root)) {
        close(fd);
        return -1;
    }
    launch::set_root(run, fd);
    return 0;
}

CTR_CHILD int death_signal(ctr_run *run) { return CTR_LEGAL(run, death_signal) ? run->death_signal : 0; }

CTR_CHILD int wants_home(ctr_run *run) { return CTR_LEGAL(run, wants_home) && launch::wants_home() ? 1 : 0; }

CTR_CHILD int set_home(ctr_run *run, const char *directory) {
    if (!CTR_LEGAL(run, set_home)) return -1;
    launch::set_home(directory);
    return 0;
}

CTR_CHILD Value *output_slot(ctr_run *run, const char *name, bool type_fits) {
    Value *value = find_output(run, name);
    if (value != nullptr && type_fits) return value;
    const ctr_error error = {sizeof(ctr_error),
                             CTR_E_INTERNAL,
                             0,
                             "the step gives an output that it did not declare, or of another type",
                             "this is a bug of the plugin",
                             nullptr,
                             name};
    report(run, &error);
    return nullptr;
}

CTR_CHILD int output_int(ctr_run *run, const char *name, std::int64_t integer) {
    if (!CTR_LEGAL(run, output_int)) return -1;
    const Value *declared = find_output(run, name);
    Value *value = output_slot(run, name, declared != nullptr && declared->type == CTR_TYPE_INT);
    if (value == nullptr) return -1;
    value->integer = integer;
    value->known = true;
    return 0;
}

CTR_CHILD int output_str(ctr_run *run, const char *name, ctr_str text) {
    if (!CTR_LEGAL(run, output_str)) return -1;
    const Value *declared = find_output(run, name);
    Value *value =
        output_slot(run, name, declared != nullptr && declared->text != nullptr && text.len <= CTR_VALUE_MAX);
    if (value == nullptr) return -1;
    memcpy(value->text, text.data, text.len);
    value->text[text.len] = '\0';
    value->length = static_cast<std::uint32_t>(text.len);
    value->known = true;
    return 0;
}

CTR_CHILD int output_fd(ctr_run *run, const char *name, int fd) {
    Value *value = nullptr;
    if (CTR_LEGAL(run, output_fd)) {
        const Value *declared = find_output(run, name);
        value = output_slot(run, name, declared != nullptr && declared->type == CTR_TYPE_FD);
    }
    if (value == nullptr) {
        close(fd);
        return -1;
    }
    if (value->known && value->fd >= 0) close(value->fd);
    value->fd = fd;
    value->known = true;
    return 0;
}

} // namespace

plugin::Calling calling(ctr_run &run, const ctr_shell *shell) {
    return plugin::Calling({run.context, &run, shell, refuse});
}

CTR_CHILD void begin_child(ctr_run *run) {
    plugin::running.context = run->context = CTR_IN_CHILD;
    plugin::running.handle = run;
    plugin::running.refuse = refuse;
}

CTR_CHILD void begin_step(ctr_run *run, std::uint32_t index) {
    run->step = index;
    run->failed = false;
    run->found = UINT32_MAX;
    run->scratch_used = 0;
    const PackedStep &step = run->block->steps[index];
    PackedArg *arg = run->block->args + step.first_arg;
    for (std::uint32_t i = 0; i < step.n_args; ++i, ++arg) {
        if (arg->form == CTR_FORM_TEMPLATE) {
            arg->expanded = expand(run, *arg);
        } else if (arg->form == CTR_FORM_INT) {
            const std::size_t start = run->scratch_used;
            char digits[24];
            append(run, digits, decimal(arg->integer, digits));
            arg->expanded = finish(run, start);
        } else if (arg->form == CTR_FORM_VALUE && arg->value != no_index) {
            const Value &value = run->block->values[arg->value];
            const bool shell = (run->context & CTR_IN_SHELL) != 0;
            if (!shell && value.text != nullptr) { // long texts are not copied
                arg->expanded = value.known ? ctr_str{value.text, value.length} : ctr_str{"", 0};
                continue;
            }
            const std::size_t start = run->scratch_used;
            if (shell)
                append_mark(run, value);
            else
                append_value(run, value);
            arg->expanded = finish(run, start);
        }
    }
}

CTR_CHILD void fail_with_errno(ctr_run *run, const char *syscall, const char *path, const char *hint) {
    const ctr_error error = {sizeof(ctr_error), CTR_E_SYSTEM, errno, nullptr, hint, syscall, path};
    report(run, &error);
}

// ---- running programs -----------------------------------------------------------------------------------------------

namespace {

CTR_CHILD int spawn(ctr_run *run, const ctr_spawn *wanted, ctr_spawned *how) {
    if (!CTR_LEGAL(run, spawn)) return -1;
    sys::SpawnContext context = {wanted->envp, nullptr, nullptr, run->interrupt};
    if ((wanted->flags & CTR_SPAWN_ENVIRONMENT_OF_PROGRAM) != 0) context.envp = program_environment();
    if ((wanted->flags & CTR_SPAWN_ENVIRONMENT_OF_HOST) != 0 || context.envp == nullptr) context.envp = environ;
    if ((wanted->flags & CTR_SPAWN_CONFINED) != 0) context.confine = confinement_behind(run);
    sys::spawn_and_wait(wanted, &context, how);
    return how->end == CTR_SPAWN_EXITED && how->code == 0 ? 0 : -1;
}

/// Keeps the namespaces alive until it is killed. `parent` points to the pid of ctr, which may have died before the
/// death signal was set. In a new pid namespace getppid() is 0.
void hold_namespaces(void *parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    const pid_t now = ::getppid();
    if (now != 0 && now != *static_cast<const pid_t *>(parent)) ::_exit(0);
    for (;;)
        ::pause();
}

int with_namespaces(ctr_run *run, std::uint64_t types, int (*use)(ctr_run *run, int pid)) {
    if (!CTR_LEGAL(run, with_namespaces)) return -1;
    sys::CloneRequest request;
    request.namespaces = types;
    pid_t self = ::getpid();
    auto holder = sys::clone_process(request, hold_namespaces, &self);
    if (!holder.ok()) {
        const Error &why = holder.error();
        const ctr_error error = {sizeof(ctr_error), CTR_E_SYSTEM, why.errno_value, nullptr,
                                 why.hint.c_str(),  "clone3",     nullptr};
        return report(run, &error);
    }
    const int result = use(run, holder.value().pid);
    sys::kill_and_reap(holder.value());
    return result;
}

} // namespace

// ---- for the parent only --------------------------------------------------------------------------------------------

namespace {

int recorded_int(ctr_run *run, const char *name, std::int64_t *out) {
    if (!CTR_LEGAL(run, recorded_int)) return -1;
    const Value *value = find_output(run, name);
    if (value == nullptr || !value->known || value->type != CTR_TYPE_INT) return 1;
    *out = value->integer;
    return 0;
}

int recorded_str(ctr_run *run, const char *name, ctr_str *out) {
    if (!CTR_LEGAL(run, recorded_str)) return -1;
    const Value *value = find_output(run, name);
    if (value == nullptr || !value->known || value->text == nullptr) return 1;
    *out = {value->text, value->length};
    return 0;
}

void log(ctr_run *run, int level, const char *message) {
    if (CTR_LEGAL(run, log) && log_sink != nullptr) log_sink(level, run->block->steps[run->step].plugin, message);
}

ctr_str output_value(ctr_run *run, const char *name) {
    const Value *value = CTR_LEGAL(run, output_value) ? find_output(run, name) : nullptr;
    return value == nullptr ? ctr_str{"", 0} : ctr_str{value->name, std::strlen(value->name)};
}

std::string words(const char *const *argv) {
    std::string line;
    for (; *argv != nullptr; ++argv)
        line += (line.empty() ? "" : " ") + shell_quote(*argv);
    return line;
}

int sh_cmd(ctr_shell *shell, const char *const *argv) {
    if (!CTR_LEGAL(shell, sh_cmd)) return -1;
    shell->text += shell->indent + words(argv) + "\n";
    return 0;
}

int sh_set(ctr_shell *shell, const char *value, const char *const *argv) {
    if (!CTR_LEGAL(shell, sh_set)) return -1;
    shell->text += shell->indent + shell_variable(value) + "=$(" + words(argv) + ")\n";
    return 0;
}

int sh_text(ctr_shell *shell, const char *text) {
    if (!CTR_LEGAL(shell, sh_text)) return -1;
    const std::string lines = shell_text(text);
    std::size_t at = 0;
    while (at < lines.size()) {
        auto end = lines.find('\n', at);
        if (end == std::string::npos) end = lines.size();
        shell->text += shell->indent + lines.substr(at, end - at) + "\n";
        at = end + 1;
    }
    return 0;
}

} // namespace

Error to_error(const WireError &wire) {
    return Error{.error_class = static_cast<ctr_error_class>(wire.error_class),
                 .message = wire.message,
                 .hint = wire.hint,
                 .errno_value = wire.errno_value,
                 .syscall = wire.syscall,
                 .path = wire.path};
}

std::string shell_variable(std::string_view value) {
    std::string name;
    for (const char c : value)
        name += (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? c : '_';
    return name;
}

std::string shell_text(std::string_view lines) {
    std::string out;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (lines[i] != '\x01') {
            out += lines[i];
            continue;
        }
        const auto end = lines.find('\x02', i);
        out += "${" + shell_variable(lines.substr(i + 1, end - i - 1)) + "}";
        i = end;
    }
    return out;
}

/// Bytes as octal escapes for printf(1): "\302\233".
static std::string octal(std::string_view bytes) {
    std::string out;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        out += '\\';
        for (const int digit : {byte >> 6, byte >> 3 & 7, byte & 7})
            out += static_cast<char>('0' + digit);
    }
    return out;
}

std::string shell_quote(std::string_view word) {
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
    if (!word.empty() && word.find_first_not_of(plain) == std::string_view::npos) return std::string(word);
    std::string out;
    std::string literal;
    const auto flush = [&] {
        if (literal.empty()) return;
        out += literal.find_first_not_of(plain) == std::string::npos ? literal : "'" + literal + "'";
        literal.clear();
    };
    for (std::size_t i = 0; i < word.size(); ++i) {
        if (word[i] == '\x01') {
            flush();
            const auto end = word.find('\x02', i);
            out += "\"$" + shell_variable(word.substr(i + 1, end - i - 1)) + "\"";
            i = end;
        } else if (word[i] == '\'') {
            flush();
            out += "\\'";
        } else {
            const std::string_view piece = word.substr(i, std::max(utf8_sequence(word.substr(i)), std::size_t{1}));
            if (piece == printable(piece, true)) {
                literal += piece;
            } else { // not printable on a terminal, so it is escaped
                flush();
                out += "\"$(printf '" + octal(piece) + "')\"";
            }
            i += piece.size() - 1;
        }
    }
    flush();
    return out.empty() ? "''" : out;
}

const ctr_host *host_table() {
    static const ctr_host table = [] {
        ctr_host t{};
        t.size = sizeof t;
        t.abi = CTR_ABI_VERSION;
        t.version = CTR_VERSION;
        plan::set_plan_functions(t);
        t.arg_count = arg_count;
        t.arg_int = arg_int;
        t.arg_str = arg_str;
        t.arg_fd = arg_fd;
        t.root_fd = root_fd;
        t.output_int = output_int;
        t.output_str = output_str;
        t.output_fd = output_fd;
        t.recorded_int = recorded_int;
        t.recorded_str = recorded_str;
        t.fail = fail;
        t.log = log;
        t.sh_cmd = sh_cmd;
        t.sh_set = sh_set;
        t.sh_text = sh_text;
        t.output_value = output_value;
        t.set_root = set_root;
        t.death_signal = death_signal;
        t.wants_home = wants_home;
        t.set_home = set_home;
        t.spawn = spawn;
        t.with_namespaces = with_namespaces;
        return t;
    }();
    return &table;
}

} // namespace core::launch
