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

int wait_for(const std::vector<std::string> &command, bool quiet, rusage *used) {
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
bool add_floor(const std::string &source, const std::string &workspace, std::vector<Program> &all) {
    const std::string musl = in_path("musl-gcc"), program = workspace + "/floor",
                      multiarch = "/usr/include/x86_64-linux-gnu";
    if (::access(source.c_str(), R_OK) != 0) return false;
    std::vector<std::string> compile = {
        musl.empty() ? in_path("cc") : musl, "-O2", "-static", "-pthread", "-w", source, "-o", program};
    if (!musl.empty()) compile.insert(compile.end(), {"-idirafter", "/usr/include", "-idirafter", multiarch});
    if (compile[0].empty() || wait_for(compile, true, nullptr) != 0) return false;
    // 1: the child joins its cgroups by `tasks`; 16: no seccomp, as in the bundle.
    all.push_back({musl.empty() ? "floor (glibc)" : "floor (musl)",
                   {program, "-f", "17", "-b", workspace + "/bundle/rootfs", "-c", "ctr-bench-floor"},
                   {},
                   {}});
    return true;
}

} // namespace

std::vector<Program> find_programs(const std::string &ctr, const std::string &floor_source,
                                   const std::string &workspace) {
    const std::string bundle = workspace + "/bundle";
    std::vector<Program> all;
    all.push_back(
        {"ctr",
         {ctr, "--run-root", workspace + "/ctr", "--data-root", workspace + "/data", "run", "--rm", "--bundle", bundle},
         {},
         {}});
    for (const std::string name : {"crun", "runc"}) {
        const std::string path = in_path(name);
        if (path.empty())
            std::printf("%s: left out, it is not installed\n", name.c_str());
        else
            all.push_back(
                {name, {path, "--root", workspace + "/" + name, "run", "--bundle", bundle, "ctr-bench"}, {}, {}});
    }
    if (!add_floor(floor_source, workspace, all))
        std::printf("floor: left out, %s is not there or cannot be compiled (--floor FILE)\n", floor_source.c_str());
    all.push_back({"payload alone", {bundle + "/rootfs/bin/true"}, {}, {}});
    return all;
}

std::optional<Time> time_one(const Program &program) {
    const auto micro = [](const timeval &t) {
        return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_usec);
    };
    rusage used{};
    const auto begin = std::chrono::steady_clock::now();
    const int status = wait_for(program.command, false, &used);
    const std::chrono::duration<double, std::micro> wall = std::chrono::steady_clock::now() - begin;
    if (status != 0) return std::nullopt;
    return Time{wall.count(), micro(used.ru_utime) + micro(used.ru_stime)};
}

} // namespace bench
