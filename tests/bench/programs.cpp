// SPDX-License-Identifier: MIT
#include "programs.hpp"

#include <chrono>
#include <cstdio>
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

namespace bench {
namespace {

std::string in_path(const std::string &name) {
    for (const char *directory : {"/usr/local/sbin/", "/usr/local/bin/", "/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"})
        if (::access((directory + name).c_str(), X_OK) == 0) return directory + name;
    return {};
}

int wait_for(const Command &command, bool quiet, rusage *used) {
    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
    if (quiet) ::posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
    std::vector<char *> argv;
    for (const std::string &word : command)
        argv.push_back(const_cast<char *>(word.c_str()));
    argv.push_back(nullptr);
    pid_t pid = -1;
    const int failed = ::posix_spawn(&pid, argv[0], &files, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&files);
    int status = -1;
    if (failed == 0) ::wait4(pid, &status, 0, used);
    return status;
}

/// The floor is musl where that is installed: a glibc program pays 0.8 ms for its own start in a virtual machine.
void add_floor(const std::string &source, const std::string &workspace, std::vector<Contender> &all) {
    const std::string musl = in_path("musl-gcc"), program = workspace + "/floor",
                      multiarch = "/usr/include/x86_64-linux-gnu";
    Command compile = {musl.empty() ? in_path("cc") : musl, "-O2", "-static", "-pthread", "-w", source, "-o", program};
    if (!musl.empty()) compile.insert(compile.end(), {"-idirafter", "/usr/include", "-idirafter", multiarch});
    if (::access(source.c_str(), R_OK) != 0 || compile[0].empty() || wait_for(compile, true, nullptr) != 0) {
        std::printf("floor: left out, %s is not there or cannot be compiled (--floor FILE)\n", source.c_str());
        return;
    }
    // 1: the child joins its cgroups by `tasks`; 16: no seccomp, as in the bundle.
    all.push_back({musl.empty() ? "floor (glibc)" : "floor (musl)",
                   {},
                   {{program, "-f", "17", "-b", workspace + "/bundle/rootfs", "-c", "ctr-bench-floor"}},
                   {},
                   {},
                   {}});
}

/// The program with its own state directory, ready for a runc command.
struct Runtime {
    std::string name;
    Command start;
    Command operator()(const Command &words) const {
        Command all = start;
        all.insert(all.end(), words.begin(), words.end());
        return all;
    }
};

std::vector<Runtime> find_runtimes(const std::string &ctr_oci, const std::string &workspace) {
    std::vector<Runtime> all = {{"ctr-oci", {ctr_oci, "--root", workspace + "/ctr-oci"}}};
    for (const std::string name : {"crun", "runc"}) {
        const std::string path = in_path(name);
        if (path.empty())
            std::printf("%s: left out, it is not installed\n", name.c_str());
        else
            all.push_back({name, {path, "--root", workspace + "/" + name}});
    }
    return all;
}

} // namespace

std::vector<Task> find_tasks(const std::string &ctr_oci, const std::string &floor_source,
                             const std::string &workspace) {
    const std::string plain = workspace + "/bundle", filtered = workspace + "/bundle-seccomp",
                      sleeping = workspace + "/bundle-sleep";
    std::vector<Task> tasks = {{"run", {}}, {"run, seccomp", {}}, {"create start delete", {}}, {"exec", {}}};
    for (const Runtime &runtime : find_runtimes(ctr_oci, workspace)) {
        const auto add = [&](std::size_t task, std::vector<Command> timed, std::vector<Command> before = {},
                             std::vector<Command> after = {}) {
            tasks[task].contenders.push_back(
                {runtime.name, std::move(before), std::move(timed), std::move(after), {}, {}});
        };
        add(0, {runtime({"run", "--bundle", plain, "ctr-bench"})});
        add(1, {runtime({"run", "--bundle", filtered, "ctr-bench"})});
        add(2, {runtime({"create", "--bundle", plain, "ctr-bench"}), runtime({"start", "ctr-bench"}),
                runtime({"delete", "--force", "ctr-bench"})});
        const std::string sleeper = "ctr-bench-" + runtime.name;
        add(3, {runtime({"exec", sleeper, "/bin/true"})},
            {runtime({"run", "--detach", "--bundle", sleeping + "-" + runtime.name, sleeper})},
            {runtime({"delete", "--force", sleeper})});
    }
    add_floor(floor_source, workspace, tasks[0].contenders);
    tasks[0].contenders.push_back({"payload alone", {}, {{plain + "/rootfs/bin/true"}}, {}, {}, {}});
    return tasks;
}

std::optional<Time> time_one(const std::vector<Command> &commands) {
    const auto micro = [](const timeval &t) {
        return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_usec);
    };
    Time time{0, 0};
    for (const Command &command : commands) {
        rusage used{};
        const auto begin = std::chrono::steady_clock::now();
        const int status = wait_for(command, false, &used);
        const std::chrono::duration<double, std::micro> wall = std::chrono::steady_clock::now() - begin;
        if (status != 0) return std::nullopt;
        time.wall += wall.count();
        time.cpu += micro(used.ru_utime) + micro(used.ru_stime);
    }
    return time;
}

} // namespace bench
