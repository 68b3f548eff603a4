// SPDX-License-Identifier: MIT
#include "steps.hpp"

#include "sys/spawn.hpp"

#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <memory>

namespace steps {
namespace {

using ctr::testing::Json;

std::unique_ptr<Running> now;

ctr::Fd copy_of(int fd) { return ctr::Fd(::fcntl(fd, F_DUPFD_CLOEXEC, 3)); }

int run_program(const ctr_spawn &what, ctr_spawned &how) {
    static const char *const of_program[] = {"WHOSE=program", "HOME=/home/me", nullptr};
    core::sys::SpawnContext context = {what.envp, nullptr, nullptr, -1};
    if ((what.flags & CTR_SPAWN_ENVIRONMENT_OF_PROGRAM) != 0) context.envp = of_program;
    if ((what.flags & CTR_SPAWN_ENVIRONMENT_OF_HOST) != 0) context.envp = environ;
    core::sys::spawn_and_wait(&what, &context, &how);
    return how.end == CTR_SPAWN_EXITED && how.code == 0 ? 0 : -1;
}

/// "int", "str" or "fd", with marks; "" if the kind has no such argument.
std::string type_of(const std::string &kind, const std::string &argument) {
    static const Json manifest = Json::parse(std::ifstream(CTR_SOURCE_DIR "/plugins/kinds/manifest.json"));
    return manifest.at("kinds").at(kind).at("arguments").value(argument, "");
}

} // namespace

Running &running() {
    if (!now) reset();
    return *now;
}

void reset() {
    now = std::make_unique<Running>(ctr_plugin_entry_v1);
    now->spawn = run_program;
}

void set_root(int fd) { running().root = copy_of(fd); }

Step step(const std::string &kind, const std::vector<std::string> &words) {
    Step made(kind);
    for (const auto &word : words) {
        const auto equals = word.find('=');
        const std::string name = word.substr(0, equals), value = word.substr(equals + 1), type = type_of(kind, name);
        if (type.rfind("int", 0) == 0) {
            made.arg(name, std::int64_t{std::strtoll(value.c_str(), nullptr, 0)});
        } else if (type.rfind("fd", 0) == 0) {
            running().values.insert_or_assign("test.fd" + value,
                                              copy_of(static_cast<int>(std::strtol(value.c_str(), nullptr, 10))));
            made.value(name, "test.fd" + value);
        } else {
            made.arg(name, value);
        }
    }
    for (const char *name : {"fd", "ns", "userns", "mount"})
        made.output(name, CTR_TYPE_FD, std::string("test.") + name);
    return made.output("made", CTR_TYPE_INT, "test.made");
}

std::string apply(const std::string &kind, const std::vector<std::string> &words) {
    return running().apply(step(kind, words)) == 0 ? "" : running().text();
}

std::string shell(const std::string &kind, const std::vector<std::string> &words) {
    const std::string script = running().shell(step(kind, words));
    return running().failed ? "failed: " + running().text() : script;
}

} // namespace steps
