// SPDX-License-Identifier: MIT
#include "host_double.hpp"

#include "sys/files.hpp"
#include "sys/spawn.hpp"

#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

namespace {

int root = -1;

const ctr_run::Arg *find(ctr_run *run, const char *name, std::size_t index) {
    for (const auto &arg : run->args)
        if (arg.name == name && index-- == 0) return &arg;
    return nullptr;
}
std::size_t arg_count(ctr_run *run, const char *name) {
    std::size_t n = 0;
    for (const auto &arg : run->args)
        n += arg.name == name ? 1 : 0;
    return n;
}
int arg_int(ctr_run *run, const char *name, std::size_t index, std::int64_t *out) {
    const auto *arg = find(run, name, index);
    if (arg == nullptr) return -1;
    *out = arg->integer;
    return 0;
}
ctr_str arg_str(ctr_run *run, const char *name, std::size_t index) {
    const auto *arg = find(run, name, index);
    return arg == nullptr ? ctr_str{"", 0} : ctr_str{arg->text.c_str(), arg->text.size()};
}
int arg_fd(ctr_run *run, const char *name, std::size_t index) {
    const auto *arg = find(run, name, index);
    return arg == nullptr ? -1 : static_cast<int>(arg->integer);
}
int root_fd(ctr_run *) { return root; }
int output_int(ctr_run *run, const char *name, std::int64_t value) { return run->outputs[name] = value, 0; }
int output_fd(ctr_run *run, const char *name, int fd) { return run->outputs[name] = fd, 0; }
int recorded_int(ctr_run *run, const char *name, std::int64_t *out) {
    const auto found = run->outputs.find(name);
    if (found == run->outputs.end()) return 1;
    *out = found->second;
    return 0;
}
int fail(ctr_run *run, const ctr_error *error) {
    const char *number = error->errno_value != 0 ? std::strerror(error->errno_value) : nullptr;
    for (const char *text :
         std::initializer_list<const char *>{error->syscall, error->path, number, error->message, error->hint})
        if (text != nullptr) run->error += (run->error.empty() ? "" : " ") + std::string(text);
    if (run->error.empty()) run->error = "failed";
    return -1;
}
int take_root(ctr_run *, int fd) { return root = fd, 0; }
int death_signal(ctr_run *) { return 0; }
int wants_home(ctr_run *) { return 0; }
int set_home(ctr_run *, const char *) { return 0; }
int spawn(ctr_run *, const ctr_spawn *what, ctr_spawned *how) {
    static const char *const of_program[] = {"WHOSE=program", "HOME=/home/me", nullptr};
    core::sys::SpawnContext context = {what->envp, nullptr, nullptr, -1};
    if ((what->flags & CTR_SPAWN_ENVIRONMENT_OF_PROGRAM) != 0) context.envp = of_program;
    if ((what->flags & CTR_SPAWN_ENVIRONMENT_OF_HOST) != 0) context.envp = environ;
    core::sys::spawn_and_wait(what, &context, how);
    return how->end == CTR_SPAWN_EXITED && how->code == 0 ? 0 : -1;
}
ctr_run *printing = nullptr;
int sh_cmd(ctr_shell *, const char *const *argv) {
    std::string line;
    for (; *argv != nullptr; ++argv)
        line += (line.empty() ? "" : " ") + std::string(*argv);
    printing->script += line + "\n";
    return 0;
}
int sh_text(ctr_shell *, const char *text) { return printing->script += std::string(text) + "\n", 0; }

} // namespace

namespace host_double {

void reset() {
    static ctr_host table{};
    table.size = sizeof table;
    table.arg_count = arg_count;
    table.arg_int = arg_int;
    table.arg_str = arg_str;
    table.arg_fd = arg_fd;
    table.root_fd = root_fd;
    table.output_int = output_int;
    table.output_fd = output_fd;
    table.recorded_int = recorded_int;
    table.fail = fail;
    table.set_root = take_root;
    table.death_signal = death_signal;
    table.wants_home = wants_home;
    table.set_home = set_home;
    table.spawn = spawn;
    table.sh_cmd = sh_cmd;
    table.sh_text = sh_text;
    ctr::host = &table;
    root = -1;
}

void set_root(int fd) { root = fd; }

const ctr_step_kind *kind(const std::string &name) {
    for (const auto *const *each = ctr_plugin_entry_v1.kinds; *each != nullptr; ++each)
        if ((*each)->name == name) return *each;
    return nullptr;
}

ctr_run step(const std::vector<std::string> &words) {
    ctr_run run;
    for (const auto &word : words) {
        const auto equals = word.find('=');
        const std::string value = word.substr(equals + 1);
        run.args.push_back({word.substr(0, equals), value, std::strtoll(value.c_str(), nullptr, 0)});
    }
    return run;
}

std::string apply(const std::string &kind_name, const std::vector<std::string> &words) {
    ctr_run run = step(words);
    return kind(kind_name)->apply(&run) == 0 ? "" : run.error;
}

std::string shell(const std::string &kind_name, const std::vector<std::string> &words) {
    ctr_run run = step(words);
    printing = &run;
    return kind(kind_name)->shell(&run, nullptr) == 0 ? run.script : "failed: " + run.error;
}

TemporaryDirectory::TemporaryDirectory() {
    char name[] = "/tmp/ctr-kinds-XXXXXX";
    path_ = ::mkdtemp(name);
}
TemporaryDirectory::~TemporaryDirectory() { (void)core::sys::remove_tree(path_).ok(); }
void TemporaryDirectory::write(const std::string &name, const std::string &text) const {
    (void)core::sys::replace_file(path_ + "/" + name, text, 0644).ok();
}
std::string TemporaryDirectory::read(const std::string &name) const {
    auto text = core::sys::read_file(path_ + "/" + name);
    return text.ok() ? text.value() : "unreadable";
}

} // namespace host_double
